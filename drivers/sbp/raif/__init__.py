"""Raiffeisen Pay: orders paid by QR code (protocols/sbp.md#raiffeisen)."""
