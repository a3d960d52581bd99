"""The simulated broker and the judge of its topic."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from drivers.broker.kafka import KafkaAccess, KafkaBroker
from drivers.broker.port import Record
from drivers.sim.site import Site
from tests.crash.outgoing import lacking, misplaced
from tests.restaurant import ledger
from tests.vopr.kafka import kafka
from tests.vopr.network import Line
from tests.vopr.scheduler import Simulation
from tests.vopr.test_simulation import simulated

_PORT = 8802


def _record(sequence: int, order_id: str = "A") -> Record:
    name = f"E{sequence}"
    event = {"id": name, "sequence": sequence, "type": "OrderPaidEvent", "subject": order_id}
    return Record("events", order_id.encode(), json.dumps(event).encode(), (("ce_id", name),))


def _kept(sim: Simulation, folder: Path, fault: str) -> list[int]:
    """What stands in the topic after three records, the second of them under a fault."""
    far, near = sim.host("broker"), sim.host("kiosk")
    site = Site(sim.wall, sim.monotonic, lambda link, on_bytes: Line(sim, link, on_bytes))
    opened = kafka(_PORT, state=folder / "broker.state", ledger=folder / "broker.jsonl", site=site)
    sim.keep(opened)
    device = sim.run_task(far, opened.__aenter__())
    broker = sim.run_in(near, lambda: KafkaBroker(f"127.0.0.1:{_PORT}", KafkaAccess(), 1.0))
    sim.run_task(near, broker.publish(_record(1)))
    sim.run_in(far, lambda: device.faults.switch(fault))
    sent = sim.run_in(near, lambda: near.create_task(broker.publish(_record(2))))
    sim.run_until(sim.now + 0.5)
    sim.run_in(far, lambda: device.faults.switch(fault, on=False))
    sim.run_until(sim.now + 2.0, sent.done)
    assert sent.exception() is None
    sim.run_task(near, broker.publish(_record(3)))
    return [line["sequence"] for line in ledger(folder / "broker.jsonl")]


def test_4_record_whose_answer_was_lost_stands_in_the_topic_once(tmp_path: Path) -> None:
    assert simulated(lambda sim: _kept(sim, tmp_path, "lose_answer")) == [1, 2, 3]


def test_4_record_waits_for_a_broker_that_is_down(tmp_path: Path) -> None:
    assert simulated(lambda sim: _kept(sim, tmp_path, "down")) == [1, 2, 3]


def _line(sequence: int, key: str = "A", partition: int = 0, **more: Any) -> dict[str, Any]:
    return {"sequence": sequence, "id": f"E{sequence}", "key": key, "partition": partition, **more}


def test_4_what_is_wrong_in_a_topic_is_named() -> None:
    events = [{"sequence": number, "event_id": f"E{number}", "order_id": "A"} for number in (1, 2, 3)]
    right = [_line(1), _line(2), _line(2), _line(3)]
    assert [*lacking(right, events), *misplaced(right, events)] == []
    assert [*lacking(right[:-1], events)] == ["event 3 never came to the topic"]
    assert [*misplaced([_line(1), _line(3), _line(2)], events)] == ["records of A came as [1, 3, 2]"]
    assert [*misplaced([_line(1), _line(2, partition=1)], events)] == ["key A is in 2 partitions"]
    assert [*misplaced([_line(1, key="B")], events)] == ["record 1 of A has the key B"]
    assert [*misplaced([_line(1, id="E9")], events)] == ["record 1 under a foreign id"]
