"""Attempts to pay, points, card tokens."""
