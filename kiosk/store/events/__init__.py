"""Statements about events and where they go."""
