"""The outbox: every event comes back whole and in order, each consumer from its own cursor."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.events import (
    EVENT_TYPES,
    DeviceFaultEvent,
    DeviceRecoveredEvent,
    Event,
    OrderReadyEvent,
    StoredEvent,
)
from kiosk.store.database import Database
from kiosk.store.events import device_faults, outbox
from tests.clocks import START


async def publish(database: Database, count: int) -> list[int]:
    return [await database.write(outbox.put, DeviceRecoveredEvent(device=f"d{n}"), START) for n in range(count)]


async def after(database: Database, sequence: int, limit: int = 100) -> list[int]:
    return [event.sequence for event in await database.read(outbox.after, sequence, limit)]


async def test_sequences_begin_at_one_and_leave_no_gap(database: Database) -> None:
    assert await publish(database, 5) == [1, 2, 3, 4, 5]


async def test_events_are_read_after_a_sequence_in_pages(database: Database) -> None:
    await publish(database, 5)
    assert await after(database, 0, 2) == [1, 2]
    assert await after(database, 2, 2) == [3, 4]
    assert await after(database, 4, 2) == [5]
    assert await after(database, 5) == []
    assert await after(database, 99) == []


async def test_the_bounds_are_what_is_kept(database: Database) -> None:
    async def bounds() -> tuple[int, int]:
        return await database.read(outbox.bounds)

    assert await bounds() == (0, 0)
    await publish(database, 5)
    assert await bounds() == (1, 5)
    await database.write(lambda tx: tx.execute("DELETE FROM event WHERE sequence <= 3"))
    assert await bounds() == (4, 5)


async def test_a_sequence_is_never_given_twice_also_when_the_events_are_gone(database: Database) -> None:
    await publish(database, 3)
    await database.write(lambda tx: tx.execute("DELETE FROM event"))
    assert await publish(database, 1) == [4]


async def test_every_consumer_has_a_cursor_of_its_own(database: Database) -> None:
    async def cursor(consumer: str) -> int:
        return await database.read(outbox.cursor_of, consumer)

    assert await cursor("cooking") == 0
    await database.write(outbox.advance, "cooking", 7)
    await database.write(outbox.advance, "showing", 3)
    await database.write(outbox.advance, "cooking", 8)
    assert (await cursor("cooking"), await cursor("showing"), await cursor("webhooks")) == (8, 3, 0)


async def test_an_event_comes_back_as_it_was_published(database: Database) -> None:
    event = OrderReadyEvent(order_id="ORDER1", number="A01", cell=3, cells=[3, 4])
    moment = datetime(2026, 11, 22, 12, 9, 52, 808000, tzinfo=UTC)
    await database.write(outbox.put, event, moment)
    (stored,) = await database.read(outbox.after, 0, 10)
    assert (stored.sequence, stored.type, stored.order_id, stored.at) == (1, "OrderReadyEvent", "ORDER1", moment)
    assert stored.decode() == event


events = st.one_of([st.builds(kind) for kind in EVENT_TYPES.values()])


@given(events)
def test_any_event_survives_the_outbox(event: Event) -> None:
    data = msgspec.json.encode(event).decode()
    assert StoredEvent(1, "id", event.type_name, START, event.subject, data).decode() == event


@pytest.mark.parametrize("kind", EVENT_TYPES.values())
def test_no_event_has_room_for_a_phone_or_a_code(kind: type[Event]) -> None:
    names = " ".join(kind.__struct_fields__)
    assert not any(word in names for word in ("phone", "pickup", "password", "token"))


def test_order_events_carry_order_and_number() -> None:
    for name, kind in EVENT_TYPES.items():
        if name.startswith(("Order", "Payment")):
            assert {"order_id", "number"} <= set(kind.__struct_fields__)


def test_the_events_are_those_of_the_contract() -> None:
    assert sorted(EVENT_TYPES) == sorted(
        [
            "OrderCreatedEvent",
            "OrderPaidEvent",
            "OrderCookingEvent",
            "OrderReadyEvent",
            "OrderCompletedEvent",
            "OrderCancelledEvent",
            "OrderRefundedEvent",
            "PaymentFailedEvent",
            "BonusChangedEvent",
            "StockLowEvent",
            "DeviceFaultEvent",
            "DeviceRecoveredEvent",
            "ShiftOpenedEvent",
            "ShiftClosedEvent",
            "MenuPublishedEvent",
        ]
    )


async def test_a_fault_is_told_once_and_its_end_once(database: Database) -> None:
    for code in (None, "paper_out", "paper_out", "cover_open", None, None):
        await database.write(device_faults.record, "fiscal", code, "", START)
    told = [event.decode() for event in await database.read(outbox.after, 0, 10)]
    assert told == [
        DeviceFaultEvent(device="fiscal", code="paper_out"),
        DeviceFaultEvent(device="fiscal", code="cover_open"),
        DeviceRecoveredEvent(device="fiscal"),
    ]
