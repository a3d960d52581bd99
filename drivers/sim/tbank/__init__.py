"""T-Bank's acquiring with QR codes as a device, and the guest with a phone."""
