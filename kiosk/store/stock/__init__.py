"""Statements about ingredients, the stop list and charts."""
