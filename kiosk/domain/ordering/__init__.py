"""Orders, opening hours, what a customer is told."""
