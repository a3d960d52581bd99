"""What a fiscal day asks of a Shtrih-M register besides receipts: registration, clock (protocols/shtrih.md §2)."""

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
from drivers.fiscal.shtrih.rates import Rates
from drivers.fiscal.shtrih.session import MODE_CLOSED, MODE_DATE, ShtrihRefused, ShtrihSession
from drivers.fiscal.shtrih.table_answers import TableValue

# Table 18 holds what the drive is registered with; desktop models keep the FFD in table 17, mobile ones in table 10.
_TABLE = 18
_SERIAL, _INN, _REGISTRATION, _TAX_SYSTEMS, _MODE, _ADDRESS, _PLACE = 1, 2, 3, 5, 6, 9, 14
_AUTOMATIC, _INTERNET = 1 << 2, 1 << 5
_FFD_PLACES = ((17, 17), (10, 4))
_MODES_TABLE, _TAXES_BY_HOST = 1, 14
_TAXES_SETTING = "table 1 field 14 = 1"
_TRIES = 3


@dataclass(frozen=True, slots=True)
class ShtrihOffice:
    """Questions and the clock through one session."""

    session: ShtrihSession
    rates: Rates

    async def registration(self) -> Registration:
        systems, mode = await self._cell(_TABLE, _TAX_SYSTEMS), await self._cell(_TABLE, _MODE)
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
            taxes_left_out=_TAXES_SETTING if await self._leaves_taxes_out() else None,
        )

    async def _leaves_taxes_out(self) -> bool:
        value = await self._cell(_MODES_TABLE, _TAXES_BY_HOST)
        return value is not None and value.number == 1

    async def ffd(self) -> str | None:
        for table, field in _FFD_PLACES:
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
            elif (await self.session.ask(commands.full_status())).time.date() == day:
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
        value = await self._cell(_TABLE, field)
        return None if value is None else value.text.strip()

    async def _own_serial(self) -> str:
        return str((await self.session.ask(commands.full_status())).serial)
