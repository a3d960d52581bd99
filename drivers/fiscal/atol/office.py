"""What a fiscal day asks of an ATOL register besides receipts: registration, clock (atol.md#registers)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from drivers.errors import DeviceRefused, OutcomeUnknown
from drivers.fiscal.atol import commands
from drivers.fiscal.atol.archive import AtolArchive
from drivers.fiscal.atol.compose import TAXES
from drivers.fiscal.atol.session import AtolCommandRefused, AtolSession
from drivers.fiscal.atol.shift import AtolShift
from drivers.fiscal.ffd.requisites import FORMATS, tax_systems_of
from drivers.fiscal.once import AnswerLost
from drivers.fiscal.port import DEVICE, Registration
from drivers.fiscal.shifts import Standing
from drivers.text import shown

_ADDRESS, _INN, _REGISTRATION, _TAX_SYSTEMS, _PLACE, _AUTOMATIC, _INTERNET = 1009, 1018, 1037, 1062, 1187, 1001, 1108


@dataclass(frozen=True, slots=True)
class AtolOffice:
    """Questions through one session."""

    session: AtolSession
    archive: AtolArchive
    shift: AtolShift

    async def ffd(self) -> str | None:
        return FORMATS.get(await self.session.ask(commands.ffd_version()))

    async def registration(self) -> Registration:
        systems, automatic, internet = (
            await self._tag(_TAX_SYSTEMS),
            await self._tag(_AUTOMATIC),
            await self._tag(_INTERNET),
        )
        return Registration(
            device_serial=await self.session.ask(commands.device_serial()),
            drive_number=(await self.archive.drive()).serial,
            registration_number=_text(await self._tag(_REGISTRATION)),
            inn=_text(await self._tag(_INN)),
            ffd=await self.ffd(),
            tax_systems=tax_systems_of(systems[0]) if systems else None,
            automatic=None if automatic is None else any(automatic),
            internet=None if internet is None else any(internet),
            address=_text(await self._tag(_ADDRESS)),
            place=_text(await self._tag(_PLACE)),
            vats=frozenset(TAXES),
        )

    async def _tag(self, tag: int) -> bytes | None:
        try:
            return await self.session.ask(commands.registration_tag(tag))
        except AtolCommandRefused:
            return None

    async def set_time(self, now: datetime) -> None:
        if await self.shift.clock() is not Standing.CLOSED:
            raise DeviceRefused(DEVICE, "shift_open")
        try:
            await self.session.command(commands.set_moment(now))
        except AnswerLost as lost:
            raise OutcomeUnknown(DEVICE, "answer_lost", str(lost)) from lost


def _text(raw: bytes | None) -> str | None:
    return None if raw is None else shown(raw.decode("cp866", "replace").strip())
