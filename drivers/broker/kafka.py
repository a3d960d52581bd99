"""Kafka by aiokafka: acks from all in-sync replicas, idempotent producer, one record in flight."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
import struct
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from drivers.broker.port import Record
from drivers.errors import OutcomeUnknown

_DEVICE = "broker"
_CLOSE_S = 1.0
#: So many calls in a row without an answer are the end of a producer.
FRESH_AFTER = 5
#: What an answer may end in: the library believes whatever length it is given.
_UNREADABLE = (
    KafkaError,
    OSError,
    TypeError,
    ValueError,
    struct.error,
    AssertionError,
    LookupError,
    AttributeError,
    ArithmeticError,
)


@dataclass(frozen=True, slots=True)
class KafkaAccess:
    """How to come in: `tls` with the system's authorities or those of `authorities` (PEM); `user` by SCRAM-SHA-512."""

    tls: bool = False
    authorities: str | None = None
    user: str = ""
    password: str = ""

    def options(self) -> dict[str, Any]:
        """In aiokafka's words. Raises `ssl.SSLError`, `TypeError` for `authorities` that are none."""
        found: dict[str, Any] = {}
        if self.tls:
            found["ssl_context"] = ssl.create_default_context(cadata=self.authorities)
        if self.user:
            found |= {
                "sasl_mechanism": "SCRAM-SHA-512",
                "sasl_plain_username": self.user,
                "sasl_plain_password": self.password,
            }
        protocol = {(False, False): "PLAINTEXT", (True, False): "SSL", (False, True): "SASL_PLAINTEXT"}
        return {"security_protocol": protocol.get((self.tls, bool(self.user)), "SASL_SSL"), **found}


class KafkaBroker:
    """`Broker`. `bootstrap`: host:port, several with commas; building it opens nothing.

    An idempotent producer retries a record without an end and the broker knows its repetitions, so a record without an
    answer stays with the producer that sent it: the next call of `publish` waits for the same one. A producer that has
    heard nothing for so long may have lost its way for good (an answer without the record it asked about leaves it
    waiting for ever): a fresh one sends the record again. That and the death of the process alone can make two of it.
    """

    def __init__(self, bootstrap: str, access: KafkaAccess, timeout_s: float = 20.0) -> None:
        self._bootstrap = bootstrap
        self._options = access.options()
        self._timeout_s = timeout_s
        self._producer: AIOKafkaProducer | None = None
        self._flying: tuple[Record, asyncio.Future[Any]] | None = None
        self._unanswered = 0
        # It logs every try of its own; what matters is raised, and logged by whoever publishes.
        logging.getLogger("aiokafka").setLevel(logging.CRITICAL + 1)

    async def publish(self, record: Record) -> None:
        try:
            async with asyncio.timeout(self._timeout_s):
                if self._flying is not None and self._flying[0] != record:
                    await self._landed(self._flying[1])
                if self._flying is None:
                    self._flying = (record, await self._sent(record))
                await self._landed(self._flying[1])
        except TimeoutError as error:
            self._unanswered += 1
            if self._unanswered % FRESH_AFTER == 0:
                await self.close()
            raise OutcomeUnknown(_DEVICE, "no_ack", f"within {self._timeout_s:g} s") from error
        except _UNREADABLE as error:  # this producer will not do it any more
            await self.close()
            raise OutcomeUnknown(_DEVICE, "no_ack", f"{type(error).__name__}: {error}"[:200]) from error

    async def _sent(self, record: Record) -> asyncio.Future[Any]:
        producer = await self._started()
        headers = [(name, text.encode()) for name, text in record.headers]
        sent: asyncio.Future[Any] = await producer.send(record.topic, record.value, key=record.key, headers=headers)
        return sent

    async def _landed(self, answer: asyncio.Future[Any]) -> None:
        await asyncio.shield(answer)
        self._flying = None
        self._unanswered = 0

    async def _started(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = AIOKafkaProducer(
                bootstrap_servers=self._bootstrap,
                client_id="kiosk",
                acks="all",
                enable_idempotence=True,
                request_timeout_ms=int(self._timeout_s * 1000 / 2),
                retry_backoff_ms=int(self._timeout_s * 1000 / 20),
                **self._options,
            )
            try:
                await producer.start()
            except BaseException:
                await _stop(producer)
                raise
            self._producer = producer
        return self._producer

    async def close(self) -> None:
        """Does not wait for a record that nobody takes: it is published again by the next process."""
        producer, self._producer, self._flying = self._producer, None, None
        if producer is not None:
            await _stop(producer)


async def _stop(producer: AIOKafkaProducer) -> None:
    try:
        async with asyncio.timeout(_CLOSE_S):
            await producer.stop()
    except _UNREADABLE:  # a timeout is one of them
        with contextlib.suppress(*_UNREADABLE):  # it raises again what its own tasks ended with
            await producer.client.close()
