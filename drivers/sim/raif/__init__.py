"""Raiffeisen Pay as a device, and the guest with a phone."""
