"""ATOL registers behind the vendor's web server: JSON tasks."""
