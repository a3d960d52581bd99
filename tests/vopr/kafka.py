"""A Kafka cluster of one broker as a simulated device: as much of the protocol as an idempotent producer speaks.

What it acknowledged it keeps, also without power; it knows a producer's repetitions by their numbers, as brokers do
(KIP-98). The calls are in the words of the client's own library; that both are Kafka's is tested elsewhere, against
librdkafka (`tests.kafka_peer`).
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from aiokafka.protocol.admin import ApiVersionRequest_v0, ApiVersionResponse_v0
from aiokafka.protocol.metadata import MetadataRequest_v1, MetadataResponse_v1
from aiokafka.protocol.produce import ProduceRequest_v3, ProduceResponse_v3
from aiokafka.protocol.transaction import InitProducerIdRequest_v0, InitProducerIdResponse_v0
from aiokafka.record import MemoryRecords

from drivers.sim.faults import Faults
from drivers.sim.site import Site
from drivers.sim.world import Change, World
from tests.vopr.scheduler import here

PARTITIONS = 3
_NODE, _EPOCH, _NOBODY = 1, 0, -1
_OK, _OUT_OF_ORDER = 0, 45  # error codes of the protocol guide
_REQUESTS = (ApiVersionRequest_v0, MetadataRequest_v1, ProduceRequest_v3, InitProducerIdRequest_v0)
#: By (key, version) of the call.
_CALLS = {(kind.API_KEY, kind.API_VERSION): kind for kind in _REQUESTS}
_FAULTS: dict[str, tuple[str, ...]] = {"down": (), "slow": ("seconds",), "hold": (), "lose_answer": ()}


class KafkaDevice:
    """`down`: the port refuses and every connection is cut; `slow`: each call waits so long; `hold`: as long as the
    fault lasts; `lose_answer`: the next record is kept, and its producer never hears of it."""

    def __init__(self, world: World, port: int) -> None:
        self.faults = Faults(_FAULTS, self._fault_changed)
        self._world = world
        self._port = port
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.StreamWriter, None] = {}
        self._switching: asyncio.Task[None] | None = None
        self._answers: dict[type[Any], Callable[[Any], Any]] = {
            ApiVersionRequest_v0: self._versions,
            MetadataRequest_v1: self._metadata,
            InitProducerIdRequest_v0: self._new_producer,
            ProduceRequest_v3: self._keep,
        }

    def state(self) -> dict[str, Any]:
        return {"port": self._port}

    async def listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)

    def _fault_changed(self, name: str, *, on: bool) -> None:
        if name != "down":
            return
        if not on:
            self._switching = asyncio.get_running_loop().create_task(self.listen())
        elif self._server is not None:
            self._server.close()
            for writer in list(self._open):
                writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open[writer] = None
        try:
            while True:
                (length,) = struct.unpack(">i", await reader.readexactly(4))
                await self._answer(await reader.readexactly(length), writer)
        except (OSError, asyncio.IncompleteReadError):
            writer.close()
        finally:
            del self._open[writer]

    async def _answer(self, call: bytes, writer: asyncio.StreamWriter) -> None:
        key, version, number, name_length = struct.unpack(">hhih", call[:10])
        request = _CALLS[key, version].decode(BytesIO(call[10 + max(name_length, 0) :]))
        await self.faults.until_off("hold")
        if (slow := self.faults.on("slow")) is not None:
            await here().sleep(float(slow["seconds"]))
        body = self._answers[type(request)](request).encode()
        if isinstance(request, ProduceRequest_v3) and self.faults.take("lose_answer") is not None:
            writer.transport.abort()
            raise ConnectionResetError
        writer.write(struct.pack(">ii", len(body) + 4, number) + body)

    def _versions(self, _: ApiVersionRequest_v0) -> ApiVersionResponse_v0:
        return ApiVersionResponse_v0(_OK, [(key, version, version) for key, version in _CALLS])

    def _metadata(self, request: MetadataRequest_v1) -> MetadataResponse_v1:
        partitions = [(_OK, partition, _NODE, [_NODE], [_NODE]) for partition in range(PARTITIONS)]
        topics = [(_OK, topic, False, partitions) for topic in request.topics or []]
        return MetadataResponse_v1([(_NODE, "127.0.0.1", self._port, None)], _NODE, topics)

    def _new_producer(self, _: InitProducerIdRequest_v0) -> InitProducerIdResponse_v0:
        producer = self._world.get("producers", 0) + 1
        with self._world.change() as change:
            change.put("producers", producer)
        return InitProducerIdResponse_v0(0, _OK, producer, _EPOCH)

    def _keep(self, request: ProduceRequest_v3) -> ProduceResponse_v3:
        with self._world.change() as change:
            topics = [
                (topic, [(partition, *self._append(change, partition, data), _NOBODY) for partition, data in rows])
                for topic, rows in request.topics
            ]
        return ProduceResponse_v3(topics, 0)

    def _append(self, change: Change, partition: int, data: bytes) -> tuple[int, int]:
        """Error code and offset: of a batch that is known already, where it stands."""
        batch = MemoryRecords(data).next_batch()
        assert batch is not None, "a call without a record"
        place = f"last:{batch.producer_id}:{partition}"
        last, offset = self._world.get(place, (_NOBODY, 0))
        if batch.base_sequence <= last:
            return _OK, offset
        if batch.base_sequence != last + 1:
            return _OUT_OF_ORDER, _NOBODY
        offset = self._world.get(f"end:{partition}", 0)
        for number, record in enumerate(batch):
            last = batch.base_sequence + number
            change.effect("record", partition=partition, offset=offset + number, **_told(record))
        change.put(place, (last, offset))
        change.put(f"end:{partition}", offset + 1 + last - batch.base_sequence)
        return _OK, offset


def _told(record: Any) -> dict[str, Any]:
    """What the ledger tells of a record: its key, and the event that stands in it."""
    event, headers = json.loads(record.value), dict(record.headers)
    assert headers["ce_id"].decode() == event["id"], headers
    return {"key": record.key.decode(), **{name: event.get(name) for name in ("id", "sequence", "type", "subject")}}


@asynccontextmanager
async def kafka(port: int, *, state: Path, ledger: Path, site: Site) -> AsyncIterator[KafkaDevice]:
    device = KafkaDevice(World("broker", state, ledger, site), port)
    await device.listen()
    yield device
