"""An ATOL register with its fiscal drive."""
