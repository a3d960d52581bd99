"""T-Bank's internet acquiring, version 2 (protocols/sbp.md#t-bank)."""
