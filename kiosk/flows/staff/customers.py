"""What a person may ask a seller for (152-FZ articles 14, 20, 21): which data of theirs is kept, a copy, and its end.

Staff type the number or address the person gives: nothing is looked for by anything else.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from functools import partial

import msgspec
import structlog

from kiosk.clock import Clock, rfc3339
from kiosk.domain.errors import CustomerBlocked, NotFound, PersonalDataInUse
from kiosk.domain.identity.contact import contact_of
from kiosk.domain.identity.phone import Phones
from kiosk.flows.guards.archive import OrderArchive
from kiosk.flows.staff.person_views import (
    BlockRequest,
    CodeView,
    ContactRequest,
    CustomerRowView,
    CustomersView,
    ErasedView,
    ExportView,
    MessageView,
    PersonView,
    PointsView,
    consent_views,
    customer_view,
    masked,
    order_view,
    time_or_null,
)
from kiosk.store import journal
from kiosk.store.database import Database
from kiosk.store.identity import customers, sessions
from kiosk.store.identity.customers import CustomerRow
from kiosk.store.keep import personal
from kiosk.store.keep.erasures import Erasures
from kiosk.store.keep.personal import Who
from kiosk.store.transaction import Reader, Tx
from kiosk.tokens import AccessTokens

_log = structlog.get_logger()
_LISTED = 100
_TRIES, _PAUSE_S = 25, 0.2  # until the log is empty: a report in between reads for seconds at most
_AGAIN_S = 3600.0


class CustomerCommands:
    def __init__(
        self,
        database: Database,
        archive: OrderArchive,
        tokens: AccessTokens,
        phones: Phones,
        erasures: Erasures,
        clock: Clock,
    ) -> None:
        self._db = database
        self._archive = archive
        self._tokens = tokens
        self._phones = phones
        self._erasures = erasures
        self._clock = clock

    async def newest(self) -> CustomersView:
        def look(reader: Reader) -> list[CustomerRowView]:
            return [customer_view(reader, row) for row in customers.read_newest(reader, _LISTED)]

        return CustomersView(await self._db.read(look))

    async def find(self, request: ContactRequest) -> PersonView:
        """Raises `InvalidRequest`, `NotFound`."""
        contact = contact_of(request.contact, self._phones)

        def look(reader: Reader) -> PersonView:
            who, row = _who(reader, contact)
            orders = personal.count_orders(reader, who)
            if row is None and not orders:
                raise NotFound
            return PersonView(
                contact_masked=masked(contact),
                customer=None if row is None else customer_view(reader, row),
                consents=[] if row is None else consent_views(reader, row),
                orders=orders,
                in_use=personal.in_use(reader, who),
            )

        return await self._db.read(look)

    async def export(self, request: ContactRequest, actor: str) -> ExportView:
        """Raises `InvalidRequest`, `NotFound`."""
        contact, now = contact_of(request.contact, self._phones), self._clock.now()
        found = await self._db.read(self._export, contact)
        if found.customer is None and not (found.orders or found.messages or found.one_time_codes):
            raise NotFound
        who = Who(contact, None if found.customer is None else found.customer.customer_id)
        first = datetime.fromtimestamp(0, tz=now.tzinfo)
        moved, skipped = await self._archive.each(first, now, partial(personal.read_orders, who=who))
        older = [order_view(row) for rows in reversed(moved) for row in rows]
        known = {row.order_id for row in found.orders}
        await self._db.write(journal.add, actor, "customer_export", who.customer_id or "", now)
        return msgspec.structs.replace(
            found, orders=[*found.orders, *(row for row in older if row.order_id not in known)], skipped=skipped
        )

    def _export(self, reader: Reader, contact: str) -> ExportView:
        who, row = _who(reader, contact)
        return ExportView(
            contact=contact,
            customer=None if row is None else customer_view(reader, row),
            push_address=None if row is None else row.push_address,
            language=None if row is None else row.language,
            consents=[] if row is None else consent_views(reader, row),
            points=[
                PointsView(rfc3339(entry.at), entry.kind, entry.points, entry.order_id)
                for entry in personal.read_points(reader, who)
            ],
            orders=[order_view(found) for found in personal.read_orders(reader, who)],
            messages=[
                MessageView(found.channel, rfc3339(found.created_at)) for found in personal.read_messages(reader, who)
            ],
            one_time_codes=[
                CodeView(rfc3339(found.created_at), time_or_null(found.used_at), found.place)
                for found in personal.read_codes(reader, who)
            ],
            skipped=[],
        )

    async def erase(self, request: ContactRequest, actor: str) -> ErasedView:
        """Number, address and points are gone when this returns, but for what `still_in` names; receipts, sums and
        dishes stay under an id. Asked again after a crash it ends what was begun. Raises `InvalidRequest`,
        `PersonalDataInUse`, `CustomerBlocked`: the block would go with the number."""
        contact, now = contact_of(request.contact, self._phones), self._clock.now()
        await self._require_erasable(contact)
        await asyncio.to_thread(self._erasures.remember, contact, now)
        found, orders = await self._erase(contact, actor, now)
        await self._empty_log()
        still_in = await asyncio.to_thread(self._erasures.still_in, contact)
        if self._db.path.name in still_in:
            await self._db.write(personal.write_anew)
        _log.info("customer_erased", orders=orders, still_in=still_in)
        return ErasedView(found, orders, still_in)

    async def _require_erasable(self, contact: str) -> None:
        def look(reader: Reader) -> str | None:
            who, row = _who(reader, contact)
            if row is not None and row.blocked_at is not None:
                raise CustomerBlocked
            return personal.in_use(reader, who)

        if (number := await self._db.read(look)) is not None:
            raise PersonalDataInUse(number=number)

    async def _erase(
        self, contact: str, actor: str, now: datetime, known_before: datetime | None = None
    ) -> tuple[bool, int]:
        """Whether anything was kept, and of how many orders. `known_before`: only somebody who was known then already;
        whoever came later has agreed anew."""

        def run(tx: Tx) -> tuple[bool, int, list[str]]:
            who, row = _who(tx, contact)
            if known_before is not None and not personal.was_known(tx, who, known_before):
                return False, 0, []
            if (number := personal.in_use(tx, who)) is not None:
                raise PersonalDataInUse(number=number)
            orders = personal.count_orders(tx, who)
            found = bool(row is not None or orders or personal.read_codes(tx, who))
            ended = personal.erase(tx, who, now)
            if found:
                journal.add(tx, actor, "customer_erase", who.customer_id or "", now)
            return found, orders, ended

        found, orders, ended = await self._db.write(run)
        self._tokens.end(ended)
        return found, orders

    async def _empty_log(self) -> None:
        """The log of the database holds the rows as they were until it is brought home."""
        for _ in range(_TRIES):
            if await asyncio.to_thread(self._erasures.empty_log):
                return
            await self._clock.sleep(_PAUSE_S)

    async def block(self, request: BlockRequest, actor: str) -> PersonView:
        """The number signs in no more, and its sessions end now; orders that are under way go on. Raises
        `InvalidRequest`, `NotFound`."""
        contact, now = contact_of(request.contact, self._phones), self._clock.now()

        def run(tx: Tx) -> list[str]:
            row = _require(tx, contact)
            customers.block(tx, row, request.reason, now)
            journal.add(tx, actor, "customer_block", f"{row.customer_id} {request.reason}", now)
            return sessions.end_of_customer(tx, row.customer_id, now)

        self._tokens.end(await self._db.write(run))
        return await self.find(ContactRequest(contact))

    async def unblock(self, request: ContactRequest, actor: str) -> PersonView:
        """Raises `InvalidRequest`, `NotFound`."""
        contact, now = contact_of(request.contact, self._phones), self._clock.now()

        def run(tx: Tx) -> None:
            row = _require(tx, contact)
            customers.unblock(tx, row.customer_id)
            journal.add(tx, actor, "customer_unblock", row.customer_id, now)

        await self._db.write(run)
        return await self.find(ContactRequest(contact))

    # A backup that is put back.

    async def run(self) -> None:
        """Whoever was erased after a backup was made is erased again once it is put back."""
        while True:
            if await self._db.read(personal.erases_again):
                await self.erase_again()
            await self._clock.sleep(_AGAIN_S)

    async def erase_again(self) -> None:
        kept = {who.contact for who in await self._db.walk(personal.read_all)}
        again = await asyncio.to_thread(self._erasures.known, kept)
        waiting = 0
        for contact, moment in sorted(again.items()):
            try:
                await self._erase(contact, "kiosk", self._clock.now(), moment)
            except PersonalDataInUse:
                waiting += 1
        if again:
            await self._empty_log()
        _log.info("erased_again", customers=len(again) - waiting, waiting=waiting)
        if not waiting:
            await self._db.write(personal.erased_again)


def _who(reader: Reader, contact: str) -> tuple[Who, CustomerRow | None]:
    row = customers.by_phone(reader, contact)
    return Who(contact, None if row is None else row.customer_id), row


def _require(reader: Reader, contact: str) -> CustomerRow:
    row = customers.by_phone(reader, contact)
    if row is None:
        raise NotFound
    return row
