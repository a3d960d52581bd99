"""Outbound webhooks (http.md#webhooks) against a receiver that verifies with the official libraries."""

from __future__ import annotations

import itertools
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from drivers.errors import DeviceError
from drivers.webhook.port import Delivery
from drivers.webhook.sender import HttpWebhookSender
from kiosk.config import ConfigError, load
from tests.receiver import Delivered, Receiver, receiver
from tests.restaurant import Restaurant, restaurant, until
from tests.scenes.test_refusals import assert_problem


@asynccontextmanager
async def connected(folder: Path, secrets: int = 1, more: str = "") -> AsyncIterator[tuple[Restaurant, Receiver]]:
    """A restaurant whose events go to a receiver; those of its start have arrived and are forgotten."""
    async with receiver(secrets) as cloud:
        (folder / "hook.secret").write_text("\n".join(cloud.secrets))
        tail = f'[[webhooks]]\nurl = "{cloud.url}"\nsecret_file = "{folder}/hook.secret"\n{more}'
        async with restaurant(tail=tail) as place:
            await until(lambda: all_delivered(place))
            cloud.seen.clear()
            yield place, cloud


async def sell(place: Restaurant) -> str:
    """One tea, paid and handed out; its order id."""
    guest = await place.guest()
    order_id: str = (await guest.order(("tea", 1)))["order_id"]
    assert (await guest.pay(order_id)).status == 200
    await guest.until_status(order_id, "completed")
    return order_id


async def endpoint(place: Restaurant) -> dict[str, Any]:
    rows: list[dict[str, Any]] = (await place.internal("GET", "/internal/webhooks")).body["webhooks"]
    return rows[0] if rows else {}


async def all_delivered(place: Restaurant) -> bool:
    return (await endpoint(place)).get("lag") == 0


async def until_state(place: Restaurant, state: str) -> dict[str, Any]:
    async def there() -> dict[str, Any] | None:
        row = await endpoint(place)
        return row if row["state"] == state else None

    found: dict[str, Any] = await until(there)
    return found


def first_of_each(deliveries: list[Delivered]) -> list[int]:
    """The sequences without the repeats, as they first came."""
    return list(dict.fromkeys(delivery.sequence for delivery in deliveries))


def gap_free(sequences: list[int]) -> bool:
    return all(after == before + 1 for before, after in itertools.pairwise(sequences))


async def test_every_event_arrives_once_signed_and_in_order(tmp_path: Path) -> None:
    async with connected(tmp_path) as (place, cloud):
        order_id = await sell(place)
        await cloud.until_accepted("OrderCompletedEvent")
        assert gap_free([delivery.sequence for delivery in cloud.seen])
        published = {event["sequence"]: event for event in await place.events()}
        for delivery in cloud.seen:
            event = published[delivery.sequence]
            assert (delivery.webhook_id, delivery.type) == (event["event_id"], event["type"])
            assert (delivery.subject, delivery.data) == (event["order_id"], event["data"])
        of_order = [delivery.type for delivery in cloud.seen if delivery.subject == order_id]
        assert (of_order[:2], of_order[-1]) == (["OrderCreatedEvent", "OrderPaidEvent"], "OrderCompletedEvent")
        await until(lambda: all_delivered(place))  # the answer is on its way into the books


async def test_a_refused_event_comes_again_with_its_id_before_the_next(tmp_path: Path) -> None:
    async with connected(tmp_path) as (place, cloud):
        cloud.answers.append((500, {}))
        await sell(place)
        await cloud.until_accepted("OrderCompletedEvent")
        first, second = cloud.seen[:2]
        assert (first.status, second.status) == (500, 204)
        assert (first.webhook_id, first.body) == (second.webhook_id, second.body)
        assert gap_free([delivery.sequence for delivery in cloud.accepted])


async def test_a_cloud_that_is_gone_gets_everything_later(tmp_path: Path) -> None:
    async with connected(tmp_path) as (place, cloud):
        await cloud.close()
        await sell(place)
        assert (await endpoint(place))["tries"] >= 1
        await cloud.open()
        await cloud.until_accepted("OrderCompletedEvent")
        assert cloud.seen[0].type == "OrderCreatedEvent"
        assert gap_free([delivery.sequence for delivery in cloud.seen])


async def test_gone_for_good_disables_until_it_is_enabled_again(tmp_path: Path) -> None:
    async with connected(tmp_path) as (place, cloud):
        cloud.answers.append((410, {}))
        await sell(place)
        row = await until_state(place, "disabled")
        assert (row["last_error"], len(cloud.seen)) == ("HTTP 410", 1)
        await sell(place)
        assert len(cloud.seen) == 1
        fault = next(event["data"] for event in await place.events() if event["type"] == "DeviceFaultEvent")
        assert fault["code"] == "webhook_disabled"
        answer = await place.internal("POST", "/internal/webhooks/enable", {"url": cloud.url})
        assert answer.status == 200, answer
        await cloud.until_accepted("OrderCompletedEvent", 2)
        assert gap_free(first_of_each(cloud.seen))
        await cloud.until_accepted("DeviceRecoveredEvent")
        unknown = await place.internal("POST", "/internal/webhooks/enable", {"url": "https://example.org"})
        assert (unknown.status, unknown.code) == (404, "not_found")


async def test_a_replay_delivers_again_from_the_sequence_on(tmp_path: Path) -> None:
    async with connected(tmp_path) as (place, cloud):
        await sell(place)
        paid = (await cloud.until_accepted("OrderPaidEvent"))[0]
        await cloud.until_accepted("OrderCompletedEvent")
        await until(lambda: all_delivered(place))
        before = len(cloud.seen)
        body = {"sequence": paid.sequence, "url": cloud.url}
        assert (await place.internal("POST", "/internal/webhooks/replay", body)).status == 200
        await cloud.until_accepted("OrderCompletedEvent", 2)
        again = cloud.seen[before:]
        assert again[0].webhook_id == paid.webhook_id
        assert gap_free([delivery.sequence for delivery in again])


async def test_replay_from_a_number_that_no_event_has_is_refused() -> None:
    async with restaurant() as place:
        for sequence in (0, -1, 2**53 + 1, 2**63, 2**64, 10**30):
            refused = await place.internal("POST", "/internal/webhooks/replay", {"sequence": sequence})
            assert_problem(refused, 422, "invalid_request")


async def test_a_replay_from_the_future_skips_nothing(tmp_path: Path) -> None:
    async with connected(tmp_path) as (place, cloud):
        cloud.status = 500
        await sell(place)
        await cloud.until_seen(1)
        cloud.status = 200
        assert (await place.internal("POST", "/internal/webhooks/replay", {"sequence": 10**6})).status == 200
        await cloud.until_accepted("OrderCompletedEvent")
        assert gap_free(first_of_each(cloud.seen))
        assert cloud.accepted[0].sequence == cloud.seen[0].sequence


async def test_two_secrets_in_the_file_are_two_signatures(tmp_path: Path) -> None:
    async with connected(tmp_path, secrets=2) as (place, cloud):
        guest = await place.guest()
        await guest.order(("tea", 1))
        (created,) = await cloud.until_accepted("OrderCreatedEvent")
        one, two = created.headers["webhook-signature"].split()
        assert one != two


async def test_only_the_events_asked_for_are_delivered(tmp_path: Path) -> None:
    async with connected(tmp_path, more='events = ["OrderPaidEvent"]') as (place, cloud):
        orders = [await sell(place), await sell(place)]
        await cloud.until_accepted("OrderPaidEvent", 2)
        await until(lambda: all_delivered(place))
        assert [(delivery.type, delivery.subject) for delivery in cloud.seen] == [
            ("OrderPaidEvent", order_id) for order_id in orders
        ]


async def test_a_restarted_kiosk_goes_on_where_it_stood(tmp_path: Path) -> None:
    async with connected(tmp_path) as (place, cloud):
        await sell(place)
        await cloud.until_accepted("OrderCompletedEvent")
        await until(lambda: all_delivered(place))
        await cloud.close()
        guest = await place.guest()
        missed = (await guest.order(("tea", 1)))["order_id"]
        await place.restart()
        await cloud.open()
        created = await cloud.until_accepted("OrderCreatedEvent", 2)
        assert created[1].subject == missed
        assert gap_free([delivery.sequence for delivery in cloud.accepted])


async def test_the_pause_a_receiver_asks_for_is_kept(tmp_path: Path) -> None:
    async with connected(tmp_path) as (place, cloud):
        cloud.answers.append((503, {"Retry-After": "120"}))
        guest = await place.guest()
        await guest.order(("tea", 1))
        await cloud.until_seen(1)
        row = await until(lambda: failed(place))
        (event,) = [event for event in await place.events() if event["event_id"] == cloud.seen[0].webhook_id]
        assert at(row["next_at"]) - at(event["at"]) >= timedelta(seconds=119)
        await guest.order(("tea", 1))
        assert len(cloud.seen) == 1


def test_an_endpoint_named_twice_stops_the_start(tmp_path: Path) -> None:
    hook = '[[webhooks]]\nurl = "https://example.org/hook"\nsecret_file = "x"\n'
    (tmp_path / "config.toml").write_text(hook * 2)
    with pytest.raises(ConfigError, match="webhooks"):
        load(tmp_path / "config.toml")


async def failed(place: Restaurant) -> dict[str, Any] | None:
    row = await endpoint(place)
    return row if row["tries"] == 1 else None


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


class Zone(AbstractResolver):
    """A name server of the test's own."""

    def __init__(self, **addresses: list[str]) -> None:
        self._addresses = addresses

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST)
            for address in self._addresses[host.partition(".")[0]]
        ]

    async def close(self) -> None: ...


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00::1", "::ffff:10.0.0.1"])
async def test_a_public_name_with_a_private_address_is_refused(address: str) -> None:
    async with receiver() as cloud:
        sender = HttpWebhookSender(timeout_s=2.0, resolver=Zone(hooks=["93.184.216.34", address]))
        try:
            with pytest.raises(DeviceError, match="private address"):
                await sender.deliver(f"http://hooks.example:{cloud.port}/hook", {}, b"{}")
        finally:
            await sender.close()
        assert cloud.seen == []


async def test_a_redirect_is_not_followed() -> None:
    async with receiver() as cloud:
        cloud.answers.append((302, {"Location": cloud.url}))
        sender = HttpWebhookSender(timeout_s=2.0)
        try:
            delivery = await sender.deliver(cloud.url, {}, b"{}")
        finally:
            await sender.close()
        assert (delivery.status, delivery.accepted) == (302, False)
        assert len(cloud.broken) == 1  # what came is no event, and it came once
        cloud.broken.clear()


@pytest.mark.parametrize(
    ("asked", "pause_s"),
    [
        ("120", 120.0),
        ("Sun, 22 Nov 2026 12:02:00 GMT", 120.0),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0.0),
        ("99999999", 86400.0),
        ("soon", None),
        ("-5", None),
    ],
)
async def test_retry_after_is_read_as_seconds_or_as_a_date(asked: str, pause_s: float | None) -> None:
    async with receiver() as cloud:
        cloud.answers.append((429, {"Retry-After": asked, "Date": "Sun, 22 Nov 2026 12:00:00 GMT"}))
        sender = HttpWebhookSender(timeout_s=2.0)
        try:
            assert await sender.deliver(cloud.url, {}, b"{}") == Delivery(429, pause_s)
        finally:
            await sender.close()
        cloud.broken.clear()  # no event was meant
