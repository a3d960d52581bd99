"""What every joined pair of a driver and a simulated register offers a test."""

from __future__ import annotations

import json
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from drivers.fiscal.port import FiscalCounter, FiscalIntent, FiscalOffice, Receipt
from drivers.sim.faults import Controlled


class Clock:
    """The world's time, moved by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 9, 0, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **parts: float) -> None:
        self.now += timedelta(**parts)


class Bench:
    """The device's side. `usual` are the options of the driver that the test was given."""

    device: Controlled

    def __init__(self, folder: Path, **usual: Any) -> None:
        self.folder = folder
        self.clock = Clock()
        self.usual = usual

    def driver(self, **options: Any) -> FiscalOffice:
        """Another process with the same settings, but for `options`."""
        raise NotImplementedError

    def dying_after(self, code: str) -> AbstractAsyncContextManager[None]:
        """Power goes once this command was carried out, before a byte of its answer, and is back behind the block."""
        raise NotImplementedError

    def cut_after(self, code: str) -> AbstractAsyncContextManager[None]:
        """The line is gone once this command was carried out, and whole again behind the block."""
        raise NotImplementedError

    def report_settlements(self) -> None:
        """Somebody has the register report on what was sent to the tax operator: a document of the drive too."""
        raise NotImplementedError

    def leave_a_receipt_open(self) -> None:
        """As a process does that died over it."""
        raise NotImplementedError

    def fault(self, name: str, *, on: bool = True, **parameters: Any) -> None:
        self.device.faults.switch(name, parameters, on=on)

    def effects(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "ledger").read_text().splitlines()]

    def receipts(self) -> list[dict[str, Any]]:
        return [effect for effect in self.effects() if effect["effect"] in ("receipt", "refund_receipt")]

    def intent(self, receipt: Receipt, counter: FiscalCounter, *, correction: bool = False) -> FiscalIntent:
        asked = (counter, receipt.operation, receipt.order_id, receipt.total_kopecks, self.clock.now, correction)
        return FiscalIntent(*asked)
