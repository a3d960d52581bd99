"""Hours of a cloud that is down, in virtual time: the schedule, the alarm, and that nothing is dropped."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator

import pytest

from drivers.webhook.sender import HttpWebhookSender
from kiosk.domain.events import DeviceRecoveredEvent, StockLowEvent
from kiosk.domain.signing import read_keys
from kiosk.sinks.relay import Relay
from kiosk.sinks.webhooks import Subscription, WebhookEndpoint
from kiosk.store.database import Database
from kiosk.store.events import endpoints, outbox
from kiosk.tasks import Tasks
from tests.clocks import ManualClock
from tests.receiver import Receiver, receiver
from tests.restaurant import until

SCHEDULE_S = [1, 5, 30, 300, 1800, 3600, 3600, 3600]
EVENTS = 60


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def cloud() -> AsyncIterator[Receiver]:
    """Virtual signatures are of another time than the library's clock, which is not asked here."""
    async with receiver(check_age=False) as found:
        yield found


@pytest.fixture
async def forwarding(database: Database, clock: ManualClock, cloud: Receiver) -> AsyncIterator[None]:
    """The loop towards the cloud, with the real sender."""
    sender = HttpWebhookSender(timeout_s=2.0)
    tasks = Tasks(clock)
    subscription = Subscription(cloud.url, read_keys(cloud.secrets[0]), frozenset({"*"}))
    target = WebhookEndpoint(subscription, sender, "/kiosk/1", clock)
    tasks.supervise("webhook", lambda: Relay(database, clock).run(target), ())
    await until(lambda: standing(database, cloud))
    yield
    await tasks.cancel()
    await sender.close()
    assert not tasks.failed.done()


async def standing(database: Database, cloud: Receiver) -> endpoints.EndpointRow | None:
    return await database.read(endpoints.read, cloud.url)


async def until_tried(database: Database, cloud: Receiver, tries: int) -> endpoints.EndpointRow:
    async def there() -> endpoints.EndpointRow | None:
        row = await standing(database, cloud)
        return row if row is not None and row.tries == tries else None

    found: endpoints.EndpointRow = await until(there)
    return found


async def publish(database: Database, clock: ManualClock, count: int) -> None:
    now = clock.now()
    event = StockLowEvent(bin=1, ingredient="udon", level=3, unit="piece")
    for _ in range(count):
        await database.write(outbox.put, event, now)


async def test_a_cloud_down_for_hours_is_tried_on_schedule_and_gets_everything(
    database: Database, clock: ManualClock, cloud: Receiver, forwarding: None
) -> None:
    cloud.status = 500
    await publish(database, clock, EVENTS)
    for tries, pause_s in enumerate(SCHEDULE_S, 1):
        row = await until_tried(database, cloud, tries)
        assert row.next_at is not None
        wait_s = (row.next_at - clock.now()).total_seconds()
        assert pause_s <= wait_s <= 1.1 * pause_s
        wait_s += 0.01  # the steps are added up in floats
        assert row.state == ("suspended" if tries >= 6 else "active")
        assert len(cloud.seen) == tries
        waited_s = 0.0
        while waited_s < wait_s:  # no longer than its look at the wall clock
            step_s = min(60.0, wait_s - waited_s)
            await clock.until_asleep()
            assert len(cloud.seen) == tries
            clock.advance(step_s)
            waited_s += step_s
        await cloud.until_seen(tries + 1)
    assert len({delivery.webhook_id for delivery in cloud.seen}) == 1
    cloud.status = 200
    row = await until_tried(database, cloud, len(SCHEDULE_S) + 1)
    await clock.until_asleep()
    clock.advance(2 * 3600)
    await until(lambda: len(cloud.accepted) >= EVENTS + 2)
    sequences = [delivery.sequence for delivery in cloud.accepted]
    assert all(after == before + 1 for before, after in itertools.pairwise(sequences))
    kinds = [delivery.type for delivery in cloud.accepted]
    assert kinds == ["StockLowEvent"] * EVENTS + ["DeviceFaultEvent", "DeviceRecoveredEvent"]
    row = await until_tried(database, cloud, 0)
    assert (row.state, row.last_error) == ("active", None)


async def test_an_endpoint_with_nothing_to_do_rests(
    database: Database, clock: ManualClock, cloud: Receiver, forwarding: None
) -> None:
    commits: list[None] = []
    await clock.until_asleep()
    database.watch(lambda: commits.append(None))
    await publish(database, clock, 1)
    await cloud.until_accepted("StockLowEvent")
    await clock.until_asleep()
    await database.write(lambda tx: None)
    await clock.until_asleep()
    assert len(commits) == 3  # the event, its delivery, and ours


async def test_a_replay_asked_for_in_mid_delivery_is_not_lost(
    database: Database, clock: ManualClock, cloud: Receiver, forwarding: None
) -> None:
    await publish(database, clock, 3)
    await until(lambda: len(cloud.accepted) == 3)
    first = cloud.accepted[0].sequence
    await until(lambda: at_sequence(database, cloud, first + 2))
    cloud.gate.clear()
    await database.write(outbox.put, DeviceRecoveredEvent(device="robot"), clock.now())
    await until(lambda: cloud.waiting)
    await database.write(endpoints.rewind, cloud.url, first)
    cloud.gate.set()
    await until(lambda: at_sequence(database, cloud, first + 3))
    again = [delivery.sequence for delivery in cloud.accepted[3:] if delivery.sequence < first + 3]
    assert again == [first, first + 1, first + 2]


async def at_sequence(database: Database, cloud: Receiver, sequence: int) -> bool:
    row = await standing(database, cloud)
    return row is not None and row.sequence == sequence


@pytest.mark.parametrize("text", ["", "secret", "whsec_!!!", "whsec_c2hvcnQ="])
def test_a_secret_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="webhook secret"):
        read_keys(text)
