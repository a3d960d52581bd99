"""The faults that devices have now, each published once."""

from __future__ import annotations

from datetime import datetime

import msgspec

from kiosk.clock import rfc3339
from kiosk.domain.events import DeviceFaultEvent, DeviceRecoveredEvent
from kiosk.store.events import outbox
from kiosk.store.transaction import Reader, Tx


class FaultRow(msgspec.Struct, frozen=True):
    device: str


def read(reader: Reader, device: str) -> str | None:
    """The fault of a device that was recorded last."""
    code: str | None = reader.scalar("SELECT code FROM device_fault WHERE device = ?", (device,))
    return code


def read_devices(reader: Reader) -> list[str]:
    """The devices that have a fault."""
    return [row.device for row in reader.all(FaultRow, "SELECT device FROM device_fault ORDER BY device")]


def record(tx: Tx, device: str, code: str | None, detail: str, now: datetime) -> None:
    """Publish a fault or a recovery that is newly recorded; a restart does not publish it again."""
    known = tx.scalar("SELECT code FROM device_fault WHERE device = ?", (device,))
    if known == code:
        return
    if code is None:
        tx.execute("DELETE FROM device_fault WHERE device = ?", (device,))
        outbox.put(tx, DeviceRecoveredEvent(device=device), now)
    else:
        tx.execute("INSERT OR REPLACE INTO device_fault VALUES (?, ?, ?)", (device, code, rfc3339(now)))
        outbox.put(tx, DeviceFaultEvent(device=device, code=code, detail=detail), now)
