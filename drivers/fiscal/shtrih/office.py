"""What a fiscal day asks of a Shtrih-M register besides receipts: registration, clock (shtrih.md#commands)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from drivers.errors import DeviceRefused, OutcomeUnknown
from drivers.fiscal.ffd.drive import Blob
from drivers.fiscal.ffd.requisites import FORMATS, tax_systems_of
from drivers.fiscal.once import AnswerLost
from drivers.fiscal.port import DEVICE, Registration
from drivers.fiscal.shtrih import commands
from drivers.fiscal.shtrih.answers import Operator
from drivers.fiscal.shtrih.layout import Layout, Layouts
from drivers.fiscal.shtrih.rates import Rates
from drivers.fiscal.shtrih.session import MODE_CLOSED, MODE_DATE, ShtrihRefused, ShtrihSession
from drivers.fiscal.shtrih.table_answers import TableValue

# Of the table of the drive: what it is registered with.
_SERIAL, _INN, _REGISTRATION, _TAX_SYSTEMS, _MODE, _ADDRESS, _PLACE = 1, 2, 3, 5, 6, 9, 14
_AUTOMATIC, _INTERNET = 1 << 2, 1 << 5
_MODES_TABLE = 1
_TRIES = 3


@dataclass(frozen=True, slots=True)
class ShtrihOffice:
    """Questions and the clock through one session."""

    session: ShtrihSession
    rates: Rates
    layouts: Layouts

    async def registration(self) -> Registration:
        systems, mode = await self._of_drive(_TAX_SYSTEMS), await self._of_drive(_MODE)
        return Registration(
            device_serial=await self._text(_SERIAL) or await self._own_serial(),
            drive_number=(await self.session.ask(commands.drive_status())).serial,
            registration_number=await self._text(_REGISTRATION),
            inn=await self._text(_INN),
            ffd=await self.ffd(),
            tax_systems=None if systems is None else tax_systems_of(systems.number),
            automatic=None if mode is None else bool(mode.number & _AUTOMATIC),
            internet=None if mode is None else bool(mode.number & _INTERNET),
            address=await self._text(_ADDRESS),
            place=await self._text(_PLACE),
            vats=frozenset(await self.rates.codes()),
            taxes_left_out=await self._taxes_left_out(),
        )

    async def _taxes_left_out(self) -> str | None:
        """The setting that leaves taxes to the host, where it is on."""
        field = (await self._layout()).taxes_by_host_field
        value = await self._cell(_MODES_TABLE, field)
        return f"table {_MODES_TABLE} field {field} = 1" if value is not None and value.number == 1 else None

    async def ffd(self) -> str | None:
        for table, field in (await self._layout()).ffd_places:
            value = await self._cell(table, field)
            if value is not None and value.number in FORMATS:
                return FORMATS[value.number]
        return None

    async def set_time(self, now: datetime) -> None:
        """Date first (22h, then 23h repeats it), then the time; each is harmless when it is carried out twice."""
        state = await self.session.printed_state()
        if state.mode not in (MODE_CLOSED, MODE_DATE):
            raise DeviceRefused(DEVICE, "shift_open")
        await self._set_date(now.date())
        for _ in range(_TRIES):
            if await self._done(commands.set_time(now)):
                return
        raise OutcomeUnknown(DEVICE, "answer_lost", "21h")

    async def _set_date(self, day: date) -> None:
        """Looks before every step: a lost answer leaves mode 6 or not."""
        for _ in range(2 * _TRIES):
            if (await self.session.state()).mode == MODE_DATE:
                await self._done(commands.confirm_date(day))
            elif (time := (await self.session.ask(commands.full_status())).time) is not None and time.date() == day:
                return
            else:
                await self._done(commands.set_date(day))
        raise OutcomeUnknown(DEVICE, "date_not_set")

    async def _done(self, request: commands.Request[Blob | Operator]) -> bool:
        """False where the answer is lost but the device is there."""
        try:
            await self.session.command(request)
        except AnswerLost as lost:
            if lost.silent:
                raise OutcomeUnknown(DEVICE, "answer_lost", str(lost)) from lost
            return False
        return True

    async def _cell(self, table: int, field: int) -> TableValue | None:
        try:
            return await self.session.ask(commands.read_table(table, 1, field))
        except ShtrihRefused:
            return None

    async def _text(self, field: int) -> str | None:
        value = await self._of_drive(field)
        return None if value is None else value.text.strip()

    async def _of_drive(self, field: int) -> TableValue | None:
        return await self._cell((await self._layout()).drive_table, field)

    async def _layout(self) -> Layout:
        return await self.layouts.layout(self.session.ask)

    async def _own_serial(self) -> str:
        return str((await self.session.ask(commands.full_status())).serial)
