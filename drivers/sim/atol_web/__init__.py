"""ATOL's web server before a register."""
