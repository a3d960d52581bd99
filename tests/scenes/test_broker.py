"""Seed order 3.6 beyond one machine: the outbox goes to Kafka too, read back by the reference client
(operation.md#many-restaurants-one-broker)."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.clocks import JumpingClock
from tests.command import kiosk, ok
from tests.kafka_peer import KafkaPeer, kafka_peer, read_all, repeated
from tests.restaurant import Restaurant, restaurant, until

TOPIC = "restaurant.events"
URL = f"kafka:{TOPIC}"


@asynccontextmanager
async def published(**changes: Any) -> AsyncIterator[tuple[Restaurant, KafkaPeer]]:
    with kafka_peer(TOPIC) as peer:
        tail = f'[broker]\nkind = "kafka"\nbootstrap = "{peer.bootstrap}"\ntopic = "{TOPIC}"\n'
        async with restaurant(tail=tail, broker_timeout_s=0.5, **changes) as place:
            yield place, peer


async def sell(place: Restaurant) -> str:
    """One tea, paid and handed out; its order id."""
    guest = await place.guest()
    order_id: str = (await guest.order(("tea", 1)))["order_id"]
    assert (await guest.pay(order_id)).status == 200
    await guest.until_status(order_id, "completed")
    return order_id


async def endpoint(place: Restaurant) -> dict[str, Any]:
    rows = (await place.internal("GET", "/internal/webhooks")).body["webhooks"]
    return next((row for row in rows if row["url"] == URL), {})


async def until_failed(place: Restaurant, tries: int) -> dict[str, Any]:
    async def there() -> dict[str, Any] | None:
        row = await endpoint(place)
        return row if row.get("tries", 0) >= tries else None

    found: dict[str, Any] = await until(there)
    return found


async def enable(place: Restaurant) -> None:
    """What a person does who does not want to wait for the next try, until the broker has answered in time."""

    async def answered() -> bool:
        await ok(place, "webhooks", "enable", URL)
        return (await endpoint(place))["last_error"] is None

    await until(answered)


async def judged(place: Restaurant, peer: KafkaPeer) -> set[str]:
    """Once the broker has everything there is: the ids that it has more than once."""

    async def acknowledged() -> list[dict[str, Any]] | None:
        events, row = await place.events(), await endpoint(place)
        return events if row.get("sequence", 0) >= events[-1]["sequence"] else None

    events = await until(acknowledged)
    records = await asyncio.to_thread(read_all, peer.bootstrap, TOPIC)
    return repeated([row for row in records if row.event["sequence"] <= events[-1]["sequence"]], events)


async def test_3_6_every_event_stands_in_the_topic_once_keyed_by_its_order() -> None:
    async with published() as (place, peer):
        order_ids = {await sell(place) for _ in range(3)}
        assert await judged(place, peer) == set()
        records = await asyncio.to_thread(read_all, peer.bootstrap, TOPIC)
        assert order_ids == {record.key for record in records if record.headers["ce_type"] == "OrderPaidEvent"}
        assert "/kiosk/7700000000" in {record.key for record in records}, "what belongs to no order has a key too"


async def test_3_6_broker_that_goes_down_and_comes_back_delays_no_order_and_gets_everything_once() -> None:
    async with published() as (place, peer):
        await sell(place)
        assert await judged(place, peer) == set()
        peer.tell("down")
        await asyncio.gather(sell(place), sell(place))
        row = await until_failed(place, 2)
        assert (row["state"], row["lag"] > 0) == ("active", True)
        assert row["last_error"].startswith("broker: no_ack")
        peer.tell("up")
        await enable(place)
        assert await judged(place, peer) == set()
        assert (await endpoint(place))["last_error"] is None


async def test_3_6_broker_that_falls_silent_gets_the_event_in_flight_again_under_its_id() -> None:
    async with published() as (place, peer):
        assert await judged(place, peer) == set()
        peer.freeze()
        await sell(place)
        await until_failed(place, 2)
        peer.thaw()
        await enable(place)
        # A real broker drops the repetition by its producer's sequence; the mock keeps both.
        assert len(await judged(place, peer)) <= 1


async def test_3_6_kiosk_that_starts_without_its_broker_sells_and_publishes_later() -> None:
    async with published() as (place, peer):
        await sell(place)
        assert await judged(place, peer) == set()
        peer.tell("down")
        await place.restart()
        await place.until_open()
        await sell(place)
        await until_failed(place, 1)
        peer.tell("up")
        assert await judged(place, peer) == set()


async def test_3_6_replay_of_the_webhooks_does_not_repeat_the_topic_unless_it_is_named() -> None:
    async with published() as (place, peer):
        assert await judged(place, peer) == set()
        assert (await kiosk(place, "webhooks", "replay", "--from", "1")).code == 1
        assert await judged(place, peer) == set()
        await ok(place, "webhooks", "replay", "--from", "1", "--url", URL)
        await until(lambda: _all_twice(place, peer))


async def _all_twice(place: Restaurant, peer: KafkaPeer) -> bool:
    return await judged(place, peer) == {event["event_id"] for event in await place.events()}


def metric(text: bytes, name: str) -> float:
    return float(next(line for line in text.decode().splitlines() if line.startswith(name)).split()[-1])


@pytest.mark.heavy
async def test_3_6_broker_that_is_away_for_long_shows_in_status_devices_metrics_and_events() -> None:
    clock = JumpingClock()
    async with published(clock=clock) as (place, peer):
        assert await judged(place, peer) == set()
        assert (await ok(place, "status"))["checks"]["broker"] == {"ok": True, "reason": None}
        peer.tell("down")
        for tries, pause_s in enumerate((1, 5, 30, 300, 1800, 3600), 1):
            await ok(place, "pause")  # a commit: the loop looks at its clock
            await ok(place, "resume")
            if tries == 1:
                await sell(place)
            await until_failed(place, tries)
            clock.jump(1.1 * pause_s)
        assert (await endpoint(place))["state"] == "suspended"
        assert (await ok(place, "status"))["checks"]["broker"] == {"ok": False, "reason": "broker_suspended"}
        check = await kiosk(place, "check", "--json")
        assert {"check": "broker", "ok": False, "detail": "broker_suspended"} in check.json["checks"]
        assert check.code == 1
        told = (await place.call("GET", "/metrics")).body
        assert metric(told, f'kiosk_relay_ok{{to="{URL}"}}') == 0
        assert metric(told, f'kiosk_relay_lag_events{{to="{URL}"}}') > 0
        faults = [event["data"] for event in await place.events() if event["type"] == "DeviceFaultEvent"]
        # The registrar's clock is off as well: the wall clock jumped.
        assert (f"broker:{URL}", "broker_suspended") in [(fault["device"], fault["code"]) for fault in faults]
        peer.tell("up")
        await enable(place)
        assert await judged(place, peer) == set()
        assert (await ok(place, "status"))["checks"]["broker"]["ok"]
        recovered = [event["data"] for event in await place.events() if event["type"] == "DeviceRecoveredEvent"]
        assert {"device": f"broker:{URL}"} in recovered


def test_3_6_without_the_extra_the_start_says_what_to_install(tmp_path: Path) -> None:
    text = '[broker]\nkind = "kafka"\nbootstrap = "127.0.0.1:9092"\ntopic = "events"\n'
    (tmp_path / "config.toml").write_text(text)
    program = "import sys; sys.modules['aiokafka'] = None; from kiosk.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", program, "run", "--config", str(tmp_path / "config.toml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert done.stderr == "$.broker.kind: aiokafka is missing: pip install 'ogonyok-kiosk[kafka]'\n"
