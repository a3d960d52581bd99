"""A simulated power supply behind `upsd`."""
