"""The Kafka driver by itself: how it comes in, what it says when nobody answers, and that it never holds the exit."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import struct
from pathlib import Path

import pytest

from drivers.broker.kafka import FRESH_AFTER, KafkaAccess, KafkaBroker
from drivers.broker.port import Record
from drivers.errors import OutcomeUnknown
from kiosk.config import ConfigError
from kiosk.config.settings import Broker
from kiosk.wiring.targets import broker_of
from tests.kafka_peer import kafka_peer, read_all
from tests.kafka_road import between

TOPIC = "events"


def record(number: int) -> Record:
    return Record(TOPIC, b"order", str(number).encode(), (("ce_id", str(number)),))


async def test_a_record_is_kept_before_the_call_returns() -> None:
    with kafka_peer(TOPIC) as peer:
        broker = KafkaBroker(peer.bootstrap, KafkaAccess(), timeout_s=2.0)
        for number in range(20):
            await broker.publish(record(number))
        await broker.close()
        assert [int(kept.value) for kept in read_all(peer.bootstrap, TOPIC)] == list(range(20))


async def test_a_record_without_an_answer_stays_with_its_producer_and_lands_once() -> None:
    with kafka_peer(TOPIC) as peer:
        broker = KafkaBroker(peer.bootstrap, KafkaAccess(), timeout_s=0.4)
        await broker.publish(record(1))
        peer.tell("down")
        for _ in range(2):
            with pytest.raises(OutcomeUnknown):
                await broker.publish(record(2))
        peer.tell("up")
        await broker.publish(record(2))
        await broker.publish(record(3))
        await broker.close()
        assert [int(kept.value) for kept in read_all(peer.bootstrap, TOPIC)] == [1, 2, 3]


async def test_another_record_waits_for_the_one_without_an_answer() -> None:
    with kafka_peer(TOPIC) as peer:
        broker = KafkaBroker(peer.bootstrap, KafkaAccess(), timeout_s=0.4)
        await broker.publish(record(1))
        peer.tell("down")
        with pytest.raises(OutcomeUnknown):
            await broker.publish(record(2))
        with pytest.raises(OutcomeUnknown):
            await broker.publish(record(1))  # a replay was asked for meanwhile
        peer.tell("up")
        await broker.publish(record(1))
        await broker.close()
        assert [int(kept.value) for kept in read_all(peer.bootstrap, TOPIC)] == [1, 2, 1]


async def test_nobody_there_is_told_and_an_unsent_record_does_not_hold_the_exit() -> None:
    nobody = KafkaBroker("127.0.0.1:9", KafkaAccess(), timeout_s=0.4)
    with pytest.raises(OutcomeUnknown, match="no_ack"):
        await nobody.publish(record(1))
    await nobody.close()
    with kafka_peer(TOPIC) as peer:
        broker = KafkaBroker(peer.bootstrap, KafkaAccess(), timeout_s=0.4)
        await broker.publish(record(1))
        peer.tell("down")
        with pytest.raises(OutcomeUnknown):
            await broker.publish(record(2))
        async with asyncio.timeout(40.0):
            await broker.close()


async def test_producer_that_waits_for_an_answer_it_will_never_get_is_replaced() -> None:
    with kafka_peer(TOPIC) as peer:
        async with between(peer.bootstrap) as road:
            broker = KafkaBroker(road.bootstrap, KafkaAccess(), timeout_s=0.4)
            await broker.publish(record(1))
            road.empty_answers = 1
            for _ in range(FRESH_AFTER):
                with pytest.raises(OutcomeUnknown):
                    await broker.publish(record(2))
            assert road.empty_answers == 0
            await broker.publish(record(2))
            await broker.publish(record(3))
            await broker.close()
        assert [int(kept.value) for kept in read_all(peer.bootstrap, TOPIC)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("access", "protocol"),
    [
        (KafkaAccess(), "PLAINTEXT"),
        (KafkaAccess(tls=True), "SSL"),
        (KafkaAccess(user="kiosk", password="p"), "SASL_PLAINTEXT"),
        (KafkaAccess(tls=True, user="kiosk", password="p"), "SASL_SSL"),
    ],
)
def test_way_in_is_encrypted_and_named_as_the_site_wants_it(access: KafkaAccess, protocol: str) -> None:
    options = access.options()
    assert options["security_protocol"] == protocol
    assert (options.get("ssl_context") is not None) == access.tls
    if access.tls:
        assert options["ssl_context"].verify_mode is ssl.CERT_REQUIRED
        assert options["ssl_context"].check_hostname
    assert (options.get("sasl_mechanism"), options.get("sasl_plain_password")) == (
        ("SCRAM-SHA-512", "p") if access.user else (None, None)
    )


def test_outside_this_machine_there_is_no_way_in_without_tls(tmp_path: Path) -> None:
    far = Broker(kind="kafka", bootstrap="127.0.0.1:9092,broker.example:9093", topic="t")
    assert not far.local
    with pytest.raises(ConfigError, match="ca_file"):
        broker_of(Broker(kind="kafka", bootstrap="b:9093", topic="t", ca_file=str(tmp_path / "none")), 1.0)
    with pytest.raises(ConfigError, match="password_file"):
        broker_of(Broker(kind="kafka", bootstrap="b:1", topic="t", user="u", password_file=str(tmp_path / "none")), 1.0)


@pytest.mark.parametrize("versions", [(211, 0), (-32768, 32767)], ids=["none", "all"])
async def test_3_6_broker_that_tells_impossible_versions_is_in_doubt(versions: tuple[int, int]) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while size := int.from_bytes(await reader.readexactly(4), "big"):
                number = (await reader.readexactly(size))[4:8]
                keys = b"".join(struct.pack(">hhh", key, *versions) for key in (0, 3, 18, 22))
                body = number + struct.pack(">hi", 0, 4) + keys
                writer.write(struct.pack(">i", len(body)) + body)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        broker = KafkaBroker(f"127.0.0.1:{server.sockets[0].getsockname()[1]}", KafkaAccess(), timeout_s=1.0)
        with pytest.raises(OutcomeUnknown):
            await broker.publish(Record("t", b"k", b"v", ()))
        await broker.close()
