"""Shtrih-M registers: both line protocols, commands, receipts, the drive's answers."""
