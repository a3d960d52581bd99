"""The simulated world by itself: what asyncio promises holds, chance comes from the seed, a dead host is silent.

Each simulation is a process of its own, for it takes SQLite's disk over."""

from __future__ import annotations

import asyncio
import os
import pickle
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.vopr.scheduler import Host, Simulation
from tests.vopr.storage import leave_behind


def simulated(play: Callable[[Simulation], Any], seed: int = 1, *, keeps_flushes: bool = True) -> Any:
    """What `play` gives, in a fork."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        found: Any = "nothing"
        try:
            found = play(Simulation(seed, keeps_flushes=keeps_flushes))
        except BaseException as error:  # noqa: BLE001  # the child ends here, whatever it was
            found = error
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(pickle.dumps(found))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pickle.loads(pipe.read())
    os.waitpid(pid, 0)
    if isinstance(told, BaseException):
        raise told
    return told


def _turns(sim: Simulation) -> list[str]:
    order: list[str] = []
    for host in (sim.host("a"), sim.host("b")):
        for number in range(20):
            host.call_soon(order.append, f"{host.name}{number}")
    sim.run_until(1.0)
    return order


def test_4_callbacks_of_a_host_keep_their_order_and_hosts_take_turns_by_the_seed() -> None:
    order = simulated(_turns)
    for name in ("a", "b"):
        assert [word for word in order if word[0] == name] == [f"{name}{number}" for number in range(20)]
    assert order == simulated(_turns)
    assert order != simulated(_turns, seed=2)


def _timers(sim: Simulation) -> list[float]:
    host, rung = sim.host("a"), list[float]()
    host.call_later(3600.0, lambda: rung.append(sim.now))
    host.call_later(1.0, lambda: rung.append(sim.now))
    host.call_later(0.5, lambda: rung.append(sim.now)).cancel()
    sim.run_until(4000.0)
    return [*rung, sim.now]


def test_4_time_jumps_to_the_next_timer() -> None:
    assert simulated(_timers) == [1.0, 3600.0, 4000.0]


class _Echo(asyncio.Protocol):
    def __init__(self) -> None:
        self.heard = bytearray()
        self.lost = False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.heard += data

    def connection_lost(self, error: Exception | None) -> None:
        self.lost = True


def _sent(sim: Simulation) -> tuple[bytes, bool, bool]:
    server, client = sim.host("server"), sim.host("client")
    there, here = _Echo(), _Echo()
    sim.run_task(server, server.create_server(lambda: there, "127.0.0.1", 5))
    sim.run_task(client, client.create_connection(lambda: here, "127.0.0.1", 5))
    for number in range(100):
        sim.run_in(client, partial(here.transport.write, b"%03d," % number))
    sim.run_until(sim.now + 1.0)
    sim.run_in(client, lambda: here.transport.write(b"last words"))
    client.die()
    sim.run_until(sim.now + 1.0)
    return bytes(there.heard), there.lost, here.lost


def test_4_bytes_come_in_their_order_and_the_dead_hang_up() -> None:
    heard, lost, told = simulated(_sent)
    assert heard.startswith(b"".join(b"%03d," % number for number in range(100)))
    assert (lost, told) == (True, False), "the other end hears of it, the dead nothing"


def _committed(sim: Simulation, folder: Path) -> int:
    """How many of ten acknowledged commits are left when the power goes at the eleventh."""
    path = folder / "a.db"
    first = sqlite3.connect(path, isolation_level=None)
    first.executescript("PRAGMA journal_mode=WAL; CREATE TABLE t (n INTEGER)")
    first.close()
    sim.disk.watch(str(path))
    sim.disk.arm(10**6)
    base = sqlite3.connect(path, isolation_level=None)
    base.execute("PRAGMA synchronous=FULL")
    for number in range(10):
        base.execute("INSERT INTO t VALUES (?)", (number,))
    sim.disk.arm(1)
    with pytest.raises(sqlite3.OperationalError):
        base.execute("INSERT INTO t VALUES (10)")
    sim.keep(base)
    left = 10
    for attempt in range(8):  # each cut leaves other sectors
        copy = folder / f"{attempt}"
        copy.mkdir()
        for name in ("a.db", "a.db-wal"):
            image = sim.disk.cut(str(folder / name), (folder / name).read_bytes(), Random(attempt))
            (copy / name).write_bytes(image)
        after = sqlite3.connect(copy / "a.db")
        left = min(left, after.execute("SELECT count(*) FROM t").fetchone()[0])
        sim.keep(after)
    leave_behind(path)
    return left


def test_4_power_cut_takes_no_commit_that_was_flushed(tmp_path: Path) -> None:
    assert simulated(lambda sim: _committed(sim, tmp_path)) == 10


def test_4_planted_disk_that_forgets_its_flushes_loses_commits(tmp_path: Path) -> None:
    assert simulated(lambda sim: _committed(sim, tmp_path), keeps_flushes=False) < 10


def test_4_a_host_that_is_dead_runs_nothing() -> None:
    def play(sim: Simulation) -> list[str]:
        host, done = sim.host("a"), list[str]()

        def dies(host: Host) -> None:
            host.call_soon(done.append, "after")
            host.die()
            done.append("never")

        host.call_soon(done.append, "before")
        host.call_soon(dies, host)
        host.call_later(1.0, done.append, "later")
        sim.run_until(5.0)
        return done

    assert simulated(play) == ["before"]
