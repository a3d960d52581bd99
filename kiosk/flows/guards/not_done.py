"""What a person is told of a device that did not do what they asked for."""

from __future__ import annotations

from drivers.errors import DeviceError, DeviceRefused, ForeignState
from kiosk.domain.errors import DeviceUnavailable


def not_done(device: str, error: DeviceError) -> DeviceUnavailable:
    """By what the driver says: only what answered has refused."""
    return DeviceUnavailable(device, error.code, silent=not isinstance(error, DeviceRefused | ForeignState))
