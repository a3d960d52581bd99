"""A period's figures, as tables, and as the letter of a day."""
