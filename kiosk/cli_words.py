"""The words of the command `kiosk`, and the call of the unix socket that each stands for (contract §6)."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from kiosk import __version__

Call = tuple[str, str, dict[str, Any] | None]
_MOVES = {
    "retry": "try again now, by the same rules",
    "refund": "give the money back as soon as it is proved that no receipt stands",
    "issue": "you have looked: no receipt stands; print one",
    "adopt": "you have looked: this fiscal document is the receipt",
    "accept": "you have looked: it is as it should be",
}


_LONGEST_QUANTITY = 9
_STATS = ["hours", "dishes", "combos", "options"]
_CELL_ACTIONS = {
    "open": "open the door",
    "hand-out": "the guest gets it from you: the door opens, the books say taken",
    "write-off": "the food is thrown away: the door opens, `kiosk stuck` asks what becomes of the money",
}


def parser(description: str | None) -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--config", type=Path, help="default: config.toml here")
    common.add_argument("--lang", choices=["ru", "en"], help="default: English where LANG says so, else Russian")
    common.add_argument("--json", action="store_true", help="print the answer as JSON")
    found = argparse.ArgumentParser("kiosk", description=description)
    found.add_argument("--version", action="version", version=__version__)
    commands = found.add_subparsers(dest="command", required=True)

    def command(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=text, parents=[common])

    command("run", "run the kiosk in the foreground")
    check = command("check", "read configuration, menu, database and every device; bad ones make it fail")
    check.add_argument(
        "--find",
        nargs="*",
        metavar="PORT",
        help="look for registers at these ports, or at all of this machine; prints the [fiscal] section to put in",
    )
    command("status", "why sales are open or paused")
    command("devices", "the devices one by one")
    command("orders", "paid orders that are not handed out")
    command("order", "one order").add_argument("order_id")
    refund = command("refund", "give an order back, whole or by item")
    refund.add_argument("order_id", help="its id, its number, or the receipt's document number or fiscal sign")
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
    cells = command("cells", "what each cell holds; open one, hand its food out, write it off").add_subparsers(
        dest="action"
    )
    for word, text in _CELL_ACTIONS.items():
        tended = cells.add_parser(word, help=text, parents=[common])
        tended.add_argument("cell", type=int)
        tended.add_argument("--reason", required=word == "write-off", default="")
    command("pickup-code", "a new pick-up code for an order; the old one is dead").add_argument("order_id")
    stop = command("stop-list", "dishes taken off sale; add one, or put it back").add_subparsers(dest="action")
    add = stop.add_parser("add", help="off sale", parents=[common])
    add.add_argument("item_id")
    add.add_argument("--until", help="a time with its zone; without it for good")
    remove = stop.add_parser("remove", help="back on sale", parents=[common])
    remove.add_argument("item_id")
    for action in (add, remove):
        action.add_argument("--ingredient", action="store_true", help="ITEM_ID names an ingredient: its dishes all go")
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
    stats = command(
        "stats", "orders, revenue and points of a period, by hour, dish, combo and option; today when no day is given"
    )
    stats.add_argument("--from", dest="first", metavar="DAY")
    stats.add_argument("--to", dest="last", metavar="DAY")
    stats.add_argument("--report", metavar="DAY", help="what was kept when that day was over")
    stats.add_argument("--csv", nargs="?", const="hours", choices=_STATS, help="a table for a spreadsheet")
    command("audit", "cross-check bank, receipts, orders, robot, points and events")
    stuck = command("stuck", "what waits for a person, with the moves that are safe").add_subparsers(dest="action")
    for move, text in _MOVES.items():
        stuck.add_parser(move, help=text, parents=[common]).add_argument("stuck_id", metavar="ID")
    adopt = stuck.choices["adopt"]
    adopt.add_argument("document", type=int, help="the number of the fiscal document")
    adopt.add_argument("--drive", help="of a drive that is lost: its serial, 16 digits")
    adopt.add_argument("--sign", type=int, help="and the fiscal sign of the document, as on the paper or at the OFD")
    adopt.add_argument("--issued-at", metavar="TIME", help="and its time, RFC 3339")
    command("backup", "copy the database while it is used").add_argument("file", type=Path)
    command("restore", "put a backup in the database's place; the kiosk must not run").add_argument("file", type=Path)
    return found


def _item(text: str) -> dict[str, Any]:
    item_id, _, quantity = text.partition("=")
    if not item_id or not quantity.isascii() or not quantity.isdigit() or len(quantity) > _LONGEST_QUANTITY:
        raise argparse.ArgumentTypeError(f"{text!r} is not ITEM=QTY")
    return {"item_id": item_id, "quantity": int(quantity)}


def call_of(options: argparse.Namespace) -> Call:
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
        case "cells", str():
            body = {"action": action.replace("-", "_"), "reason": options.reason}
            return "POST", f"/internal/cells/{options.cell}", body
        case "pickup-code", _:
            return "POST", f"/internal/orders/{quote(options.order_id, safe='')}/pickup-code", None
        case "robot", "acknowledge":
            return "POST", "/internal/robot/acknowledge", None
        case "stock", _:
            return "GET", "/internal/robotics/ingredients", None
        case "stop-list", "add":
            return "POST", "/internal/stop-list", {_stopped(options): options.item_id, "until": options.until}
        case "stop-list", "remove":
            return "POST", "/internal/stop-list", {_stopped(options): options.item_id, "stopped": False}
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
            return "POST", f"/internal/stuck/{quote(options.stuck_id, safe='')}", _decision(move, options)
        case "backup", _:
            return "POST", "/internal/backup", {"file": str(options.file.resolve())}
        case _:
            return "GET", f"/internal/{options.command}", None


def _stopped(options: argparse.Namespace) -> str:
    return "ingredient" if options.ingredient else "item_id"


def _decision(move: str, options: argparse.Namespace) -> dict[str, Any]:
    if move != "adopt":
        return {"move": move}
    named = {"drive": options.drive, "fiscal_sign": options.sign, "issued_at": options.issued_at}
    return {"move": move, "document": options.document, **{k: v for k, v in named.items() if v is not None}}
