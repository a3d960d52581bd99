"""Statements about receipts, shifts and reports."""
