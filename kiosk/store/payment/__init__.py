"""Statements about money and points."""
