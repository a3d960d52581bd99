"""Statements for technicians: journal, findings, statistics."""
