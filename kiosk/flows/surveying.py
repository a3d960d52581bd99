"""A look round for `kiosk status`, `devices` and `check`: what sales hang on, every device, and where the events go."""

from __future__ import annotations

import asyncio

from drivers.bank.port import Acquirer
from drivers.errors import DeviceError
from kiosk.domain.readiness import Check, Readiness
from kiosk.flows.syncing import EndpointView, Syncing
from kiosk.store import messages
from kiosk.store.database import Database

_BANK_WITHIN_S = 3.0
_GATEWAYS = ("sms", "push")


class Surveying:
    def __init__(self, database: Database, bank: Acquirer, readiness: Readiness, syncing: Syncing) -> None:
        self._db = database
        self._bank = bank
        self._readiness = readiness
        self._syncing = syncing

    async def checks(self) -> dict[str, Check]:
        """What is known without asking a device."""
        return {
            **self._readiness.checks(),
            **{_name(row): _told(row) for row in await self._syncing.endpoints() if row.state != "removed"},
        }

    async def devices(self) -> dict[str, Check]:
        """The same, and those that say nothing by themselves: the bank is asked, a gateway is bad while what it was
        given has to wait."""
        async with self._db.read() as reader:
            waiting = {name: await messages.count_waiting(reader, name) for name in _GATEWAYS}
        bank = await self.bank_word()
        return {
            **await self.checks(),
            "bank": Check(bank is None, bank),
            **{name: Check(not count, "messages_wait" if count else None) for name, count in waiting.items()},
        }

    async def bank_word(self) -> str | None:
        """Why the bank does not answer, or None. A key nobody ever charges is asked for: any answer is life."""
        try:
            async with asyncio.timeout(_BANK_WITHIN_S):
                await self._bank.find("check:0")
        except (DeviceError, TimeoutError) as error:
            return error.code if isinstance(error, DeviceError) else "timeout"
        return None


def _name(row: EndpointView) -> str:
    return "broker" if row.url.startswith("kafka:") else f"webhook:{row.url}"


def _told(row: EndpointView) -> Check:
    """A try that failed is no fault yet; one that is past the quick tries is."""
    ok = row.state == "active"
    return Check(ok, None if ok else f"{_name(row).partition(':')[0]}_{row.state}")
