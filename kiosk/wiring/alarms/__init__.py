"""What calls a person, put together: its parts, and the secrets of its channels."""
