"""The restaurant sells on the second complex, over Modbus TCP, as on the first; and the contract is held against it."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from drivers.robot.certify import clauses
from drivers.robot.certify.clauses import Clause
from drivers.sim.complex2.device import Complex2
from drivers.sim.complex2.firmware import Habits
from kiosk import cli
from kiosk.config import load
from kiosk.domain.errors import DatabaseInUse
from kiosk.domain.kitchen import certificate_words as words
from kiosk.store.file.opening import take_lock
from kiosk.wiring.certifying import without_the_kiosk
from tests.command import kiosk
from tests.drivers.bad_firmware import BAD
from tests.drivers.complex2_bench import Bench2, new_bench2
from tests.drivers.register_stand import Stand
from tests.restaurant import Restaurant, config_text, ledger, restaurant

QUICK = Habits(transition_s=0.02, reboot_s=0.05)


@dataclass
class Second:
    place: Restaurant
    device: Complex2
    bench: Bench2

    def effects(self, *effects: str) -> list[dict[str, Any]]:
        return [line for line in ledger(self.bench.folder / "ledger") if line["effect"] in effects]


@asynccontextmanager
async def on_the_second(speed: float = 200) -> AsyncIterator[Second]:
    async with (
        new_bench2() as bench,
        bench.complex(speed=speed, habits=QUICK) as device,
        restaurant(f'[robot]\nport = "tcp://127.0.0.1:{device.port}"') as place,
    ):
        yield Second(place, device, bench)


async def test_4_an_order_is_paid_cooked_and_picked_up_on_the_second_complex() -> None:
    async with on_the_second() as second:
        guest = await second.place.guest()
        created = await guest.order(("udon-chicken", 2), ("tea", 1))
        assert (await guest.pay(created["order_id"])).status == 200
        done = await guest.until_status(created["order_id"], "completed")
        assert [entry["status"] for entry in done["timeline"]] == [
            "created", "paying", "paid", "cooking", "ready", "completed",
        ]  # fmt: skip
        for effect in ("started", "ready", "picked_up"):
            lines = second.effects(effect)
            assert len(lines) == len({line["job_id"] for line in lines}) == 3
            assert {line["order_id"] for line in lines} == {created["order_id"]}
        assert second.place.effects("robot", "started") == []
        assert (await second.place.internal("GET", "/internal/audit")).body["mismatches"] == []


@pytest.mark.parametrize("at", ["before_store", "after_store", "after_ack"])
async def test_4_the_second_complex_dies_with_an_order_and_the_meal_is_made_once(at: str) -> None:
    async with on_the_second() as second:
        second.device.faults.switch("power_cut", {"at": at})
        guest = await second.place.guest()
        created = await guest.order(("tea", 2))
        assert (await guest.pay(created["order_id"])).status == 200
        done = await guest.until_status(created["order_id"], "completed")
        assert second.device.faults.on("power_cut") is None
        lines = second.effects("started")
        assert len(lines) == len({(line["job_id"], line["attempt"]) for line in lines})
        portions = [portion["status"] for item in done["items"] for portion in item["portions"]]
        assert portions.count("handed_out") == len(second.effects("picked_up")) >= 1
        spent = {line["job_id"] for line in lines} - {line["job_id"] for line in second.effects("ready")}
        assert len(portions) - portions.count("handed_out") == len(spent), "what was interrupted is paid back"
        assert (await second.place.internal("GET", "/internal/audit")).body["mismatches"] == []


async def test_4_the_second_complex_is_off_for_a_while_and_sales_wait_for_it() -> None:
    async with on_the_second() as second:
        second.device.faults.switch("off")
        await second.place.until_paused("robot_offline")
        second.device.faults.switch("off", on=False)
        await second.place.until_open()


async def test_4_food_that_nobody_fetches_is_handed_out_of_its_cell() -> None:
    async with on_the_second() as second:
        second.device.faults.switch("nobody_comes")
        guest = await second.place.guest()
        created = await guest.order(("tea", 1))
        await guest.pay(created["order_id"])
        ready = await guest.until_status(created["order_id"], "ready")
        assert second.effects("picked_up") == []
        proof = {"number": ready["number"], "pickup_code": ready["pickup_code"]}
        answer = await second.place.call("POST", "/api/pickup", proof)
        assert answer.status == 200, answer
        await guest.until_status(created["order_id"], "completed")
        assert len(second.effects("picked_up")) == 1


# `kiosk robot certify`.


def settings(folder: Path, port: str) -> Path:
    (folder / "config.toml").write_text(config_text(folder, "http://127.0.0.1:9", f'[robot]\nport = "{port}"'))
    return folder


async def test_certify_prints_a_certificate_in_words() -> None:
    async with new_bench2() as bench, bench.complex(speed=200, habits=QUICK) as device:
        port = f"tcp://127.0.0.1:{device.port}"
        folder = settings(bench.folder, port)
        typed = ["robot", "certify", "--clause", "health", "--clause", "once", "--clause", "ready"]
        done = await kiosk(folder, *typed, "--lang", "en")
        assert done.code == cli.OK, done
        assert "ready only with the food in its cell" in done.out
        assert "THE CONTRACT IS NOT BROKEN" in done.out
        assert "2000017" in done.out
        done = await kiosk(folder, *typed, "--lang", "ru", "--port", port)
        assert "ДОГОВОР НЕ НАРУШЕН" in done.out
        assert device.state()["jobs"] == []


async def test_certify_cuts_the_power_by_a_command_and_tells_json() -> None:
    async with new_bench2() as bench:
        control = bench.folder / "control"
        async with bench.complex(speed=20, habits=QUICK, control=control) as device:
            program = (
                f"import socket; s = socket.socket(socket.AF_UNIX); s.connect({str(control)!r}); f = s.makefile();"
                's.sendall(b\'{"fault": "off"}\\n\'); f.readline();'
                's.sendall(b\'{"fault": "off", "on": false}\\n\'); f.readline()'
            )
            cut = shlex.join([sys.executable, "-c", program])
            folder = settings(bench.folder, f"tcp://127.0.0.1:{device.port}")
            boot = device.state()["boot"]
            done = await kiosk(folder, "robot", "certify", "--clause", "stored", "--power-cut", cut, "--json")
            assert done.code == cli.OK, done
            assert [(row["clause"], row["outcome"]) for row in done.json["clauses"]] == [("stored", "kept")]
            assert done.json["passed"] is True
            assert device.state()["boot"] == boot + 1


async def test_certify_says_what_a_bad_complex_breaks() -> None:
    async with new_bench2() as bench, bench.complex(speed=200, habits=QUICK, make=BAD[Clause.REPEATS]) as device:
        folder = settings(bench.folder, f"tcp://127.0.0.1:{device.port}")
        done = await kiosk(folder, "robot", "certify", "--clause", "repeats", "--lang", "ru")
        assert done.code == cli.BAD
        assert "НАРУШЕН" in done.out
        assert "выполнил повтор ещё раз" in done.out
        assert "БЕЗ СЕРТИФИКАТА" in done.out


async def test_certify_refuses_while_the_kiosk_works_with_that_complex() -> None:
    async with on_the_second() as second:
        boot, port = second.device.state(), f"tcp://127.0.0.1:{second.device.port}"
        done = await kiosk(second.place, "robot", "certify", "--port", port, "--lang", "en")
        assert (done.code, done.out) == (cli.BAD, "")
        assert "stop it" in done.err
        assert second.device.state()["boot"] == boot["boot"]


def test_no_kiosk_starts_while_its_complex_is_examined(tmp_path: Path) -> None:
    port = "tcp://127.0.0.1:9"
    config = load(settings(tmp_path, port) / "config.toml")
    with without_the_kiosk(config, port), pytest.raises(DatabaseInUse):
        take_lock(config.database.path)
    with without_the_kiosk(config, "tcp://127.0.0.1:10"):
        os.close(take_lock(config.database.path))  # another complex is nothing to the kiosk


async def test_certify_without_a_complex_is_a_matter_of_settings() -> None:
    async with new_bench2() as bench:
        folder = settings(bench.folder, "sim")
        done = await kiosk(folder, "robot", "certify")
        assert done.code == cli.USAGE
        assert "$.robot.port" in done.err
        done = await kiosk(folder, "robot", "certify", "--port", "tcp://127.0.0.1:9")
        assert done.code == cli.BAD
        assert "port_missing" in done.err
        done = await kiosk(folder, "robot", "certify", "--port", "http://127.0.0.1:9")
        assert done.code == cli.USAGE


async def test_the_second_complex_is_a_process_of_its_own() -> None:
    """As the command line starts it: it says where it answers, and survives SIGKILL with its memory."""
    async with new_bench2() as bench:
        stand = Stand(bench.folder, "complex2", "--speed", "50")
        try:
            boots = []
            for _ in range(2):
                stand.start()
                driver = bench.driver(int(stand.url.rpartition(":")[2]))
                boots.append((await driver.health()).boot)
                await driver.close()
                assert stand.control(state=True)["state"]["boot"] == boots[-1]
                stand.kill()
            assert boots == [1, 2]
        finally:
            stand.close()


def test_every_clause_and_every_code_has_its_words() -> None:
    source = "".join(path.read_text("utf-8") for path in sorted(Path(clauses.__file__).parent.glob("*.py")))
    codes = set(re.findall(r'(?:Broken|NotExamined|Unfit)\(\s*"(\w+)"', source))
    assert len(codes) > 40
    assert codes <= words.CODES.keys()
    assert words.CLAUSES.keys() == {str(clause) for clause in Clause}
    document = Path(__file__).parents[2] / "docs/protocols/robot.md"
    told = document.read_text("utf-8").split("| clause | says |", 1)[1]
    assert re.findall(r"^\| `(\w+)` \|", told, re.MULTILINE) == [str(clause) for clause in Clause]
