"""Statements about orders."""
