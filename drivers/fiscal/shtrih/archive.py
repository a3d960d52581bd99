"""What a Shtrih-M register reports about its fiscal drive: how far it is, its documents (shtrih.md#doubt)."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.fiscal.ffd.drive import DriveStatus, FoundDocument, understood
from drivers.fiscal.ffd.tlv import Tlv, order_id_of, parse_tlvs
from drivers.fiscal.port import DEVICE
from drivers.fiscal.shtrih import commands
from drivers.fiscal.shtrih.errors import PRINTS
from drivers.fiscal.shtrih.session import MODE_DOCUMENT, PRINTING, ShtrihRefused, ShtrihSession

_CANNOT_READ = (0x01, 0x33, 0x35, 0x36, 0x37)  # firmware without FF3A/FF3B


@dataclass(frozen=True, slots=True)
class ShtrihArchive:
    """`drivers.fiscal.once.Evidence` through one session."""

    session: ShtrihSession

    async def drive(self) -> DriveStatus:
        return await self.session.ask(commands.drive_status())

    async def settled(self) -> DriveStatus:
        state = await self.session.printed_state()
        if state.submode in PRINTING:
            raise ShtrihRefused(PRINTS, "10h")
        drive = await self.drive()
        if drive.current_document == 0 and state.mode != MODE_DOCUMENT:
            return drive
        await self.cancel()
        return await self.drive()

    async def cancel(self) -> None:
        await self.session.cancel_document()

    async def document(self, number: int) -> FoundDocument:
        told = await self.session.ask(commands.find_document(number))
        return understood(DEVICE, number, FoundDocument.parse, told.data)

    async def order_of(self, found: FoundDocument) -> str | None:
        try:
            requisites = await self.requisites(found.number)
        except ShtrihRefused as error:
            if error.number not in _CANNOT_READ:
                raise
            return None
        return understood(DEVICE, found.number, order_id_of, requisites) or ""

    async def requisites(self, number: int) -> list[Tlv]:
        """A whole document as the drive keeps it. `ShtrihRefused` where the firmware does not hand it out."""
        head = await self.session.ask(commands.start_reading(number))
        told = await self.session.read_out(head.length)
        return understood(DEVICE, number, parse_tlvs, told[: head.length])
