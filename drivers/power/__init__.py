"""What supplies the machine: an uninterruptible power supply behind Network UPS Tools."""
