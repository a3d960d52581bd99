"""Every arm reaching out of the kiosk: fiscal registrar, robot, bank. Nothing here knows the kiosk."""
