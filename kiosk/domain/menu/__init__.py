"""What is sold, of what."""
