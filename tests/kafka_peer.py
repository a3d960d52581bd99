"""A Kafka cluster of one broker for a test: librdkafka's own mock, in a process of its own, that goes down and up.

`python -m tests.kafka_peer TOPIC` prints host:port, then obeys `down` and `up` line by line: down, the port refuses and
every connection is cut; what was acknowledged is there when it is up again.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import confluent_kafka
from cloudevents.core.bindings.http import HTTPMessage, from_structured_event
from confluent_kafka import Consumer, TopicPartition

from tests.patient_loop import foreign

PARTITIONS = 3
_BROKER = 1
_DEADLINE_S = 40.0


@dataclass(frozen=True)
class Kept:
    """One record as a consumer gets it."""

    partition: int
    key: str
    value: bytes
    headers: dict[str, str]

    @property
    def event(self) -> dict[str, Any]:
        """By the official library; its headers say the same."""
        headers = {"content-type": self.headers["content-type"]}
        event = from_structured_event(HTTPMessage(headers=headers, body=self.value))
        assert (event.get_id(), event.get_type()) == (self.headers["ce_id"], self.headers["ce_type"])
        assert self.key == (event.get_subject() or event.get_source())
        found: dict[str, Any] = json.loads(self.value)
        return found


@dataclass
class KafkaPeer:
    bootstrap: str
    process: subprocess.Popen[str]

    def tell(self, word: str) -> None:
        """`down` or `up`."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "0\n"

    def freeze(self) -> None:
        """It holds its connections and answers nothing."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)


def read_all(bootstrap: str, topic: str) -> list[Kept]:
    """Everything in the topic, as the reference client reads it: each partition in its order."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "test", "enable.partition.eof": True})
    found: list[Kept] = []
    try:
        for partition in range(PARTITIONS):
            _, end = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=_DEADLINE_S)
            consumer.assign([TopicPartition(topic, partition, 0)])
            got = 0
            while got < end:
                message = consumer.poll(_DEADLINE_S)
                assert message is not None, f"partition {partition}: {got} of {end}"
                if message.error() is None:
                    headers = {name: _octets(value).decode() for name, value in dict(message.headers() or []).items()}
                    found.append(Kept(partition, _octets(message.key()).decode(), _octets(message.value()), headers))
                    got += 1
    finally:
        consumer.close()
    return found


def _octets(value: str | bytes | None) -> bytes:
    assert isinstance(value, bytes), value
    return value


def missing(records: list[Kept], events: list[dict[str, Any]]) -> set[str]:
    """The ids of the outbox that do not stand in the topic."""
    return {event["event_id"] for event in events} - {record.event["id"] for record in records}


def repeated(records: list[Kept], events: list[dict[str, Any]]) -> set[str]:
    """The ids that stand more than once in the topic; every event of the outbox must stand there, with its data, a
    key's events in one partition and, repetitions apart, in order."""
    kept = {record.event["id"]: record.event for record in records}
    told = {event["event_id"]: (event["sequence"], event["type"], event["data"]) for event in events}
    assert not missing(records, events), "an event is lost"
    assert {name: (event["sequence"], event["type"], event["data"]) for name, event in kept.items()} == told
    of_key, partitions = defaultdict(list), defaultdict(set)
    for record in records:
        of_key[record.key].append(record.event["sequence"])
        partitions[record.key].add(record.partition)
    for key, sequences in of_key.items():
        first = list(dict.fromkeys(sequences))
        assert first == sorted(first), key
        assert len(partitions[key]) == 1, key
    return {name for name, count in Counter(record.event["id"] for record in records).items() if count > 1}


@contextmanager
def kafka_peer(topic: str) -> Iterator[KafkaPeer]:
    command = [sys.executable, "-m", "tests.kafka_peer", topic]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        with foreign():
            yield KafkaPeer(process.stdout.readline().strip(), process)
    finally:
        process.kill()
        process.communicate()


def _library() -> ctypes.CDLL:
    """The wheel's librdkafka: its Python client starts a mock, but only rdkafka_mock.h can take it down."""
    beside = Path(confluent_kafka.__file__).parent.parent / "confluent_kafka.libs"
    library = ctypes.CDLL(str(next(beside.glob("librdkafka-*"))))
    pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    library.rd_kafka_conf_new.restype = pointer
    library.rd_kafka_new.restype, library.rd_kafka_new.argtypes = pointer, [number, pointer, text, ctypes.c_size_t]
    library.rd_kafka_mock_cluster_new.restype = pointer
    library.rd_kafka_mock_cluster_new.argtypes = [pointer, number]
    library.rd_kafka_mock_cluster_bootstraps.restype = text
    library.rd_kafka_mock_cluster_bootstraps.argtypes = [pointer]
    library.rd_kafka_mock_topic_create.argtypes = [pointer, text, number, number]
    for name in ("rd_kafka_mock_broker_set_down", "rd_kafka_mock_broker_set_up"):
        getattr(library, name).argtypes = [pointer, ctypes.c_int32]
    return library


def serve(topic: str) -> None:
    library = _library()
    client = library.rd_kafka_new(0, library.rd_kafka_conf_new(), ctypes.create_string_buffer(512), 512)
    cluster = library.rd_kafka_mock_cluster_new(client, _BROKER)
    assert library.rd_kafka_mock_topic_create(cluster, topic.encode(), PARTITIONS, _BROKER) == 0
    print(library.rd_kafka_mock_cluster_bootstraps(cluster).decode(), flush=True)
    for line in sys.stdin:
        name = f"rd_kafka_mock_broker_set_{line.strip()}"
        print(getattr(library, name)(cluster, _BROKER), flush=True)
    os._exit(0)  # whoever started it has gone


if __name__ == "__main__":
    serve(sys.argv[1])
