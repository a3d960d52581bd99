"""Numbers for a card reader that counts nothing itself: one operation of it at a time stands in the books, with its
number, before the wire (protocols/inpas.md#numbers)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from drivers.errors import DeviceRefused, DeviceUnreachable
from drivers.terminal.port import TakingReader
from kiosk.store.database import Database
from kiosk.store.payment import reader_operations as operations
from kiosk.store.transaction import Reader, Tx

T = TypeVar("T")
DEVICE = "terminal"
SETTLING, UNSETTLED, BUSY = "settling", "unsettled", "busy"
#: Why the reader is not free for an operation; None where it is.
Look = Callable[[Reader], str | None]


class ReaderNumbers:
    def __init__(self, database: Database, reader: TakingReader) -> None:
        self._db = database
        self._reader = reader

    async def take(self, look: Look, journal: Callable[[Tx, int, int], T]) -> T:
        """What `journal(tx, number, before)` gives: it writes the intent in the transaction in which the number is
        taken and nothing else is found under way. `before`: the reader's last operation. Raises `DeviceRefused` with
        the word of `look`, `DeviceUnreachable` where the reader is not there or was used meanwhile."""
        counted = await self._db.read(self._counted, look)
        before = await self._reader.prepare()

        def run(tx: Tx) -> T | None:
            if self._counted(tx, look) != counted:
                return None
            return journal(tx, operations.next_number(tx, before), before)

        found = await self._db.write(run)
        if found is None:
            raise DeviceUnreachable(DEVICE, BUSY, "it was used meanwhile")
        return found

    @staticmethod
    def _counted(reader: Reader, look: Look) -> int:
        if (word := look(reader)) is not None:
            raise DeviceRefused(DEVICE, word)
        return operations.counted(reader)


def why_not_sold(reader: Reader) -> str | None:
    """Why no sale may begin."""
    if operations.settlement_under_way(reader) is not None:
        return SETTLING
    return UNSETTLED if operations.errand_under_way(reader) else None
