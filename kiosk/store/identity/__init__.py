"""Statements about customers and their sessions."""
