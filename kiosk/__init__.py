"""The kiosk of a robotic restaurant: one asyncio process from the touch to the hand-out."""

from importlib.metadata import version

#: Written in pyproject.toml alone; read from the installed package.
__version__ = version("ogonyok-kiosk")
