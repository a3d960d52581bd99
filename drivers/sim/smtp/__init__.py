"""The simulated mail server."""
