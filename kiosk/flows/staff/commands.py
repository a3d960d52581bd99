"""What staff and the site's own tools may change by hand; every change is journalled with its actor."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec

from kiosk.clock import Clock, is_moment
from kiosk.domain.errors import DatabaseBroken, InvalidRequest, NotFound, OrderStateConflict
from kiosk.domain.events import OrderCompletedEvent, StoredEvent
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.domain.menu.current import CurrentMenu
from kiosk.domain.ordering.order import OrderStatus, check_order_transition
from kiosk.domain.reasons import STAFF
from kiosk.flows.guards.archive import OrderArchive
from kiosk.flows.ordering.create import cancel_order
from kiosk.store import journal, meta
from kiosk.store.database import Database
from kiosk.store.events import outbox
from kiosk.store.ordering import orders
from kiosk.store.payment import payments
from kiosk.store.stock import stocks
from kiosk.store.transaction import Tx

_META, _META_REASON = "sales_paused", "sales_paused_for"


class StopRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Names an item, or an ingredient and with it every dish that needs it. `until` null: without an end; `stopped`
    false: back on sale."""

    item_id: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] | None = None
    ingredient: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] | None = None
    until: datetime | None = None
    stopped: bool = True


class StaffCommands:
    """Order status by hand (seed 3.5), pause, stop list, a look at the outbox."""

    def __init__(
        self,
        database: Database,
        archive: OrderArchive,
        menu: CurrentMenu,
        readiness: Readiness,
        clock: Clock,
    ) -> None:
        self._db = database
        self._archive = archive
        self._menu = menu
        self._readiness = readiness
        self._clock = clock

    async def set_status(self, order_id: str, status: OrderStatus, actor: str) -> None:
        """`PUT /internal/orders/{id}/status`. What the saga and the kitchen do themselves cannot be claimed by hand:
        `paid` needs a registered receipt and stays with the saga, `refunded` needs a refund. Raises `NotFound`,
        `OrderStateConflict`, also for one that has moved to its year's archive."""
        now = self._clock.now()
        moved = await self._archive.find(lambda reader: orders.get(reader, order_id))

        def run(tx: Tx) -> None:
            order = orders.get(tx, order_id)
            if order is None and moved is not None:
                raise OrderStateConflict(order_status=moved.status)
            if order is None:
                raise NotFound
            check_order_transition(order.status, status)
            if status is OrderStatus.CANCELLED:
                cancel_order(tx, order, now, "staff")
            elif status is OrderStatus.COMPLETED:
                orders.move(tx, order, status, now)
                outbox.put(tx, OrderCompletedEvent(order_id=order_id, number=order.number), now)
            elif status is OrderStatus.CREATED and payments.live(tx, order_id) is None:
                orders.move(tx, order, status, now)
            else:
                raise OrderStateConflict(order_status=order.status)
            journal.add(tx, actor, "order_status", f"{order_id} {status}", now)

        await self._db.write(run)

    async def orders(self) -> list[orders.BoardRow]:
        """Every paid order that is not handed out, oldest first."""
        return await self._db.read(orders.read_board)

    async def backup(self, file: str, year: int | None, actor: str) -> int:
        """A consistent copy of the database while it is used, or of the archive of a year; its size. Raises
        `InvalidRequest`, `ArchiveBroken`."""
        now = self._clock.now()
        try:
            size = await (self._db.backup(Path(file)) if year is None else self._archive.backup(year, Path(file)))
        except (OSError, DatabaseBroken) as error:
            raise InvalidRequest.at("$.file", str(error)) from error
        await self._db.write(journal.add, actor, "backup", file, now)
        return size

    async def pause(self, paused: bool, reason: str, actor: str) -> None:  # noqa: FBT001  # what the calls of HTTP give
        """`reason`: in a person's own words; it stands beside the check until sales go on."""
        now = self._clock.now()

        def run(tx: Tx) -> None:
            meta.put(tx, _META, "1" if paused else "")
            meta.put(tx, _META_REASON, reason if paused else "")
            journal.add(tx, actor, "sales_pause" if paused else "sales_resume", reason if paused else "", now)

        await self._db.write(run)
        self._readiness.set("sales", STAFF if paused else None, detail=reason if paused else "")

    async def restore(self) -> None:
        """At start: a pause outlives the process."""
        paused = await self._db.read(meta.read, _META)
        reason = await self._db.read(meta.read, _META_REASON)
        self._readiness.set("sales", STAFF if paused else None, detail=reason or "")

    async def stop(self, request: StopRequest, actor: str) -> list[str]:
        """Ids of the items that hang on it. Raises `NotFound` for what is neither on the menu nor in a dish of it,
        `InvalidRequest`."""
        if (request.item_id is None) == (request.ingredient is None):
            raise InvalidRequest.at("$", "name an item_id or an ingredient, one of them")
        if request.until is not None and not is_moment(request.until):
            raise InvalidRequest.at("$.until", "a time with its zone, of the years 2000 to 2099")
        concerned, now = self._concerned(request), self._clock.now()
        row = stocks.StopRow(request.item_id, request.ingredient, request.until)

        def run(tx: Tx) -> None:
            if request.stopped:
                stocks.stop(tx, row, actor)
            else:
                stocks.resume(tx, row)
            named = f"{row.item_id or row.ingredient} {'stopped' if request.stopped else 'resumed'}"
            journal.add(tx, actor, "stop_list", named, now)

        await self._db.write(run)
        return concerned

    def _concerned(self, request: StopRequest) -> list[str]:
        menu = self._menu.now
        sold = [item_id for item_id, _ in menu.sold()]
        if request.item_id is not None:
            found = [item_id for item_id in sold if item_id == request.item_id]
        else:
            found = [item_id for item_id in sold if request.ingredient in (menu.formula(item_id) or {})]
        if not found and request.ingredient not in menu.ingredients:
            raise NotFound
        return found

    async def stop_list(self) -> list[stocks.StopRow]:
        return await self._db.read(stocks.read_stop_list, self._clock.now())

    async def newest_events(self, limit: int = 200) -> list[StoredEvent]:
        """The newest first."""
        return await self._db.read(outbox.newest, limit)

    async def events(self, after: int, limit: int = 500) -> list[StoredEvent]:
        return await self._db.read(outbox.after, after, limit)
