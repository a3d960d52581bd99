"""Everything that is not the product's own in a simulated day, in one list; a test counts it.

What stands in `INJECTED` is given to the product and the simulators as a part. What stands in `REPLACED` is rebound by
name, once, in a process that ends with the day: time and chance of the interpreter, clocks that a library has captured,
the one place where aiohttp opens a socket, and the hands of `tests.crash`, which plays the same days with processes.
"""

from __future__ import annotations

import hashlib
import importlib
import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, tzinfo
from functools import partial
from types import FunctionType, MappingProxyType, SimpleNamespace
from typing import Any, cast

import aiohttp.connector
from aiokafka.producer.message_accumulator import BatchBuilder

from tests.vopr import devices, restaurant
from tests.vopr.network import Socket
from tests.vopr.people import People
from tests.vopr.scheduler import Host, Simulation

INJECTED = (
    "the event loop of every host",
    "Parts.clock", "Parts.open_link", "Parts.database", "Parts.checkpoint",
    "Site.now", "Site.monotonic", "Site.port",
    "the default VFS of SQLite",
)  # fmt: skip

#: `module:name` → why.
REPLACED: Mapping[str, str] = MappingProxyType(
    {
        "time:monotonic": "virtual time",
        "time:perf_counter": "virtual time",
        "time:time": "virtual time",
        "os:urandom": "chance from the seed: uuid4",
        "random:_urandom": "chance from the seed: secrets",
        "hashlib:scrypt": "is dear on purpose: a tenth of a day's time",
        "aiohttp.connector:monotonic": "a captured clock: how long a connection is kept for the next call",
        "aiohttp.connector:aiohappyeyeballs": "opens the socket of an outgoing call",
        "aiokafka.producer.message_accumulator:BatchBuilder": "a clock of its own in C: when a record was made",
        "standardwebhooks.webhooks:datetime": "a captured clock: how old a webhook may be",
        "drivers.sim.gateways.http:held_port": "holds a real port",
        "tests.crash.rig:datetime": "of which days the statistics are read",
        "tests.crash.rig:call": "over the network in memory",
        "tests.crash.rig:internal": "over the network in memory",
        "tests.crash.rig:Asked": "over the network in memory",
        "tests.crash.rig:pause": "lets virtual time go",
        "tests.crash.rig:Devices": "hosts instead of processes",
        "tests.crash.rig:KioskProcess": "a host instead of a process",
        "tests.crash.wildness:call": "over the network in memory",
        "tests.crash.wildness:pause": "lets virtual time go",
        "tests.crash.wildness:AtHandle": "counts the callbacks of a host",
        "tests.crash.customers:call": "over the network in memory",
        "tests.vopr.days:call": "over the network in memory",
        "tests.crash.bombs:die": "the death of a host",
    }
)

_CLOCKS = (
    "time",
    "time_ns",
    "monotonic",
    "monotonic_ns",
    "perf_counter",
    "perf_counter_ns",
    "gmtime",
    "localtime",
    "sleep",
)


def install(sim: Simulation, people: Host, registrar: str = "shtrih") -> None:
    """This process is a simulation from now on; there is no way back."""
    door = People(people)
    clock = _wall_clock(sim)
    random.seed(f"global {sim.seed}")
    values: dict[str, Any] = {
        "time:monotonic": sim.monotonic,
        "time:perf_counter": sim.monotonic,
        "time:time": sim.timestamp,
        "os:urandom": sim.entropy.randbytes,
        "random:_urandom": sim.entropy.randbytes,
        "hashlib:scrypt": _cheap_hash,
        "aiohttp.connector:monotonic": sim.monotonic,
        "aiohttp.connector:aiohappyeyeballs": _connections(sim),
        "aiokafka.producer.message_accumulator:BatchBuilder": _timed_batches(sim),
        "standardwebhooks.webhooks:datetime": clock,
        "drivers.sim.gateways.http:held_port": lambda port: Socket(("127.0.0.1", port)),
        "tests.crash.rig:datetime": clock,
        "tests.crash.rig:Devices": partial(devices.SimulatedDevices, sim, registrar),
        "tests.crash.rig:KioskProcess": partial(restaurant.SimulatedKiosk, sim),
        "tests.crash.wildness:AtHandle": restaurant.AtHandle,
        "tests.crash.bombs:die": partial(_die, sim),
    }
    hands = {"call": door.call, "internal": door.internal, "Asked": door.ask, "pause": door.pause}
    for where in REPLACED:
        module, _, name = where.partition(":")
        place = importlib.import_module(module)
        if not hasattr(place, name):
            raise AttributeError(f"{where} is not there any more")
        setattr(place, name, values[where] if where in values else hands[name])


def _cheap_hash(secret: bytes, *, salt: bytes, dklen: int, **dear: int) -> bytes:
    return hashlib.blake2b(secret, salt=hashlib.blake2b(salt, digest_size=16).digest(), digest_size=dklen).digest()


def _die(sim: Simulation) -> None:
    assert sim.current is not None
    sim.current.die()


def _wall_clock(sim: Simulation) -> type[datetime]:
    class Wall(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # a plain one
            return sim.wall().astimezone(tz)

    return Wall


def _timed_batches(sim: Simulation) -> Callable[..., Any]:
    """Batches whose records are of virtual time."""

    def build(*details: Any, **more: Any) -> Any:
        batch = BatchBuilder(*details, **more)
        plain = batch.append
        batch.append = lambda **record: plain(**{**record, "timestamp": int(sim.timestamp() * 1000)})
        return batch

    return build


def _connections(sim: Simulation) -> SimpleNamespace:
    """The module with `start_connection` of our own."""

    async def start_connection(addr_infos: Any, **more: Any) -> Socket:
        key = tuple(addr_infos[0][4][:2])
        assert sim.current is not None
        await sim.network.reach(sim.current, key)
        return Socket(key)

    plain = vars(cast(Any, aiohttp.connector).aiohappyeyeballs)
    return SimpleNamespace(**{**plain, "start_connection": start_connection})


def captured_clocks() -> Iterator[str]:
    """Every clock of the interpreter that a module, a default argument or a field holds by itself, as `module:name`:
    virtual time does not reach it."""
    clocks = {id(getattr(time, name)) for name in _CLOCKS}
    for name, module in sorted(sys.modules.items()):
        if name == "time":
            continue
        for key, value in sorted(vars(module).items()):
            if id(value) in clocks:
                yield f"{name}:{key}"
            yield from (f"{name}:{key}({held[0]})" for held in _held_by(value, name) if id(held[1]) in clocks)


def _held_by(value: object, module: str) -> list[tuple[str, object]]:
    """Defaults of a function, and of what a class of this module has."""
    if getattr(value, "__module__", None) != module:
        return []
    members = list(vars(value).values()) if isinstance(value, type) else [value]
    found: list[tuple[str, object]] = []
    for member in members:
        if isinstance(member, FunctionType):
            found += [("default", default) for default in member.__defaults__ or ()]
            found += list((member.__kwdefaults__ or {}).items())
    return found
