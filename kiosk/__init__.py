"""The kiosk of a robotic restaurant: one asyncio process from the touch to the hand-out."""

__version__ = "0.1.0"
