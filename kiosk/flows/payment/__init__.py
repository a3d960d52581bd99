"""Money: the payment saga, late answers of the bank, refunds."""
