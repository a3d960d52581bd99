"""The command `kiosk` as a technician types it: what it prints, how it ends, and what it leaves in the journal."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import pwd
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from drivers.sim.robot.device import robot
from drivers.sim.shtrih.device import shtrih
from kiosk import cli
from tests.command import DEADLINE_S, journal, kiosk, ok, spawn
from tests.restaurant import NOBODY, Restaurant, config_text, short_folder, until
from tests.scenes.test_refunds import refunded
from tests.scenes.test_webhooks import connected, until_state


async def bought(place: Restaurant, *items: tuple[str, int]) -> tuple[Any, dict[str, Any]]:
    guest = await place.guest()
    created = await guest.order(*items)
    assert (await guest.pay(created["order_id"])).status == 200
    await guest.until_status(created["order_id"], "completed")
    return guest, created


@pytest.fixture
def folder() -> Iterator[Path]:
    found = short_folder()
    yield found
    shutil.rmtree(found, ignore_errors=True)


async def test_a_look_at_everything_reads_like_a_table_and_as_json(place: Restaurant) -> None:
    status = await kiosk(place, "status")
    assert (status.code, "sales.open" in status.out, "yes" in status.out) == (cli.OK, True, True)
    assert (await ok(place, "status"))["sales"] == {"open": True, "reason": None}
    assert {row["device"]: row["ok"] for row in (await ok(place, "devices"))["devices"]} == {
        "bank": True,
        "disk": True,
        "fiscal": True,
        "ofd": True,
        "push": True,
        "robot": True,
        "sms": True,
    }
    assert (await ok(place, "shift"))["open"] is True
    assert {"bin", "ingredient", "level"} <= (await ok(place, "stock"))["bins"][0].keys()
    stock = (await kiosk(place, "stock")).out.splitlines()
    assert stock[0] == "bins"
    assert stock[1].split()[:2] == ["bin", "ingredient"]
    check = await kiosk(place, "check")
    assert check.code == cli.OK
    assert [line.split()[1] for line in check.out.splitlines()] == [
        "configuration",
        "menu",
        "kiosk",
        "disk",
        "fiscal",
        "robot",
        "bank",
        "ofd",
        "sms",
        "push",
    ]


async def test_an_order_is_shown_and_refunded_by_item_and_whole(place: Restaurant) -> None:
    guest, created = await bought(place, ("tea", 2), ("udon-chicken", 1))
    order_id = created["order_id"]
    shown = await ok(place, "order", order_id)
    assert (shown["order_id"], shown["status"]) == (order_id, "completed")
    text = (await kiosk(place, "order", order_id)).out
    kopecks = created["amount_kopecks"]
    assert f"{kopecks // 100}.{kopecks % 100:02}" in text
    assert (await ok(place, "orders")) == {"orders": []}
    part = await ok(place, "refund", order_id, "--reason", "остыл", "--item", "tea=1")
    assert part["reason"] == "остыл"
    await refunded(place, guest, order_id)
    await ok(place, "refund", order_id, "--reason", "передумал")
    assert (await refunded(place, guest, order_id, 2))["status"] == "refunded"
    again = await kiosk(place, "refund", order_id, "--reason", "ещё")
    assert (again.code, again.out, "order_state" in again.err) == (cli.BAD, "", True)
    assert [(action, detail.split()[0]) for _, action, detail in journal(place)] == [("refund", order_id)] * 2
    assert (await kiosk(place, "order", "nobody")).code == cli.BAD
    assert (await kiosk(place, "order", "../status", "--json")).json["code"] == "not_found"


async def test_every_change_is_journalled_with_who_made_it(place: Restaurant) -> None:
    me = pwd.getpwuid(os.getuid()).pw_name
    assert (await ok(place, "pause"))["sales"]["open"] is False
    assert (await kiosk(place, "check")).code == cli.OK  # a pause is no fault of a device
    await place.until_paused("staff")
    assert (await ok(place, "resume"))["sales"]["open"] is True
    await ok(place, "stop-list", "add", "tea")
    await ok(place, "stop-list", "add", "udon-chicken", "--until", "2099-01-01T00:00:00Z")
    assert [row["item_id"] for row in (await ok(place, "stop-list"))["stopped"]] == ["tea", "udon-chicken"]
    await ok(place, "stop-list", "remove", "tea")
    await ok(place, "stop-list", "remove", "udon-chicken")
    assert (await ok(place, "stop-list")) == {"stopped": []}
    await ok(place, "stock", "refill", "3", "900")
    await ok(place, "robot", "acknowledge")
    assert (await ok(place, "shift", "close"))["open"] is False
    assert (await ok(place, "shift", "open"))["open"] is True
    copy = place.folder / "copy.db"
    assert (await ok(place, "backup", str(copy)))["bytes"] == copy.stat().st_size
    assert (await kiosk(place, "backup", str(copy))).code == cli.BAD  # never over another
    assert journal(place) == [
        (me, action, detail)
        for action, detail in (
            ("sales_pause", ""),
            ("sales_resume", ""),
            ("stop_list", "tea stopped"),
            ("stop_list", "udon-chicken stopped"),
            ("stop_list", "tea resumed"),
            ("stop_list", "udon-chicken resumed"),
            ("refill", "3 900"),
            ("robot_acknowledge", ""),
            ("shift_close", ""),
            ("shift_open", ""),
            ("backup", str(copy)),
        )
    ]

    async def full() -> bool:
        return any(row["bin"] == 3 and row["level"] == 900 for row in (await bins(place)))

    await until(full)
    with sqlite3.connect(copy) as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def bins(place: Restaurant) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (await place.internal("GET", "/internal/robotics/ingredients")).body["bins"]
    return rows


async def test_accounts_of_staff_are_made_on_the_machine_by_a_pin_that_stands_on_no_line(
    place: Restaurant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def piped(pin: str) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{pin}\n"))

    piped("482915")
    (vera,) = (await ok(place, "staff", "add", "Вера", "--role", "owner"))["people"]
    shared = {"pin": (place.folder / "service.pin").read_text()}
    assert (await place.call("POST", "/api/service/session", shared)).code == "accounts_only"
    number = str(vera["person_id"])
    piped("615283")  # forgotten: the machine's own user is the way back
    await ok(place, "staff", "pin", number)
    entered = {"pin": "615283", "person_id": vera["person_id"]}
    assert (await place.call("POST", "/api/service/session", entered)).status == 201
    refused = await kiosk(place, "staff", "block", number, "--lang", "en")
    assert (refused.code, refused.err) == (
        cli.BAD,
        "kiosk: This is the last owner: name another first (last_owner)\n",
    )
    told = str([journal(place), (await kiosk(place, "staff", "--json")).out])
    assert [action for _, action, _ in journal(place)] == ["staff_add", "staff_pin"]
    assert not {"482915", "615283"} & {told[n : n + 6] for n in range(len(told))}


async def test_refusals_end_with_1_and_change_nothing(place: Restaurant) -> None:
    for words in (
        ("stop-list", "add", "nothing"),
        ("stop-list", "add", "tea", "--until", "tomorrow"),
        ("stock", "refill", "99", "1"),
        ("webhooks", "enable", "https://example.org"),
        ("webhooks", "replay", "--from", "1"),
        ("stats", "--from", "2026-02-30"),
        ("backup", "/nonexistent/folder/copy.db"),
    ):
        done = await kiosk(place, *words)
        assert (done.code, done.out, done.err.startswith("kiosk: ")) == (cli.BAD, "", True), words
    assert journal(place) == []


async def test_events_are_listed_and_followed_until_interrupted(place: Restaurant) -> None:
    listed = (await ok(place, "events"))["events"]
    last = listed[-1]["sequence"]
    process = await spawn(place.folder, "events", "--follow", "--json", "--after", str(last))
    guest = await place.guest()
    order = await guest.order(("tea", 1))
    assert process.stdout is not None
    async with asyncio.timeout(DEADLINE_S):
        event = json.loads(await process.stdout.readline())
        process.send_signal(signal.SIGINT)
        assert await process.wait() == cli.OK
    assert (event["type"], event["order_id"], event["sequence"]) == ("OrderCreatedEvent", order["order_id"], last + 1)


async def test_statistics_come_as_text_json_and_csv(place: Restaurant) -> None:
    _, created = await bought(place, ("tea", 2))

    async def counted() -> Any:
        body = await ok(place, "stats")
        return body if body["orders_completed"] == 1 else None

    body = await until(counted)
    assert body["revenue_kopecks"] == created["amount_kopecks"]
    hours = list(csv.DictReader(io.StringIO((await kiosk(place, "stats", "--csv")).out)))
    assert sum(int(row["revenue_kopecks"]) for row in hours) == created["amount_kopecks"]
    dishes = list(csv.DictReader(io.StringIO((await kiosk(place, "stats", "--csv", "dishes")).out)))
    assert [(row["item_id"], row["quantity"]) for row in dishes] == [("tea", "2")]
    options = list(csv.DictReader(io.StringIO((await kiosk(place, "stats", "--csv", "options")).out)))
    assert options == []  # tea has none
    assert (await kiosk(place, "stats", "--csv", "combos")).out == ""
    past = await ok(place, "stats", "--from", "2020-01-01", "--to", "2020-01-02")
    assert (past["orders"], past["hours"]) == (0, [])


async def test_webhooks_are_listed_enabled_and_replayed(tmp_path: Path) -> None:
    async with connected(tmp_path) as (place, cloud):
        cloud.answers.append((410, {}))
        guest = await place.guest()
        await guest.order(("tea", 1))
        await until_state(place, "disabled")
        (row,) = (await ok(place, "webhooks"))["webhooks"]
        assert (row["url"], row["state"], row["last_error"]) == (cloud.url, "disabled", "HTTP 410")
        assert row["lag"] > 0
        assert "disabled" in (await kiosk(place, "webhooks")).out
        await ok(place, "webhooks", "enable", cloud.url)
        (created,) = await cloud.until_accepted("OrderCreatedEvent")
        await ok(place, "webhooks", "replay", "--from", str(created.sequence), "--url", cloud.url)
        again = await cloud.until_accepted("OrderCreatedEvent", 2)
        assert again[1].webhook_id == created.webhook_id
        assert [(action, detail) for _, action, detail in journal(place)] == [
            ("webhooks", f"enable {cloud.url}"),
            ("webhooks", f"replay {created.sequence} {cloud.url}"),
        ]


async def test_the_command_is_a_program_too(place: Restaurant) -> None:
    process = await spawn(place.folder, "status", "--json")
    async with asyncio.timeout(DEADLINE_S):
        out, err = await process.communicate()
    assert (process.returncode, err, json.loads(out)["sales"]["open"]) == (cli.OK, b"", True)


async def test_books_that_agree_are_told(place: Restaurant) -> None:
    await bought(place, ("tea", 1))
    assert (await ok(place, "audit"))["mismatches"] == []


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("nonsense",),
        ("refund", "A1"),
        ("refund", "A1", "--reason", "x", "--item", "tea"),
        ("stock", "refill", "3"),
        ("stock", "refill", "three", "1"),
        ("stop-list", "add"),
        ("webhooks", "replay"),
        ("shift", "report-it"),
        ("stats", "--csv", "weeks"),
    ],
)
def test_what_cannot_be_meant_ends_with_2(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == cli.USAGE
    assert "usage: kiosk" in capsys.readouterr().err


def test_without_a_kiosk_the_calls_end_with_3(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "config.toml").write_text("")
    for words in (["status"], ["pause"], ["events", "--follow"], ["webhooks"], ["stats", "--csv"], ["audit"]):
        assert cli.main([*words, "--config", str(folder / "config.toml")]) == cli.NOT_RUNNING, words
        assert capsys.readouterr() == ("", "kiosk: not running\n")


def test_a_file_that_is_not_there_or_not_understood_ends_with_2(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = folder / "config.toml"
    for command in ("run", "status", "check"):
        assert cli.main([command, "--config", str(file)]) == cli.USAGE
        assert "no such file" in capsys.readouterr().err
    file.write_text("[fiscal]\nbaudrat = 1\n")
    assert cli.main(["run", "--config", str(file)]) == cli.USAGE
    assert capsys.readouterr().err == "$.fiscal.baudrat: unknown key; did you mean 'baudrate'?\n"


# `check` while nothing runs.


@asynccontextmanager
async def standing_devices(folder: Path) -> Any:
    """Registrar and robot behind their ports, a bank that is off."""
    async with AsyncExitStack() as stack:
        registrar = await stack.enter_async_context(
            shtrih(folder / "fiscal.tty", state=folder / "f.state", ledger=folder / "f.jsonl")
        )
        await stack.enter_async_context(
            robot(folder / "robot.tty", state=folder / "r.state", ledger=folder / "r.jsonl", seed=1)
        )
        (folder / "config.toml").write_text(config_text(folder, NOBODY).replace(f'"{NOBODY}"', '"sim"'))
        yield registrar


async def test_check_without_a_kiosk_opens_every_device_itself(folder: Path) -> None:
    async with standing_devices(folder) as registrar:
        good = await kiosk(folder, "check", "--json")
        checks = {row["check"]: (row["ok"], row["detail"]) for row in good.json["checks"]}
        assert list(checks) == [
            "configuration",
            "menu",
            "database",
            "fiscal",
            "ofd",
            "robot",
            "complex",
            "bank",
            "sms",
            "push",
        ]
        assert (good.code, all(found for found, _ in checks.values())) == (cli.OK, True), checks
        assert "drive" in checks["fiscal"][1]
        assert "serial" in checks["robot"][1]
        assert checks["bank"][1] == "simulated"
        registrar.faults.switch("paper_out", on=True)
        bad = await kiosk(folder, "check")
        assert (bad.code, [line.split()[1] for line in bad.out.splitlines() if line.startswith("BAD")]) == (
            cli.BAD,
            ["fiscal"],
        )
    assert not (folder / "kiosk.db").exists()


async def test_check_tells_a_silent_device_and_a_damaged_database(folder: Path) -> None:
    (folder / "config.toml").write_text(config_text(folder, NOBODY))
    (folder / "kiosk.db").write_bytes(b"not a database at all" * 100)
    (folder / "kiosk.db").chmod(0o600)
    done = await kiosk(folder, "check", "--json")
    bad = [row["check"] for row in done.json["checks"] if not row["ok"]]
    assert (done.code, bad) == (cli.BAD, ["database", "fiscal", "ofd", "robot", "complex", "bank", "sms", "push"])


def test_a_cell_that_begins_like_a_formula_is_made_harmless() -> None:
    from kiosk.cli_output import csv_text

    assert csv_text([{"name": "=1+1", "quantity": -2}]) == "name,quantity\r\n'=1+1,-2\r\n"


async def test_what_is_stuck_is_listed_and_a_wrong_id_is_refused(place: Restaurant) -> None:
    assert (await kiosk(place, "stuck")).out.strip() == "stuck: none"
    assert (await ok(place, "stuck")) == {"stuck": []}
    for move in ("retry", "refund", "issue", "accept"):
        refused = await kiosk(place, "stuck", move, "M123-1")
        assert (refused.code, "not_found" in refused.err) == (cli.BAD, True)
    assert (await kiosk(place, "stuck", "adopt", "M123-1", "17")).code == cli.BAD
    with pytest.raises(SystemExit, match="2"):
        await kiosk(place, "stuck", "adopt", "M123-1")


async def test_report_of_a_day_is_there_only_once_the_day_is_over(place: Restaurant) -> None:
    refused = await kiosk(place, "stats", "--report", "2999-01-01")
    assert (refused.code, "not_found" in refused.err) == (cli.BAD, True)
    assert (await kiosk(place, "stats", "--report", "yesterday")).code == cli.BAD


async def test_restore_is_refused_while_the_kiosk_runs_and_told_what_comes_next_when_it_does_not(
    place: Restaurant,
) -> None:
    backup = place.folder / "backup.db"
    assert (await kiosk(place, "backup", str(backup))).code == cli.OK
    refused = await kiosk(place, "restore", str(backup))
    assert (refused.code, "in use" in refused.err) == (cli.BAD, True)
    await place.kiosk.stop()
    told = await kiosk(place, "restore", str(backup), "--json")
    assert told.code == cli.OK
    assert json.loads(told.out)["next"].startswith("start the kiosk")
    await place.restart()
    await place.until_open()  # nothing was lost: the books agree at once
