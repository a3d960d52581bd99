"""Acts of staff that take long go on by themselves and are found again: an audit, a backup; and a test print."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from kiosk.clock import SystemClock
from kiosk.domain.staff.refusals import BrowserNotRestarted
from kiosk.flows.staff.process_commands import ProcessCommands
from kiosk.store import journal
from kiosk.store.staff import site_tasks
from tests.pages.screens import demo_kiosk
from tests.restaurant import Customer, restaurant, until
from tests.scenes.test_refusals import assert_problem
from tests.scenes.test_staff_desk import at_the_desk
from tests.scenes.test_staff_roles import bought, hired, lines

TASKS = "/api/service/tasks"


async def task(desk: Customer, kind: str) -> dict[str, Any]:
    told = (await desk.call("GET", TASKS)).body["tasks"]
    return next(row for row in told if row["kind"] == kind)


async def ended(desk: Customer, kind: str) -> dict[str, Any]:
    async def over() -> dict[str, Any] | None:
        row = await task(desk, kind)
        return None if row["state"] == "running" else row

    found: dict[str, Any] = await until(over)
    return found


async def test_8_an_audit_is_left_at_one_page_and_found_at_another_with_its_step_and_its_result() -> None:
    async with restaurant() as place:
        await bought(place)
        desk, other = await at_the_desk(place), await at_the_desk(place, "Олег")
        place.bank.faults.switch("hold")
        begun = await desk.call("POST", f"{TASKS}/audit")
        assert (begun.status, begun.body["tasks"][0]["state"]) == (202, "running")

        async def at_the_bank() -> bool:
            return bool((await task(other, "audit"))["step"] == "bank")

        await until(at_the_bank)
        again = await other.call("POST", f"{TASKS}/audit")  # the same one
        assert again.body["tasks"][0]["actor"] == begun.body["tasks"][0]["actor"]
        place.bank.faults.switch("hold", on=False)
        row = await ended(other, "audit")
        assert (row["state"], row["step"], row["audit"]["checked_payments"]) == ("done", "", 1)
        assert await lines(place, "audit") == [("audit", begun.body["tasks"][0]["actor"])]


async def test_8_backups_by_hand_are_whole_and_the_last_three_are_kept() -> None:
    async with restaurant() as place:
        desk = await at_the_desk(place)
        for old in range(4):
            (place.folder / f"kiosk-by-hand-2020010{old + 1}T000000Z.db").write_bytes(b"")
        (place.folder / "kiosk-by-hand-20200105T000000Z.db.part").write_bytes(b"cut")  # by a kill
        assert (await desk.call("POST", f"{TASKS}/backup")).status == 202
        row = await ended(desk, "backup")
        assert row["state"] == "done", row
        with sqlite3.connect(f"file:{row['backup']['file']}?mode=ro", uri=True) as copy:
            assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        copy.close()
        kept = sorted(path.name for end in ("db", "part") for path in place.folder.glob(f"kiosk-by-hand-*.{end}"))
        assert kept[:2] == ["kiosk-by-hand-20200103T000000Z.db", "kiosk-by-hand-20200104T000000Z.db"]
        assert len(kept) == 3


async def test_8_a_test_print_is_no_document_and_a_silent_registrar_is_told() -> None:
    async with restaurant() as place:
        desk = await at_the_desk(place)
        before = (await desk.call("GET", "/api/service/shift")).body["last_document"]
        assert (await desk.call("POST", "/api/service/test-print")).status == 204
        assert (await desk.call("GET", "/api/service/shift")).body["last_document"] == before
        place.fiscal.faults.switch("paper_out")
        assert_problem(await desk.call("POST", "/api/service/test-print"), 503, "device_unavailable")
        assert len(await lines(place, "test_print")) == 2


async def test_8_the_process_ends_in_order_where_it_is_brought_back_and_is_refused_elsewhere() -> None:
    async with restaurant() as place:
        desk = await at_the_desk(place)
        assert_problem(await desk.call("POST", "/api/service/process/restart"), 404, "not_found")
        assert await lines(place, "process_restart") == []
        kiosk = place.kiosk
        held = ProcessCommands(
            kiosk.database, kiosk.flows.page_watch, SystemClock(), end=kiosk.request_stop, browser=None, methods=[]
        )
        waiting = asyncio.create_task(kiosk.wait())
        await held.restart("pin:Ира")
        assert await waiting is None
        assert await lines(place, "process_restart") == [("process_restart", "pin:Ира")]


class Waiting(SystemClock):
    """Time goes on while somebody sleeps; `meanwhile` is what others do then."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        self._meanwhile = meanwhile
        self._slept_s = 0.0

    def monotonic(self) -> float:
        return self._slept_s

    async def sleep(self, delay_s: float) -> None:
        self._slept_s += delay_s
        self._meanwhile()


async def test_8_the_browser_is_restarted_by_the_unit_that_takes_the_file_and_without_one_staff_are_told(
    tmp_path: Path,
) -> None:
    asked = tmp_path / "browser-restart"
    async with restaurant() as place:
        desk = await at_the_desk(place)
        assert_problem(await desk.call("POST", "/api/service/browser/restart"), 404, "not_found")
        books, pages = place.kiosk.database, place.kiosk.flows.page_watch
        watched = ProcessCommands(books, pages, Waiting(asked.unlink), end=None, browser=asked, methods=[])
        assert watched.view().browser
        await watched.restart_browser("pin:Ира")
        alone = ProcessCommands(books, pages, Waiting(lambda: None), end=None, browser=asked, methods=[])
        with pytest.raises(BrowserNotRestarted):
            await alone.restart_browser("pin:Ира")
        assert not asked.exists(), "a unit that is enabled tomorrow would find it"
        assert await lines(place, "browser_restart") == [("browser_restart", "pin:Ира")] * 2


async def test_8_what_came_of_a_long_act_is_found_after_a_restart_and_one_cut_off_has_failed() -> None:
    async with restaurant() as place:
        desk = await at_the_desk(place)
        assert (await desk.call("POST", f"{TASKS}/backup")).status == 202
        row = await ended(desk, "backup")
        await place.kiosk.database.write(
            site_tasks.put, "audit", json.dumps({**row, "kind": "audit", "state": "running", "backup": None})
        )
        await place.restart()
        desk = await at_the_desk(place)
        found = {task["kind"]: task for task in (await desk.call("GET", TASKS)).body["tasks"]}
        assert found["backup"] == row
        assert (found["audit"]["state"], found["audit"]["error"]) == ("failed", "cut_off")
        assert (await desk.call("POST", f"{TASKS}/audit")).status == 202
        assert (await ended(desk, "audit"))["state"] == "done"


async def test_8_a_trial_that_cannot_be_sold_says_why_and_takes_no_money() -> None:
    async with restaurant() as place:
        people = await hired(place)
        desk = people.desks["Олег"]
        assert (await desk.call("POST", f"{TASKS}/trial", {"method": "till"})).status == 202
        row = await ended(desk, "trial")
        assert (row["state"], bool(row["error"])) == ("failed", True)
        assert place.ledger("bank") == []
        for name in ("Ира", "Тимур"):
            refused = await people.desks[name].call("POST", f"{TASKS}/trial", {"method": "till"})
            assert_problem(refused, 403, "role_forbids")
        assert await lines(place, "trial_sale") == [("trial_sale", row["actor"])]


async def test_8_a_trial_is_sold_and_its_money_goes_back_in_the_name_of_who_asked() -> None:
    async with demo_kiosk() as kiosk, aiohttp.ClientSession(f"http://127.0.0.1:{kiosk.public_port}") as client:
        pin = (kiosk.config.database.path.parent / "service.pin").read_text()
        opened = await client.post("/api/service/session", json={"pin": pin, "name": "Ира"})
        headers = {"Authorization": f"Bearer {(await opened.json())['access_token']}"}
        begun = await client.post(f"{TASKS}/trial", json={"method": "token"}, headers=headers)
        assert begun.status == 202

        async def over() -> dict[str, Any] | None:
            (row,) = (await (await client.get(TASKS, headers=headers)).json())["tasks"]
            return None if row["state"] == "running" else row

        row = await until(over)
        assert row["state"] == "done", row
        assert "given back" in row["said"][-1]
        rows = await kiosk.database.read(journal.read, 100)
        assert {line.actor for line in rows if line.action in ("trial_sale", "refund")} == {row["actor"]}
