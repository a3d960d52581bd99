"""What a person decides, in words."""
