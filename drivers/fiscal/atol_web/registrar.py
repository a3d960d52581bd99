"""Driver of an ATOL registrar behind the vendor's web server: JSON tasks (atol_web.md#server)."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from drivers.errors import DeviceRefused
from drivers.fiscal.atol_web.archive import WebArchive
from drivers.fiscal.atol_web.client import AtolWebServer, AtolWebTimeouts, Task
from drivers.fiscal.atol_web.compose import correction_task, receipt_task
from drivers.fiscal.atol_web.office import WebOffice
from drivers.fiscal.atol_web.requests import WebRequests
from drivers.fiscal.atol_web.shift import WebShift
from drivers.fiscal.atol_web.totals import WebCounters
from drivers.fiscal.once import Once
from drivers.fiscal.port import (
    DEVICE,
    Correction,
    FiscalCounter,
    FiscalDocument,
    FiscalIntent,
    FiscalStatus,
    OrderTag,
    Receipt,
)
from drivers.fiscal.serialised import Serialised
from drivers.fiscal.shifts import Shifts
from drivers.fiscal.totals import Totals
from drivers.tap import Tap
from drivers.text import said

__all__ = ["AtolWebRegistrar", "AtolWebTimeouts"]


class AtolWebRegistrar(Serialised):
    """`drivers.fiscal.port.FiscalOffice` over HTTP. `url` is the server's root; `api` v1 for old servers;
    `login` and `tap` as of an `AtolWebServer`."""

    def __init__(
        self,
        *,
        url: str,
        order_tag: OrderTag = OrderTag.TAG_1192,
        timeouts: AtolWebTimeouts | None = None,
        timezone: ZoneInfo | None = None,
        login: str = "",
        api: Literal["v1", "v2"] = "v2",
        clock_drift: timedelta = timedelta(minutes=10),
        tap: Tap | None = None,
    ) -> None:
        self._server = AtolWebServer(url, login=login, timeouts=timeouts or AtolWebTimeouts(), api=api, tap=tap)
        self._order_tag = order_tag
        self._archive = WebArchive(self._server)
        self._office = WebOffice(self._server)
        shift = WebShift(self._office)
        once = Once(self._archive, order_tag, timezone or ZoneInfo("Europe/Moscow"), clock_drift)
        super().__init__(once, Shifts(shift, once), Totals(WebCounters(self._archive, shift), once), self._office)
        self._requests = WebRequests(self._server, once)

    async def status(self) -> FiscalStatus:
        async with self._lock:
            return await self._office.status()

    async def counter(self) -> FiscalCounter:
        async with self._lock:
            drive = await self._archive.drive()
            return FiscalCounter(drive.serial, drive.last_document, drive.shift)

    async def x_report(self) -> None:
        await self._do({"type": "reportX"})

    async def print_text(self, lines: tuple[str, ...], *, cut: bool) -> None:  # noqa: ARG002  # the port's
        """The server cuts by itself at the end of a document."""
        await self._do({"type": "nonFiscal", "items": [{"type": "text", "text": said(line)} for line in lines]})

    async def resume_printing(self) -> None:
        """A printer that still cannot print is no failure of this call: the state shows it."""
        async with self._lock:
            await self._office.do({"type": "continuePrint"})

    async def print_receipt(self, receipt: Receipt, intent: FiscalIntent) -> FiscalDocument:
        async with self._lock:
            return await self._requests.register(receipt_task(receipt, self._order_tag), intent)

    async def rehearse(self, receipt: Receipt) -> bool:  # noqa: ARG002  # the port's
        """The server registers what it composes."""
        return False

    async def print_correction(self, correction: Correction, intent: FiscalIntent) -> FiscalDocument:
        async with self._lock:
            ffd = await self._office.ffd()
            return await self._requests.register(correction_task(correction, self._order_tag, ffd), intent)

    async def find_receipt(self, intent: FiscalIntent) -> FiscalDocument | None:
        async with self._lock:
            return await self._requests.find(intent)

    async def close(self) -> None:
        await self._server.close()

    async def _do(self, task: Task) -> None:
        async with self._lock:
            state = await self._office.status()
            if state.blocked is not None or (not state.shift_open and task["type"] == "reportX"):
                raise DeviceRefused(DEVICE, state.blocked or "shift_closed")
            refusal = await self._office.do(task)
            if refusal is not None:
                raise refusal
