"""Receipts, taxes and the fiscal day."""
