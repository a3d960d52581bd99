"""A look round for `kiosk status`, `devices` and `check`: what sales hang on, every device, and where the events go."""

from __future__ import annotations

from drivers.errors import DeviceError
from kiosk.domain.kitchen.readiness import Check, Readiness
from kiosk.domain.reasons import BANK_DOWN, BANK_REFUSES
from kiosk.flows.guards.archive import ArchiveView, OrderArchive
from kiosk.flows.guards.devices import GuardedBank
from kiosk.flows.guards.file_check import FileCheck, FileView
from kiosk.flows.staff.endpoints import EndpointCommands, EndpointView
from kiosk.store.database import Database
from kiosk.store.ordering import messages

#: What the name of a collector of traces begins with among the endpoints.
COLLECTOR = "traces:"
_GATEWAYS = ("sms", "push")


class DeviceStatus:
    def __init__(
        self,
        database: Database,
        bank: GuardedBank,
        readiness: Readiness,
        endpoint_commands: EndpointCommands,
        file_check: FileCheck,
        archive: OrderArchive,
    ) -> None:
        self._db = database
        self._bank = bank
        self._readiness = readiness
        self._endpoint_commands = endpoint_commands
        self._file_check = file_check
        self._archive = archive

    def file(self) -> FileView:
        """How far the look through the database file is."""
        return self._file_check.view

    def archives(self) -> list[ArchiveView]:
        """The years of orders that have moved out."""
        return self._archive.views()

    async def checks(self) -> dict[str, Check]:
        """What is known without asking a device."""
        return {
            **self._readiness.checks(),
            **{_name(row): _told(row) for row in await self._endpoint_commands.endpoints() if row.state != "removed"},
        }

    async def devices(self) -> dict[str, Check]:
        """The same, and those that say nothing by themselves: the bank is asked now, a gateway is bad too while what it
        was given has to wait."""
        waiting = {name: await self._db.read(messages.count_waiting, name) for name in _GATEWAYS}
        bank = await self.bank_word()
        known = {**await self.checks(), "bank": Check(bank is None, bank)}
        gateways = {name: known.pop(name, Check(ok=True, blocks=False)) for name in _GATEWAYS}
        for name, check in gateways.items():
            if check.ok and waiting[name]:
                gateways[name] = Check(ok=False, reason="messages_wait", blocks=False)
        return {**known, **gateways}

    async def bank_word(self) -> str | None:
        """Why the bank gives no good answer now, or None; one refused connection alone does not close sales yet."""
        try:
            await self._bank.ping()
        except DeviceError as error:
            return BANK_REFUSES if error.code == "unauthorized" else BANK_DOWN
        return None


def _name(row: EndpointView) -> str:
    if row.url.startswith(COLLECTOR):
        return row.url
    return "broker" if row.url.startswith("kafka:") else f"webhook:{row.url}"


def _told(row: EndpointView) -> Check:
    """A try that failed is not shown as a fault; one that is past the quick tries is."""
    ok = row.state == "active"
    return Check(ok, None if ok else f"{_name(row).partition(':')[0]}_{row.state}")
