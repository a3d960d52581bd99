"""A look round for `kiosk status`, `devices` and `check`: what sales hang on, every device, and where the events go."""

from __future__ import annotations

from kiosk.domain.readiness import Check, Readiness
from kiosk.flows.syncing import EndpointView, Syncing
from kiosk.store import messages
from kiosk.store.database import Database

_GATEWAYS = ("sms", "push")


class Surveying:
    def __init__(self, database: Database, readiness: Readiness, syncing: Syncing) -> None:
        self._db = database
        self._readiness = readiness
        self._syncing = syncing

    async def checks(self) -> dict[str, Check]:
        """What is known without asking a device."""
        return {
            **self._readiness.checks(),
            **{_name(row): _told(row) for row in await self._syncing.endpoints() if row.state != "removed"},
        }

    async def devices(self) -> dict[str, Check]:
        """The same, and a gateway is bad too while what it was given has to wait."""
        async with self._db.read() as reader:
            waiting = {name: await messages.count_waiting(reader, name) for name in _GATEWAYS}
        known = await self.checks()
        waits = {
            name: Check(False, "messages_wait", blocks=False)
            for name, count in waiting.items()
            if count and (name not in known or known[name].ok)
        }
        return {**{name: Check(True) for name in _GATEWAYS}, **known, **waits}


def _name(row: EndpointView) -> str:
    return "broker" if row.url.startswith("kafka:") else f"webhook:{row.url}"


def _told(row: EndpointView) -> Check:
    """A try that failed is no fault yet; one that is past the quick tries is."""
    ok = row.state == "active"
    return Check(ok, None if ok else f"{_name(row).partition(':')[0]}_{row.state}")
