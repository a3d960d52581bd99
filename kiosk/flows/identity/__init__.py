"""Who orders: guests and customers."""
