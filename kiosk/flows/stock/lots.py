"""Lots as staff sees them, their recall, and the journal of a day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec

from kiosk.checkpoints import pass_by
from kiosk.clock import Clock, rfc3339
from kiosk.domain.errors import NotFound
from kiosk.domain.kitchen.lots import BadLabel, Lot, LotRules, clean_name, expiry_of, in_order, label_of
from kiosk.domain.kitchen.state import Kitchen
from kiosk.domain.menu.current import CurrentMenu
from kiosk.domain.text import Text
from kiosk.flows.stock.bins import Reason, refused
from kiosk.store import journal
from kiosk.store.database import Database
from kiosk.store.stock import lots, recalls
from kiosk.store.transaction import Reader, Tx

GOOD, EXPIRING, EXPIRED, RECALLED = "good", "expiring", "expired", "recalled"
_NEVER_CAME = Text("Такой партии здесь не было", "No such lot ever came here")


class LotName(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A lot in every bin, as on the package, and why."""

    lot: Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
    reason: Reason


class Relabel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The package says this: a day or a moment with its zone."""

    expires_at: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    reason: Reason


class LotView(msgspec.Struct, frozen=True):
    """`lot`: as on the package, empty where nobody told it; `remaining` of the `amount` that came, in `unit`; `until`:
    `expires_at` as a package says it, the last day, or day and time, by the restaurant's clock; `left_s`: until then,
    below 0 after it; `state`: good, expiring, expired (also shortly before, when sales of it have ended), recalled."""

    lot_id: int
    bin: int
    ingredient: str
    name: Text
    unit: str
    lot: str
    remaining: int
    amount: int
    arrived_at: str
    expires_at: str | None
    until: str | None
    left_s: int | None
    state: str


class RecallView(msgspec.Struct, frozen=True):
    lot: str
    at: str
    actor: str
    reason: str


class LotsView(msgspec.Struct, frozen=True):
    """What lies in the bins, of each the next to be used first, and the recalls that stand; `required`: a refill names
    its lot and its expiry."""

    lots: list[LotView]
    recalls: list[RecallView]
    required: bool


class MadeView(msgspec.Struct, frozen=True):
    """A portion that was made of a lot. `amount` of it, in the ingredient's unit; `phone`, `contact`: how its guest can
    be reached, null where nothing is known."""

    order_id: str
    number: str
    portion_id: int
    item_id: str
    status: str
    amount: int
    at: str
    phone: str | None
    contact: str | None
    given_back: bool


class TraceView(msgspec.Struct, frozen=True):
    """Of one lot: its recall where one stands, what lies in the bins, what was made of it in the last `days`."""

    lot: str
    recall: RecallView | None
    lots: list[LotView]
    days: int
    made: list[MadeView]


class EntryView(msgspec.Struct, frozen=True):
    at: str
    kind: str
    lot: str
    bin: int | None
    ingredient: str | None
    name: Text | None
    amount: int | None
    unit: str
    expires_at: str | None
    until: str | None
    actor: str
    reason: str


class LotJournalView(msgspec.Struct, frozen=True):
    """`kind`: received, written_off, relabelled, recalled, lifted."""

    day: str
    entries: list[EntryView]


class LotCommands:
    def __init__(
        self,
        database: Database,
        menu: CurrentMenu,
        kitchen: Kitchen,
        clock: Clock,
        rules: LotRules,
        *,
        zone: ZoneInfo,
        checkpoint: Callable[[str], None] = pass_by,
    ) -> None:
        self._db = database
        self._menu = menu
        self._kitchen = kitchen
        self._clock = clock
        self._rules = rules
        self._zone = zone
        self._cp = checkpoint

    def lots(self) -> list[LotView]:
        """What lies in the bins, by bin, the next to be used first."""
        now = self._clock.now()
        found = [lot for lot in in_order(self._kitchen.now.lots) if lot.remaining]
        return [self._view(lot, now) for lot in sorted(found, key=lambda lot: lot.bin)]

    async def show(self) -> LotsView:
        standing = await self._db.read(recalls.read_standing)
        return LotsView(self.lots(), [_recall_view(row) for row in standing], self._rules.required)

    def _view(self, lot: Lot, now: datetime) -> LotView:
        name, unit = self._named(lot.ingredient)
        return LotView(
            lot_id=lot.lot_id,
            bin=lot.bin,
            ingredient=lot.ingredient,
            name=name,
            unit=unit,
            lot=lot.name,
            remaining=lot.remaining,
            amount=lot.amount,
            arrived_at=rfc3339(lot.arrived_at),
            expires_at=_moment(lot.expires_at),
            until=self._until(lot.expires_at),
            left_s=None if lot.expires_at is None else round((lot.expires_at - now).total_seconds()),
            state=self._state(lot, now),
        )

    def _state(self, lot: Lot, now: datetime) -> str:
        if lot.recalled:
            return RECALLED
        if lot.is_over(now + timedelta(seconds=self._rules.last_sale_s)):
            return EXPIRED
        return EXPIRING if lot.is_over(now + timedelta(seconds=self._rules.warn_s)) else GOOD

    def _until(self, expires_at: datetime | None) -> str | None:
        return None if expires_at is None else label_of(expires_at, self._zone)

    def _named(self, ingredient: str) -> tuple[Text, str]:
        """What it is called, and its unit."""
        found = self._menu.now.ingredients.get(ingredient)
        return (Text(ingredient, ingredient), "") if found is None else (found.name, found.unit)

    async def relabel(self, lot_id: int, wanted: Relabel, actor: str) -> LotsView:
        """A person has read the package again. Raises `NotFound`, `InvalidRequest`."""
        now = self._clock.now()
        try:
            expires_at = expiry_of(wanted.expires_at, self._zone, now)
        except BadLabel as error:
            raise refused("$.expires_at", error.says) from error

        def run(tx: Tx) -> None:
            lot = lots.get(tx, lot_id)
            if lot is None or not lot.remaining:
                raise NotFound
            lots.relabel(tx, lot_id, expires_at, actor, wanted.reason, now)
            detail = f"{lot.bin} {lot.name} {_moment(lot.expires_at)} → {rfc3339(expires_at)} {wanted.reason}"
            journal.add(tx, actor, "relabel_lot", detail, now)

        await self._db.write(run)
        return await self.show()

    async def recall(self, wanted: LotName, actor: str) -> TraceView:
        """Everything of a lot is unsellable from this commit on, in every bin; again changes nothing. Raises
        `InvalidRequest`, and `NotFound` for a lot that never came: a slip of the pen must not look like a recall."""
        name, now = _clean(wanted.lot), self._clock.now()

        def run(tx: Tx) -> None:
            known = recalls.known_as(tx, name)
            if known is None:
                raise NotFound(_NEVER_CAME)
            if recalls.recall(tx, known, actor, wanted.reason, now):
                journal.add(tx, actor, "recall_lot", f"{known} {wanted.reason}", now)

        await self._db.write(run)
        self._cp("lot.recalled")
        return await self.trace(name)

    async def lift(self, wanted: LotName, actor: str) -> TraceView:
        """A person takes a recall back. Raises `InvalidRequest`, `NotFound`."""
        name, now = _clean(wanted.lot), self._clock.now()

        def run(tx: Tx) -> None:
            if not recalls.lift(tx, name, actor, wanted.reason, now):
                raise NotFound
            journal.add(tx, actor, "lift_recall", f"{name} {wanted.reason}", now)

        await self._db.write(run)
        return await self.trace(name)

    async def trace(self, lot: str) -> TraceView:
        """What became of a lot, recalled or not. Raises `InvalidRequest`, `NotFound`."""
        name, now = _clean(lot), self._clock.now()

        def look(reader: Reader) -> TraceView:
            known = recalls.known_as(reader, name)
            if known is None:
                raise NotFound(_NEVER_CAME)
            row = recalls.standing(reader, name)
            made = recalls.made_of(reader, name, now - timedelta(days=self._rules.recall_days))
            return TraceView(
                known,
                None if row is None else _recall_view(row),
                [self._view(lot, now) for lot in lots.read_named(reader, name) if lot.remaining],
                self._rules.recall_days,
                [_made_view(found) for found in made],
            )

        return await self._db.read(look)

    async def journal(self, day: date | None) -> LotJournalView:
        """Of a day by the restaurant's clock; None: today."""
        wanted = day or self._clock.now().astimezone(self._zone).date()
        after = wanted + timedelta(days=1)
        first, last = (datetime(d.year, d.month, d.day, tzinfo=self._zone) for d in (wanted, after))
        rows = await self._db.read(recalls.read_journal, first, last)
        return LotJournalView(wanted.isoformat(), [self._entry(row) for row in rows])

    def _entry(self, row: recalls.EntryRow) -> EntryView:
        name, unit = (None, "") if row.ingredient is None else self._named(row.ingredient)
        return EntryView(
            at=rfc3339(row.at),
            kind=row.kind,
            lot=row.name,
            bin=row.bin,
            ingredient=row.ingredient,
            name=name,
            amount=row.amount,
            unit=unit,
            expires_at=_moment(row.expires_at),
            until=self._until(row.expires_at),
            actor=row.actor,
            reason=row.reason,
        )


def _clean(text: str) -> str:
    try:
        return clean_name(text)
    except BadLabel as error:
        raise refused("$.lot", error.says) from error


def _moment(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(at)


def _recall_view(row: recalls.RecallRow) -> RecallView:
    return RecallView(row.name, rfc3339(row.at), row.actor, row.reason)


def _made_view(row: recalls.MadeRow) -> MadeView:
    return MadeView(
        order_id=row.order_id,
        number=row.number,
        portion_id=row.portion_id,
        item_id=row.item_id,
        status=row.status,
        amount=row.amount,
        at=rfc3339(row.at),
        phone=row.phone,
        contact=row.contact,
        given_back=row.given_back,
    )
