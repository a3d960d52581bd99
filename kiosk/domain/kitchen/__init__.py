"""What the kitchen can do and how long it takes."""
