"""What a technician asks of the registrar: the shift, reports, another drive (operation.md#the-fiscal-day)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import structlog

from drivers.errors import DeviceError
from drivers.fiscal.port import FiscalOffice, FiscalStatus
from kiosk.clock import Clock
from kiosk.domain.errors import DeviceUnavailable, NotFound
from kiosk.flows.fiscal.day import DayClose, ShiftReportView
from kiosk.flows.fiscal.desk import RegistrarDesk
from kiosk.flows.fiscal.documents import OfdView
from kiosk.flows.fiscal.shift import ShiftKeeper
from kiosk.flows.guards.not_done import not_done
from kiosk.store import journal, meta
from kiosk.store.database import Database
from kiosk.store.fiscal import intents, reports
from kiosk.store.transaction import Tx

_log = structlog.get_logger()
_ACTIVE = "fiscal_active"
_SWAP_NOW = "shift closed, nothing is in doubt: put in the new drive, then give this command again"
_TEST = ("ПРОБНАЯ ПЕЧАТЬ", "это не чек", "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ", "0123456789")
_ADOPTED = "the new drive is taken over"


class ShiftView(msgspec.Struct, frozen=True):
    """`GET /internal/shift`. `warnings`: stable words by what is watched."""

    shift: int
    open: bool
    expired: bool
    fiscal_drive_number: str
    last_document: int
    unsent_documents: int
    ofd: OfdView
    warnings: dict[str, str]


class DriveView(msgspec.Struct, frozen=True):
    fiscal_drive_number: str
    done: bool
    next: str


class RegistrarsView(msgspec.Struct, frozen=True):
    active: str
    registrars: list[str]


class ShiftCommands:
    def __init__(
        self,
        database: Database,
        desk: RegistrarDesk,
        shift_keeper: ShiftKeeper,
        day_close: DayClose,
        clock: Clock,
    ) -> None:
        self._db = database
        self._desk = desk
        self._keeper = shift_keeper
        self._day_close = day_close
        self._clock = clock

    @asynccontextmanager
    async def _at_the_device(self) -> AsyncIterator[tuple[FiscalOffice, FiscalStatus]]:
        """The registrar in its turn, nobody else's hand on the shift, and how it stands. Raises `DeviceUnavailable`."""
        try:
            async with self._keeper.hand, self._desk.turn() as registrar:
                yield registrar, await registrar.status()
        except DeviceError as error:
            raise not_done("fiscal", error) from error

    async def view(self) -> ShiftView:
        """Raises `DeviceUnavailable`."""
        async with self._at_the_device() as (_, status):
            return self._view(status)

    async def open(self, actor: str) -> ShiftView:
        """Open now and keep open. Raises `DeviceUnavailable`."""
        self._keeper.held_closed = False
        await self._journal(actor, "shift_open", "")
        async with self._at_the_device() as (registrar, status):
            if not status.shift_open:
                status = await self._keeper.open(registrar)
        return await self._looked()

    async def close(self, actor: str) -> ShiftView:
        """Z report; no new shift until `open` or a restart. Never between charge and receipt. Raises
        `DeviceUnavailable`."""
        async with self._at_the_device() as (registrar, status):
            if await self._keeper.payment_under_way():
                raise DeviceUnavailable("fiscal", "payment_under_way")
            await self._journal(actor, "shift_close", "")
            if status.shift_open:
                await self._keeper.close(registrar, actor)
            self._keeper.held_closed = True  # a shift that could not be closed is the keeper's to close
        view = await self._looked()
        await self._day_close.ask_bank()  # whoever reads the report now finds it whole
        return view

    async def x_report(self, actor: str) -> ShiftReportView:
        """Printed, kept, and returned with what the other books say. Raises `DeviceUnavailable`."""
        await self._journal(actor, "x_report", "")
        async with self._at_the_device() as (registrar, status):
            await registrar.x_report()
            totals = await registrar.totals()
        return await self._day_close.keep_x(status.drive_number, totals, actor)

    async def print_test(self, actor: str) -> None:
        """A slip of some lines, no document. Raises `DeviceUnavailable`."""
        now = self._clock.now()
        await self._journal(actor, "test_print", "")
        async with self._at_the_device() as (registrar, status):
            if await self._keeper.payment_under_way():
                raise DeviceUnavailable("fiscal", "payment_under_way")
            await registrar.print_text((*_TEST, status.drive_number, f"{now:%Y-%m-%d %H:%M:%S} UTC"), cut=True)

    async def replace_drive(self, reason: str, actor: str) -> DriveView:
        """Two steps with the same command: before the swap everything is closed and sent, after it the new drive is
        taken over. Raises `DeviceUnavailable` with what is in the way."""
        drives = await self._db.read(reports.known_drives)
        await self._journal(actor, "replace_drive", reason)
        async with self._at_the_device() as (registrar, status):
            await self._nothing_in_doubt()
            if status.drive_number in drives:
                await self._make_ready(registrar, status, actor)
                return DriveView(status.drive_number, done=False, next=_SWAP_NOW)
            if status.shift_open:
                raise DeviceUnavailable("fiscal", "new_drive_has_an_open_shift")
            await self._keeper.adopt_drive(status.drive_number, actor, reason)
            self._keeper.held_closed = False
        await self._looked()
        return DriveView(status.drive_number, done=True, next=_ADOPTED)

    async def registrars(self) -> RegistrarsView:
        return RegistrarsView(self._desk.active, self._desk.names)

    async def use(self, name: str, actor: str) -> RegistrarsView:
        """Sell through another configured registrar from now on. The shift of the one left is closed where it answers.
        Raises `NotFound`, `DeviceUnavailable`."""
        if name not in self._desk.names:
            raise NotFound
        async with self._keeper.hand, self._desk.turn() as registrar:
            await self._nothing_in_doubt()
            try:
                drive_number = (await self._desk.status(name)).drive_number
            except DeviceError as error:
                raise not_done("fiscal", error) from error
            await self._journal(actor, "use_registrar", name)
            await self._leave(registrar, actor)
            await self._db.write(self._note_use, name, drive_number, actor)
            self._desk.use(name)
        self._keeper.held_closed = False
        await self._looked()
        return await self.registrars()

    def _note_use(self, tx: Tx, name: str, drive_number: str, actor: str) -> None:
        """The registrar and its drive in one step: never one that sells through a drive nobody put in."""
        reports.adopt_drive(tx, drive_number, actor, f"registrar {name}", self._clock.now())
        meta.put(tx, _ACTIVE, name)

    async def _leave(self, registrar: FiscalOffice, actor: str) -> None:
        try:
            status = await registrar.status()
            if status.shift_open:
                await self._keeper.close(registrar, actor)
        except DeviceError as error:  # a registrar that broke down is why another one is wanted
            _log.warning("registrar_left_as_it_is", error=str(error))

    async def restore(self) -> None:
        """At start: the choice outlives the process, unless the configuration no longer knows it."""
        name = await self._db.read(meta.read, _ACTIVE)
        if name in self._desk.names:
            self._desk.use(name)

    async def _nothing_in_doubt(self) -> None:
        if await self._keeper.payment_under_way():
            raise DeviceUnavailable("fiscal", "payment_under_way")
        if await self._db.read(intents.in_doubt):
            raise DeviceUnavailable("fiscal", "receipt_in_doubt")

    async def _make_ready(self, registrar: FiscalOffice, status: FiscalStatus, actor: str) -> None:
        self._keeper.held_closed = True
        if status.shift_open:
            status = await self._keeper.close(registrar, actor)
        if status.unsent_documents:
            raise DeviceUnavailable("fiscal", f"{status.unsent_documents}_documents_unsent")

    async def _looked(self) -> ShiftView:
        """The keeper's own look at what was changed."""
        try:
            async with self._keeper.hand:
                return self._view(await self._keeper.look())
        except DeviceError as error:
            raise not_done("fiscal", error) from error

    async def _journal(self, actor: str, action: str, detail: str) -> None:
        now = self._clock.now()
        await self._db.write(journal.add, actor, action, detail, now)

    def _view(self, status: FiscalStatus) -> ShiftView:
        return ShiftView(
            shift=status.shift,
            open=status.shift_open,
            expired=status.shift_expired,
            fiscal_drive_number=status.drive_number,
            last_document=status.last_document,
            unsent_documents=status.unsent_documents,
            ofd=self._keeper.ofd(status),
            warnings=dict(self._keeper.warnings),
        )
