"""The kiosk of a robotic restaurant: one asyncio process from the touch to the hand-out."""


def version() -> str:
    """Written in pyproject.toml alone; read from the installed package, by who needs it: that takes a while."""
    from importlib import metadata

    return metadata.version("ogonyok-kiosk")
