"""What no event says: an order has passed its promised time."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from kiosk.clock import Clock
from kiosk.domain.ordering.order import LATE, is_late
from kiosk.messages.notices import NoticeBook
from kiosk.periods import USUAL, Periods
from kiosk.store.database import Database
from kiosk.store.ordering import messages
from kiosk.store.transaction import Tx

_log = structlog.get_logger()


class Lateness:
    """`run()` until cancelled: whoever is to be told about an order hears once that it is late, by the hall board's
    rule."""

    def __init__(
        self, database: Database, book: NoticeBook, clock: Clock, wake: Callable[[], None], periods: Periods = USUAL
    ) -> None:
        self._periods = periods
        self._db = database
        self._book = book
        self._clock = clock
        self._wake = wake

    async def run(self) -> None:
        while True:
            await self._look()
            await self._clock.sleep(self._periods.lateness_s)

    async def _look(self) -> None:
        now = self._clock.now()

        def run(tx: Tx) -> int:
            late = [row for row in messages.read_untold(tx, now - LATE) if is_late(row.status, row.promised_at, now)]
            return sum(self._tell(tx, row) for row in late)

        if told := await self._db.write(run):
            _log.info("lateness_told", orders=told)
            self._wake()

    def _tell(self, tx: Tx, row: messages.Awaited) -> bool:
        to = messages.recipient(tx, row.order_id)
        if to is None:  # the account has gone since
            return False
        template = self._book.texts.late
        self._book.tell(tx, messages.late_id(row.order_id), row.order_id, to, template, number=row.number)
        return True
