"""Receipts: the registrar's turn, shifts, the day, doubts and the audit."""
