"""Orders that nobody will pay: the panel lost its power, and no page reported that its customer had gone."""

from __future__ import annotations

from collections import Counter

import structlog

from kiosk.clock import Clock
from kiosk.domain.ordering.order import OrderStatus
from kiosk.flows.guards.contradictions import CONTRADICTS, agrees
from kiosk.flows.ordering.create import cancel_order
from kiosk.periods import USUAL, Periods
from kiosk.store.database import Database
from kiosk.store.ordering import orders
from kiosk.store.transaction import Tx

_log = structlog.get_logger()
_OF_ONE_SESSION = 100


class Expiry:
    """`run()` until cancelled: what was seen unpaid for `unpaid_for_s` is cancelled as if by the customer, with its
    event. After a restart the time begins anew. So are the oldest of a session that leaves more than `_OF_ONE_SESSION`
    behind: nobody chooses so many dinners."""

    def __init__(self, database: Database, clock: Clock, unpaid_for_s: float, periods: Periods = USUAL) -> None:
        self._periods = periods
        self._db = database
        self._clock = clock
        self._unpaid_for_s = unpaid_for_s
        self._seen_s: dict[str, float] = {}  # by the steady clock: whoever sets the other one cancels nothing

    async def run(self) -> None:
        while True:
            await self._look()
            await self._clock.sleep(min(self._periods.unpaid_s, self._unpaid_for_s))

    async def _look(self) -> None:
        unpaid = await self._db.read(orders.read_unpaid)
        now_s = self._clock.monotonic()
        self._seen_s = {row.order_id: self._seen_s.get(row.order_id, now_s) for row in unpaid}
        of_session = Counter(row.session_id for row in unpaid)
        for order_id, session_id in [(row.order_id, row.session_id) for row in unpaid]:
            too_many = of_session[session_id] > _OF_ONE_SESSION
            of_session[session_id] -= too_many
            if too_many or now_s - self._seen_s[order_id] >= self._unpaid_for_s:
                await self._db.write(self._expire, order_id)

    def _expire(self, tx: Tx, order_id: str) -> None:
        order = orders.require(tx, order_id)
        now = self._clock.now()
        if order.status is OrderStatus.CREATED:  # else somebody pays after all
            ended = agrees(tx, order_id, lambda: cancel_order(tx, order, now, "kiosk"), now)
            _log.info("order_expired" if ended else CONTRADICTS, order_id=order_id)
