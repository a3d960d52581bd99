"""The words of the command `kiosk`, and the call of the unix socket that each stands for (operation.md#the-command)."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

from kiosk import socket_calls, version
from kiosk.domain.kitchen.certificate_words import CLAUSES
from kiosk.socket_calls import Address

Call = tuple[str, str, dict[str, Any] | None]
_OF_PEOPLE = {
    "show": "what is kept of a number or address",
    "export": "all of it, for the person themselves",
    "erase": "number, address and points, for good; receipts and sums stay under an id",
    "block": "the number signs in no more",
    "unblock": "it may again",
}
_OF_STAFF = {
    "add": "an account, with a PIN that is asked for",
    "pin": "another PIN, which is asked for; open sessions end",
    "role": "another role, from now on",
    "rename": "another name",
    "block": "signs in no more, open sessions end now",
    "unblock": "signs in again, with a new PIN that is asked for",
}
_ROLES = ["technician", "shift", "manager", "owner"]
#: Commands for which a new PIN is asked: it never stands on a line that others can read.
WANTS_PIN = {("staff", "add"), ("staff", "pin"), ("staff", "unblock")}
_MOVES = {
    "retry": "try again now, by the same rules",
    "refund": "give the money back as soon as it is proved that no receipt stands",
    "issue": "you have looked: no receipt stands; print one",
    "adopt": "you have looked: this fiscal document is the receipt",
    "accept": "you have looked: it is as it should be",
}
_LONGEST_QUANTITY = 9
_MOST_JOBS = 3000
_SUM = re.compile(r"([0-9]{1,7})(?:[.,]([0-9]{1,2}))?")
_STATS = [
    "hours", "dishes", "combos", "options", "services", "payments", "refusals", "promises", "funnel", "left", "visits",
    "sold_out", "refunds",
]  # fmt: skip
_CELL_ACTIONS = {
    "open": "open the door",
    "hand-out": "the guest gets it from you: the door opens, the books say taken",
    "write-off": "the food is thrown away: the door opens, `kiosk stuck` asks what becomes of the money",
}


class _Version(argparse.Action):
    """As argparse's own, which would have to know it beforehand."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(version())
        parser.exit()


def parser(description: str | None) -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--config", type=Path, help="default: config.toml here, else what $KIOSK_CONFIG names")
    common.add_argument("--lang", choices=["ru", "en"], help="default: English where LANG says so, else Russian")
    common.add_argument("--json", action="store_true", help="print the answer as JSON")
    found = argparse.ArgumentParser("kiosk", description=description)
    found.add_argument("--version", action=_Version, nargs=0, help="tell the version of the program and end")
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
    check.add_argument(
        "--setup",
        action="store_true",
        help="ask for the settings of a new site, find its registrar, write config.toml, and offer a trial sale",
    )
    check.add_argument(
        "--sale",
        choices=["token", "terminal", "sbp", "till"],
        metavar="METHOD",
        help="sell the cheapest dish, paid by token (a demo only), terminal, sbp or till, and give the money back",
    )
    menu = command("menu", "the menu that is sold; check, publish or export one; the history").add_subparsers(
        dest="action"
    )
    _add_menu(menu, common)
    command("status", "why sales are open or paused")
    command("devices", "the devices one by one")
    command("orders", "paid orders that are not handed out; or any, by what a guest can show").add_argument(
        "--find", metavar="WORD", help="number, receipt, last four digits of the card, whole phone number or address"
    )
    command("order", "one order").add_argument("order_id")
    refund = command("refund", "give an order back, whole or by item")
    refund.add_argument("order_id", help="its id, its number, or the receipt's document number or fiscal sign")
    refund.add_argument("--reason", required=True)
    refund.add_argument("--item", dest="items", action="append", type=_item, metavar="ITEM=QTY")
    asked = command("refunds", "refunds above the limit that wait for a second person; confirm or refuse one")
    _add_requests(asked, common)
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
    stock = command("stock", "bins with levels and reservations; refill one; lots").add_subparsers(dest="action")
    refill = stock.add_parser("refill", help="what a bin holds after it was filled", parents=[common])
    refill.add_argument("bin", type=int)
    refill.add_argument("amount", type=int)
    refill.add_argument("--lot", help="as on the package")
    refill.add_argument("--expires", metavar="DAY", help="the last day that it may be used; or a moment with its zone")
    stock.add_parser("lots", help="what lies in the bins by lot; recalls that stand", parents=[common])
    write_off = stock.add_parser("write-off", help="food of a lot was taken out and thrown away", parents=[common])
    write_off.add_argument("lot_id", help="its number in `kiosk stock lots`")
    write_off.add_argument("amount", type=int, nargs="?", help="without it all that is left")
    expiry = stock.add_parser("expiry", help="the package of a lot says another date", parents=[common])
    expiry.add_argument("lot_id", help="its number in `kiosk stock lots`")
    expiry.add_argument("expires_at", metavar="DAY")
    recall = stock.add_parser("recall", help="nothing of a lot is sold from now on; who has eaten it", parents=[common])
    lift = stock.add_parser("lift", help="take the recall of a lot back", parents=[common])
    trace = stock.add_parser("trace", help="what was made of a lot, and for whom", parents=[common])
    for parser_of_lot in (recall, lift, trace):
        parser_of_lot.add_argument("lot", help="as on the package")
        parser_of_lot.add_argument("--csv", nargs="?", const="made", choices=["made", "lots"])
    for told in (write_off, expiry, recall, lift):
        told.add_argument("--reason", required=True)
    kept_of_lots = stock.add_parser("journal", help="lots received, written off, recalled on a day", parents=[common])
    robot = command("robot", "what the cooking complex does; its own things").add_subparsers(dest="action")
    robot.add_parser(
        "acknowledge", help="after an emergency stop: you have looked and released the button", parents=[common]
    )
    certify = robot.add_parser(
        "certify",
        help="hold the contract against any complex, clause by clause; the kiosk must not work with it",
        parents=[common],
    )
    certify.add_argument("--port", metavar="P", help="default: that of the configuration")
    certify.add_argument("--jobs", type=_jobs, default=300, metavar="N", help="of the last clause; default: 300")
    certify.add_argument(
        "--power-cut", metavar="CMD", help="switches the complex off and on again; else a person is asked to"
    )
    certify.add_argument(
        "--clause", dest="clauses", action="append", choices=list(CLAUSES), help="only this one; may be repeated"
    )
    cells = command("cells", "what each cell holds; open one, hand its food out, write it off").add_subparsers(
        dest="action"
    )
    for word, text in _CELL_ACTIONS.items():
        tended = cells.add_parser(word, help=text, parents=[common])
        tended.add_argument("cell", type=int)
        tended.add_argument("--reason", required=word == "write-off", default="")
    kept_of_cells = cells.add_parser("journal", help="what came into cells on a day", parents=[common])
    terminal = command("terminal", "the card reader's settlement; settle now").add_subparsers(dest="action")
    terminal.add_parser("settle", help="close the reader's day at its bank now", parents=[common])
    till = command("till", "guests who wait to pay at the till; print the receipt first, say that you took the money")
    taken = till.add_subparsers(dest="action")
    for tender, text in (("card", "by card"), ("cash", "in cash; the answer names the change")):
        told = taken.add_parser(tender, help=text, parents=[common])
        told.add_argument("code", help="the four digits of the guest's screen")
        told.set_defaults(tender=tender)
    taken.choices["cash"].add_argument("given_kopecks", metavar="ROUBLES", type=_roubles, help="what the guest gave")
    first = taken.add_parser("receipt", help="print the receipt that comes before the money", parents=[common])
    first.add_argument("code", help="the four digits of the guest's screen")
    first.add_argument("tender", choices=["cash", "card"], help="as the guest will pay")
    refused = taken.add_parser(
        "refuse", help="the guest does not pay; a printed receipt is taken back", parents=[common]
    )
    refused.add_argument("code", help="the four digits of the guest's screen")
    temps = command("temperatures", "of bins, stations and cells on a day, with their limits; today without one")
    temps.add_argument("--on", metavar="DAY")
    temps.add_argument("--csv", nargs="?", const="places", choices=["places"], help="a table for a spreadsheet")
    upkeep = command("upkeep", "cleaning and oil: what is due when; say that you did it").add_subparsers(dest="action")
    done = upkeep.add_parser("done", help="it was done just now", parents=[common])
    done.add_argument("upkeep_id", metavar="ID")
    done.add_argument("--note", help="to be kept with it")
    people = command("customers", "what is kept of a person: show, export, erase, block; the newest without one")
    acts = people.add_subparsers(dest="action")
    for name, text in _OF_PEOPLE.items():
        act = acts.add_parser(name, help=text, parents=[common])
        act.add_argument("contact", metavar="CONTACT", help="a phone number or an e-mail address")
    acts.choices["block"].add_argument("--reason", required=True, help="to be kept with it")
    _add_staff(command("staff", "accounts of staff; add and change them (root or the kiosk's own user)"), common)
    kept_of_upkeep = upkeep.add_parser("journal", help="what was done on a day, and by whom", parents=[common])
    journals = {kept_of_lots: ["entries"], kept_of_cells: ["entries", "acts"], kept_of_upkeep: ["records"]}
    for kept, lists in journals.items():
        kept.add_argument("--on", metavar="DAY")
        kept.add_argument("--csv", nargs="?", const=lists[0], choices=lists, help="a table for a spreadsheet")
    command("pickup-code", "a new pick-up code for an order; the old one is dead").add_argument("order_id")
    stop = command("stop-list", "dishes taken off sale; add one, or put it back").add_subparsers(dest="action")
    add = stop.add_parser("add", help="off sale", parents=[common])
    add.add_argument("item_id")
    add.add_argument("--until", help="a time with its zone; without it for good")
    remove = stop.add_parser("remove", help="back on sale", parents=[common])
    remove.add_argument("item_id")
    for action in (add, remove):
        action.add_argument("--ingredient", action="store_true", help="ITEM_ID names an ingredient: its dishes all go")
    alarms = command("alarms", "what a person is called for, and by which channels").add_subparsers(dest="action")
    ack = alarms.add_parser("ack", help="you see to it: nobody else is called for it", parents=[common])
    ack.add_argument("alarm_id", metavar="ID")
    tested = alarms.add_parser("test", help="send a test by a channel now", parents=[common])
    tested.add_argument("channel", metavar="CHANNEL")
    command("pause", "pause sales").add_argument("--reason", default="", help="shown at the staff's page")
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
    stats.add_argument("--report", dest="day", metavar="DAY", help="what was kept when that day was over")
    stats.add_argument("--csv", nargs="?", const="hours", choices=_STATS, help="a table for a spreadsheet")
    audit = command(
        "audit", "cross-check bank, receipts, orders, robot, points and events; of past days our own books alone"
    )
    audit.add_argument("--from", dest="first", metavar="DAY", help="of whatever year, its archive included")
    audit.add_argument("--to", dest="last", metavar="DAY", help="default: today")
    stuck = command("stuck", "what waits for a person, with the moves that are safe").add_subparsers(dest="action")
    for move, text in _MOVES.items():
        stuck.add_parser(move, help=text, parents=[common]).add_argument("stuck_id", metavar="ID")
    adopt = stuck.choices["adopt"]
    adopt.add_argument("document", type=int, help="the number of the fiscal document")
    adopt.add_argument("--drive", help="of a drive that is lost: its serial, 16 digits")
    adopt.add_argument("--sign", type=int, help="and the fiscal sign of the document, as on the paper or at the OFD")
    adopt.add_argument("--issued-at", metavar="TIME", help="and its time, RFC 3339")
    backup = command("backup", "copy the database while it is used; orders of past years stand in archives beside it")
    backup.add_argument("file", type=Path)
    backup.add_argument("--year", type=int, metavar="YEAR", help="copy the archive of this year instead")
    restore = command("restore", "put a backup in the database's place; the kiosk must not run")
    restore.add_argument("file", type=Path, help="a backup, or the folder of [standby]: its newest copy")
    return found


def _add_requests(asked: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    acts = asked.add_subparsers(dest="action")
    for name, text in (("confirm", "yes: the money goes back"), ("refuse", "no, or you take it back")):
        acts.add_parser(name, help=text, parents=[common]).add_argument("request_id", type=int, metavar="ID")


def _add_staff(staff: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    acts = staff.add_subparsers(dest="action")
    for name, text in _OF_STAFF.items():
        act = acts.add_parser(name, help=text, parents=[common])
        if name != "add":
            act.add_argument("person_id", type=int, metavar="ID", help="its number in `kiosk staff`")
    for name in ("add", "rename"):
        acts.choices[name].add_argument("name", metavar="NAME")
    acts.choices["add"].add_argument("--role", choices=_ROLES, required=True)
    acts.choices["role"].add_argument("role", choices=_ROLES)


def _jobs(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= _MOST_JOBS:
        raise argparse.ArgumentTypeError(f"{text!r} is not 1…{_MOST_JOBS}")
    return int(text)


def _item(text: str) -> dict[str, Any]:
    item_id, _, quantity = text.partition("=")
    if not item_id or not quantity.isascii() or not quantity.isdigit() or len(quantity) > _LONGEST_QUANTITY:
        raise argparse.ArgumentTypeError(f"{text!r} is not ITEM=QTY")
    return {"item_id": item_id, "quantity": int(quantity)}


def _roubles(text: str) -> int:
    """In kopecks: `500`, `500.50`, `500,5`."""
    found = _SUM.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no sum in roubles")
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


def _add_menu(menu: Any, common: argparse.ArgumentParser) -> None:
    told = "a menu.toml with its charts beside it, or what export wrote (.json)"
    for name, text in (
        ("check", "everything that is wrong with a menu"),
        ("publish", "sell it from the next order on"),
    ):
        found = menu.add_parser(name, help=text, parents=[common])
        found.add_argument("file", type=Path, help=told)
    found.add_argument("--merge", action="store_true", help="take over what was published since it was written")
    found.add_argument("--over", type=int, metavar="N", help="the revision that it was written upon, and replaces")
    export = menu.add_parser("export", help="write what is sold, with its charts", parents=[common])
    export.add_argument("file", type=Path, help="a new file, or one to replace (.json)")
    export.add_argument("--revision", type=int, metavar="N", help="an earlier one")
    history = menu.add_parser("history", help="the menus that were sold, the newest first", parents=[common])
    history.add_argument("--before", type=int, metavar="N", help="those below a revision")
    back = menu.add_parser("rollback", help="sell an earlier menu again", parents=[common])
    back.add_argument("revision", type=int, metavar="N")


#: The call of a command (and its action), and which of the words on its line are members of the body.
_CALLS: dict[tuple[str, str | None], tuple[Address, *tuple[str, ...]]] = {
    ("status", None): (socket_calls.STATUS,),
    ("devices", None): (socket_calls.DEVICES,),
    ("orders", None): (socket_calls.ORDERS,),
    ("order", None): (socket_calls.ORDER,),
    ("pickup-code", None): (socket_calls.PICKUP_CODE,),
    ("shift", None): (socket_calls.SHIFT,),
    ("shift", "open"): (socket_calls.OPEN_SHIFT,),
    ("shift", "close"): (socket_calls.CLOSE_SHIFT,),
    ("shift", "report"): (socket_calls.X_REPORT,),
    ("fiscal", None): (socket_calls.REGISTRARS,),
    ("fiscal", "use"): (socket_calls.USE_REGISTRAR, "name"),
    ("fiscal", "correct"): (socket_calls.CORRECT, "order_id", "reason"),
    ("fiscal", "replace-drive"): (socket_calls.REPLACE_DRIVE, "reason"),
    ("stock", None): (socket_calls.BINS,),
    ("stock", "lots"): (socket_calls.LOTS,),
    ("stock", "expiry"): (socket_calls.RELABEL_LOT, "expires_at", "reason"),
    ("stock", "recall"): (socket_calls.RECALL_LOT, "lot", "reason"),
    ("stock", "lift"): (socket_calls.LIFT_RECALL, "lot", "reason"),
    ("robot", None): (socket_calls.KITCHEN,),
    ("robot", "acknowledge"): (socket_calls.ACKNOWLEDGE,),
    ("cells", None): (socket_calls.CELLS,),
    ("terminal", None): (socket_calls.TERMINAL,),
    ("terminal", "settle"): (socket_calls.SETTLE,),
    ("till", None): (socket_calls.TILL,),
    ("till", "card"): (socket_calls.TAKE_AT_TILL, "tender"),
    ("till", "cash"): (socket_calls.TAKE_AT_TILL, "tender", "given_kopecks"),
    ("till", "receipt"): (socket_calls.ANNOUNCE_AT_TILL, "tender"),
    ("till", "refuse"): (socket_calls.REFUSE_AT_TILL,),
    ("stop-list", None): (socket_calls.STOP_LIST,),
    ("upkeep", None): (socket_calls.UPKEEP,),
    ("customers", None): (socket_calls.CUSTOMERS,),
    ("customers", "show"): (socket_calls.FIND_CUSTOMER, "contact"),
    ("customers", "export"): (socket_calls.EXPORT_CUSTOMER, "contact"),
    ("customers", "erase"): (socket_calls.ERASE_CUSTOMER, "contact"),
    ("customers", "block"): (socket_calls.BLOCK_CUSTOMER, "contact", "reason"),
    ("customers", "unblock"): (socket_calls.UNBLOCK_CUSTOMER, "contact"),
    ("staff", None): (socket_calls.STAFF,),
    ("staff", "add"): (socket_calls.ADD_STAFF, "name", "role", "pin"),
    ("staff", "pin"): (socket_calls.CHANGE_STAFF, "pin"),
    ("staff", "role"): (socket_calls.CHANGE_STAFF, "role"),
    ("staff", "rename"): (socket_calls.CHANGE_STAFF, "name"),
    ("refunds", None): (socket_calls.REFUND_REQUESTS,),
    ("refunds", "confirm"): (socket_calls.CONFIRM_REFUND,),
    ("refunds", "refuse"): (socket_calls.REFUSE_REFUND,),
    ("alarms", None): (socket_calls.ALARMS,),
    ("alarms", "ack"): (socket_calls.ACK_ALARM,),
    ("alarms", "test"): (socket_calls.TEST_CHANNEL,),
    ("pause", None): (socket_calls.PAUSE,),
    ("resume", None): (socket_calls.RESUME,),
    ("webhooks", None): (socket_calls.WEBHOOKS,),
    ("webhooks", "replay"): (socket_calls.REPLAY, "sequence", "url"),
    ("webhooks", "enable"): (socket_calls.ENABLE, "url"),
    ("stuck", None): (socket_calls.STUCK,),
    ("menu", "rollback"): (socket_calls.BRING_BACK,),
}


def call_of(options: argparse.Namespace) -> Call:
    """(method, path, body) of a command."""
    words = vars(options)
    action = words.get("action")
    call, body = _of_food(options, action) or _of_staff(options, action) or _special(options, action) or _plain(words)
    return call.method, call.named(words), body


def _plain(words: dict[str, Any]) -> tuple[Address, dict[str, Any] | None]:
    call, *members = _CALLS[words["command"], words.get("action")]
    return call, {name: words[name] for name in members} or None


def _of_food(options: argparse.Namespace, action: str | None) -> tuple[Address, dict[str, Any] | None] | None:
    match options.command, action:
        case "temperatures", _:
            return socket_calls.TEMPERATURES.asked(_given(on=options.on)), None
        case "upkeep", "journal":
            return socket_calls.UPKEEP_JOURNAL.asked(_given(on=options.on)), None
        case "cells", "journal":
            return socket_calls.CELL_JOURNAL.asked(_given(on=options.on)), None
        case "upkeep", "done":
            return socket_calls.UPKEEP_DONE, _given(note=options.note)
        case "stock", "refill":
            more = _given(lot=options.lot, expires_at=options.expires)
            return socket_calls.REFILL, {"bin": options.bin, "amount": options.amount, **more}
        case "stock", "write-off":
            return socket_calls.WRITE_OFF_LOT, {"reason": options.reason, **_given(amount=options.amount)}
        case "stock", "trace":
            return socket_calls.LOT_TRACE.asked({"lot": options.lot}), None
        case "stock", "journal":
            return socket_calls.LOT_JOURNAL.asked(_given(on=options.on)), None
    return None


def _of_staff(options: argparse.Namespace, action: str | None) -> tuple[Address, dict[str, Any] | None] | None:
    match options.command, action:
        case "pause", _ if options.reason:
            return socket_calls.PAUSE, {"reason": options.reason}
        case "menu", "history":
            return socket_calls.REVISIONS.asked(_given(before=options.before)), None
        case "orders", _ if options.find is not None:
            return socket_calls.FIND_ORDERS, {"word": options.find}
        case "staff", "block":
            return socket_calls.CHANGE_STAFF, {"blocked": True}
        case "staff", "unblock":
            return socket_calls.CHANGE_STAFF, {"blocked": False, "pin": options.pin}
    return None


def _special(options: argparse.Namespace, action: str | None) -> tuple[Address, dict[str, Any] | None] | None:
    match options.command, action:
        case "refund", _:
            return socket_calls.REFUND, {"reason": options.reason, **_given(items=options.items)}
        case "shift", "report" if options.shift is not None:
            return socket_calls.SHIFT_REPORT, None
        case "cells", str():
            return socket_calls.TEND_CELL, {"action": action.replace("-", "_"), "reason": options.reason}
        case "stop-list", "add":
            return socket_calls.STOP, {_stopped(options): options.item_id, "until": options.until}
        case "stop-list", "remove":
            return socket_calls.STOP, {_stopped(options): options.item_id, "stopped": False}
        case "stats", _ if options.day:
            return socket_calls.REPORT, None
        case "stats" | "audit", _:
            call = socket_calls.STATS if options.command == "stats" else socket_calls.AUDIT
            return call.asked(_given(**{"from": options.first or None, "to": options.last or None})), None
        case "stuck", str():
            return socket_calls.DECIDE, _decision(action, options)
        case "backup", _:
            return socket_calls.BACKUP, {"file": str(options.file.resolve()), **_given(year=options.year)}
    return None


def _given(**words: Any) -> dict[str, Any]:
    return {name: value for name, value in words.items() if value is not None}


def _stopped(options: argparse.Namespace) -> str:
    return "ingredient" if options.ingredient else "item_id"


def _decision(move: str, options: argparse.Namespace) -> dict[str, Any]:
    if move != "adopt":
        return {"move": move}
    more = _given(drive=options.drive, fiscal_sign=options.sign, issued_at=options.issued_at)
    return {"move": move, "document": options.document, **more}
