"""What an ATOL register reports about its fiscal drive: how far it is, its documents (atol.md#commands)."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.fiscal.atol import commands
from drivers.fiscal.atol.session import AtolCommandRefused, AtolSession
from drivers.fiscal.ffd.drive import DriveStatus, FoundDocument, understood
from drivers.fiscal.ffd.tlv import Tlv, order_id_of, parse_tlvs
from drivers.fiscal.port import DEVICE

_CANNOT_READ = (0x7A, 0x66, 0x46)  # firmware without A4 45


@dataclass(frozen=True, slots=True)
class AtolArchive:
    """`drivers.fiscal.once.Evidence` through one session."""

    session: AtolSession

    async def drive(self) -> DriveStatus:
        return await self.session.ask(commands.drive_status())

    async def settled(self) -> DriveStatus:
        await self.cancel()
        return await self.drive()

    async def cancel(self) -> None:
        await self.session.cancel_receipt()

    async def document(self, number: int) -> FoundDocument:
        told = await self.session.ask(commands.find_document(number))
        return understood(DEVICE, number, FoundDocument.parse, told.data)

    async def order_of(self, found: FoundDocument) -> str | None:
        """By FFD 1.05 a correction names none."""
        try:
            requisites = await self.requisites(found.number)
        except AtolCommandRefused as error:
            if error.number not in _CANNOT_READ:
                raise
            return None
        order_id = understood(DEVICE, found.number, order_id_of, requisites)
        return None if order_id is None and found.is_correction else order_id or ""

    async def requisites(self, number: int) -> list[Tlv]:
        """A whole document as the drive keeps it. `AtolCommandRefused` where the firmware does not hand it out."""
        return understood(DEVICE, number, parse_tlvs, await self.session.requisites(number))
