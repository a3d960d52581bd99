"""Payments by a QR code that the guest's own bank carries out (protocols/sbp.md)."""
