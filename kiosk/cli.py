"""The command `kiosk`: run, check, and the technician's client of the unix socket (contract §6)."""

from __future__ import annotations

import argparse
import asyncio
import errno
import getpass
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp

from kiosk import __version__
from kiosk.catalogue import load_menu
from kiosk.cli_output import csv_text, refusal_text, text_of
from kiosk.clock import SystemClock
from kiosk.config import ConfigError, load
from kiosk.config.settings import Config
from kiosk.domain.chart import ChartError
from kiosk.domain.dish import MenuError
from kiosk.domain.errors import DatabaseBroken

OK, BAD, USAGE, NOT_RUNNING = 0, 1, 2, 3
_TIMEOUT_S = 150
_FOLLOW_S = 0.5
_START_ERRORS = (ConfigError, MenuError, ChartError, DatabaseBroken)
Call = tuple[str, str, dict[str, Any] | None]


_MOVES = {
    "retry": "try again now, by the same rules",
    "refund": "give the money back as soon as it is proved that no receipt stands",
    "issue": "you have looked: no receipt stands; print one",
    "adopt": "you have looked: this fiscal document is the receipt",
    "accept": "you have looked: it is as it should be",
}


_AFTER_RESTORE = "start the kiosk: it takes no payment until bank and registrar agree; see `kiosk stuck`"


_NO_DEVICES = ("sales", "books", "shift")


class NotRunning(Exception):
    """Nobody answers at the socket."""


class Refused(Exception):
    """The socket is not ours to use, or what answers there is no kiosk."""


def parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--config", type=Path, help="default: config.toml here")
    common.add_argument("--json", action="store_true", help="print the answer as JSON")
    found = argparse.ArgumentParser("kiosk", description=__doc__)
    found.add_argument("--version", action="version", version=__version__)
    commands = found.add_subparsers(dest="command", required=True)

    def command(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=text, parents=[common])

    command("run", "run the kiosk in the foreground")
    command("check", "read configuration, menu, database and every device; bad ones make it fail")
    command("status", "why sales are open or paused")
    command("devices", "the devices one by one")
    command("orders", "paid orders that are not handed out")
    command("order", "one order").add_argument("order_id")
    refund = command("refund", "give an order back, whole or by item")
    refund.add_argument("order_id")
    refund.add_argument("--reason", required=True)
    refund.add_argument("--item", dest="items", action="append", type=_item, metavar="ITEM=QTY")
    shift = command("shift", "the fiscal shift; open or close it")
    shift.add_argument("action", nargs="?", choices=["open", "close", "report"], help="report: X, or a kept Z")
    shift.add_argument("--shift", type=int, metavar="N", help="report: the kept Z report of this shift")
    shift.add_argument("--csv", nargs="?", const="methods", choices=["methods", "rates", "dishes"])
    fiscal = command("fiscal", "the registrar's own things").add_subparsers(dest="action")
    drive = fiscal.add_parser("replace-drive", help="before and after another drive is put in", parents=[common])
    drive.add_argument("--reason", required=True)
    correct = fiscal.add_parser(
        "correct", help="take a receipt with wrong rates back and make it right", parents=[common]
    )
    correct.add_argument("order_id")
    correct.add_argument("--reason", required=True)
    fiscal.add_parser("use", help="sell through this one", parents=[common]).add_argument("name")
    stock = command("stock", "bins with levels and reservations; refill one").add_subparsers(dest="action")
    refill = stock.add_parser("refill", help="what a bin holds after it was filled", parents=[common])
    refill.add_argument("bin", type=int)
    refill.add_argument("amount", type=int)
    robot = command("robot", "the cooking complex's own things").add_subparsers(dest="action", required=True)
    robot.add_parser(
        "acknowledge", help="after an emergency stop: you have looked and released the button", parents=[common]
    )
    stop = command("stop-list", "dishes taken off sale; add one, or put it back").add_subparsers(dest="action")
    add = stop.add_parser("add", help="off sale", parents=[common])
    add.add_argument("item_id")
    add.add_argument("--until", help="a time with its zone; without it for good")
    stop.add_parser("remove", help="back on sale", parents=[common]).add_argument("item_id")
    command("pause", "pause sales")
    command("resume", "resume sales")
    events = command("events", "the outbox")
    events.add_argument("--after", type=int, default=0, metavar="SEQ")
    events.add_argument("--follow", action="store_true", help="go on with what comes")
    hooks = command("webhooks", "the cloud's endpoints with their lag").add_subparsers(dest="action")
    replay = hooks.add_parser("replay", help="deliver again", parents=[common])
    replay.add_argument("--from", dest="sequence", type=int, required=True, metavar="SEQ")
    replay.add_argument("--url", help="this endpoint only")
    hooks.add_parser("enable", help="a disabled endpoint", parents=[common]).add_argument("url")
    stats = command("stats", "orders and revenue of a period, by hour and dish; today when no day is given")
    stats.add_argument("--from", dest="first", metavar="DAY")
    stats.add_argument("--to", dest="last", metavar="DAY")
    stats.add_argument("--report", metavar="DAY", help="what was kept when that day was over")
    stats.add_argument("--csv", nargs="?", const="hours", choices=["hours", "dishes"], help="a table for a spreadsheet")
    command("audit", "cross-check bank, receipts, orders, robot, points and events")
    stuck = command("stuck", "what waits for a person, with the moves that are safe").add_subparsers(dest="action")
    for move, text in _MOVES.items():
        stuck.add_parser(move, help=text, parents=[common]).add_argument("stuck_id", metavar="ID")
    stuck.choices["adopt"].add_argument("document", type=int, help="the number of the fiscal document")
    command("backup", "copy the database while it is used").add_argument("file", type=Path)
    command("restore", "put a backup in the database's place; the kiosk must not run").add_argument("file", type=Path)
    return found


def _item(text: str) -> dict[str, Any]:
    item_id, _, quantity = text.partition("=")
    if not item_id or not quantity.isascii() or not quantity.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not ITEM=QTY")
    return {"item_id": item_id, "quantity": int(quantity)}


def main(argv: Sequence[str] | None = None) -> int:
    options = parser().parse_args(argv)
    try:
        config = _load(options)
        if options.command == "run":
            return _run(config)
        if options.command == "restore":
            return _restore(options, config)
        code = asyncio.run(_ask(options, config))
        sys.stdout.flush()  # here, where a reader that has gone is expected
        return code
    except NotRunning:
        print("kiosk: not running", file=sys.stderr)
        return NOT_RUNNING
    except (*_START_ERRORS, Refused) as error:
        print(f"kiosk: {error}", file=sys.stderr)
        return BAD
    except BrokenPipeError:  # `kiosk events | head`: nobody reads on, and nothing more must be flushed there
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except KeyboardInterrupt:
        return OK


def _load(options: argparse.Namespace) -> Config:
    """A file that was named must exist; without one the demo is meant. Raises `ConfigError`."""
    if options.config is None:
        options.config = Path("config.toml")
    elif not options.config.exists():
        raise ConfigError(f"{options.config}: no such file")
    return load(options.config)


def _run(config: Config) -> int:
    from kiosk.wiring import run  # heavy, and not needed by the technician's commands

    return asyncio.run(run(config))


def _restore(options: argparse.Namespace, config: Config) -> int:
    """Raises `DatabaseBroken`."""
    from kiosk.wiring import restore  # heavy, as in `_run`

    kept = restore(config.database.path, options.file, getpass.getuser(), SystemClock().now())
    answer = {
        "restored": str(config.database.path),
        "kept": None if kept is None else str(kept),
        "next": _AFTER_RESTORE,
    }
    _show(answer, options.json)
    return OK


async def _ask(options: argparse.Namespace, config: Config) -> int:
    if options.command == "check":
        return await _check(options, config)
    if options.command == "events":
        return await _events(options, config)
    status, answer = await _request(config, *_call(options))
    if options.command == "devices" and status == 200:
        answer = {"devices": [{"device": name, **check} for name, check in _devices(answer).items()]}
    if options.command == "shift" and "text" in answer and not (options.json or options.csv):
        print(answer["text"])
    elif status >= 400 or not getattr(options, "csv", None):
        _show(answer, options.json, status)
    else:
        print(csv_text(answer[options.csv]), end="")
    return BAD if status >= 400 or (options.command == "audit" and answer["mismatches"]) else OK


def _call(options: argparse.Namespace) -> Call:
    """(method, path, body) of a command."""
    action = getattr(options, "action", None)
    match options.command, action:
        case "order", _:
            return "GET", f"/internal/orders/{quote(options.order_id, safe='')}", None
        case "refund", _:
            body = {"reason": options.reason, **({"items": options.items} if options.items else {})}
            return "POST", f"/internal/orders/{quote(options.order_id, safe='')}/refund", body
        case "shift", "report" if options.shift is not None:
            return "GET", f"/internal/shift/reports/{options.shift}", None
        case "fiscal", "use":
            return "POST", "/internal/fiscal/use", {"name": options.name}
        case "fiscal", "correct":
            return "POST", "/internal/fiscal/correct", {"order_id": options.order_id, "reason": options.reason}
        case "fiscal", "replace-drive":
            return "POST", "/internal/fiscal/replace-drive", {"reason": options.reason}
        case "shift", "open" | "close" | "report":
            return "POST", f"/internal/shift/{action}", None
        case "stock", "refill":
            return "POST", "/internal/stock/refill", {"bin": options.bin, "amount": options.amount}
        case "robot", "acknowledge":
            return "POST", "/internal/robot/acknowledge", None
        case "stock", _:
            return "GET", "/internal/robotics/ingredients", None
        case "stop-list", "add":
            return "POST", "/internal/stop-list", {"item_id": options.item_id, "until": options.until}
        case "stop-list", "remove":
            return "POST", "/internal/stop-list", {"item_id": options.item_id, "stopped": False}
        case "pause" | "resume", _:
            return "POST", f"/internal/sales/{options.command}", None
        case "webhooks", "replay":
            return "POST", "/internal/webhooks/replay", {"sequence": options.sequence, "url": options.url}
        case "webhooks", "enable":
            return "POST", "/internal/webhooks/enable", {"url": options.url}
        case "stats", _ if options.report:
            return "GET", f"/internal/reports/{quote(options.report, safe='')}", None
        case "stats", _:
            days = {"from": options.first, "to": options.last}
            return "GET", "/internal/stats?" + urlencode({name: day for name, day in days.items() if day}), None
        case "stuck", move if move is not None:
            body = {"move": move, **({"document": options.document} if move == "adopt" else {})}
            return "POST", f"/internal/stuck/{quote(options.stuck_id, safe='')}", body
        case "backup", _:
            return "POST", "/internal/backup", {"file": str(options.file.resolve())}
        case _:
            return "GET", f"/internal/{options.command}", None


async def _request(config: Config, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
    """Raises `NotRunning` or `Refused`."""
    connector = aiohttp.UnixConnector(str(config.server.socket))
    timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        try:
            async with session.request(method, f"http://kiosk{path}", json=body) as response:
                text = await response.text()
                return response.status, json.loads(text) if text else {}
        except (aiohttp.ClientError, OSError, ValueError) as error:  # a timeout is an OSError too
            if isinstance(error, OSError) and error.errno in (errno.ENOENT, errno.ECONNREFUSED):
                raise NotRunning from error
            raise Refused(f"{config.server.socket}: {type(error).__name__} {error}".rstrip()) from error


async def _events(options: argparse.Namespace, config: Config) -> int:
    """Page after page; with `--follow` for ever, one line an event."""
    found: list[Any] = []
    while True:
        status, answer = await _request(config, "GET", f"/internal/events?after={options.after}")
        if status >= 400:
            _show(answer, options.json, status)
            return BAD
        if options.follow:
            for event in answer["events"]:
                data = json.dumps(event["data"], ensure_ascii=False)
                line = f"{event['sequence']}  {event['at']}  {event['type']}  {data}"
                print(json.dumps(event, ensure_ascii=False) if options.json else line, flush=True)
        found += [] if options.follow else answer["events"]
        if answer["events"]:
            options.after = answer["events"][-1]["sequence"]
        elif options.follow:
            await SystemClock().sleep(_FOLLOW_S)
        else:
            _show({"events": found}, options.json)
            return OK


async def _check(options: argparse.Namespace, config: Config) -> int:
    """One line each: through the running kiosk, which owns the devices, or else by opening them here."""
    menu = load_menu(Path(config.menu.file) if config.menu.file else None)
    lines = [("configuration", True, str(options.config)), ("menu", True, f"{len(menu.dishes)} dishes")]
    try:
        _, answer = await _request(config, "GET", "/internal/devices")
        lines.append(("kiosk", True, "running: its database is open, its devices are asked through it"))
        lines += [(name, check["ok"], check["reason"] or "") for name, check in _devices(answer).items()]
    except NotRunning:
        from kiosk.wiring import examine  # heavy, as in `_run`

        lines += await examine(config)
    if options.json:
        _show({"checks": [{"check": name, "ok": ok, "detail": detail} for name, ok, detail in lines]}, True)
    else:
        for name, ok, detail in lines:
            print(f"{'ok ' if ok else 'BAD'}  {name:14} {detail}".rstrip())
    return OK if all(ok for _, ok, _ in lines) else BAD


def _devices(status: dict[str, Any]) -> dict[str, Any]:
    """The checks that are devices: a pause by staff is none, nor are books that contradict each other."""
    return {name: check for name, check in status["checks"].items() if name not in _NO_DEVICES}


def _show(answer: Any, as_json: bool, status: int = 200) -> None:
    if as_json:
        print(json.dumps(answer, ensure_ascii=False))
    elif status >= 400:
        print(f"kiosk: {refusal_text(answer)}", file=sys.stderr)
    else:
        print(text_of(answer))


if __name__ == "__main__":
    raise SystemExit(main())
