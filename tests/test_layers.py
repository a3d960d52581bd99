"""The house's import arrows run downward only; every rule is shown to bite with a planted line."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
_MOST_FILES = 26
FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for house in ("kiosk", "drivers")
    for path in sorted((ROOT / house).rglob("*.py"))
}
FLOORS = (
    {"__main__"},
    {"cli"},
    {"wiring"},
    {"api", "runtime"},
    {"flows", "sinks", "kitchen"},
    {"messages", "cli_words", "trial_sale", "site_setup"},
    {"store", "tokens", "tasks", "checkpoints", "catalogue", "config", "logs", "pictures"},
    {"domain", "clock", "periods", "files", "cli_output", "socket_calls"},
)
RANK = {room: rank for rank, rooms in enumerate(FLOORS) for room in rooms}
#: Subjects inside a room, each list from the top; what stands in no folder stands under its subjects (in the store the
#: file under everything).
SUBJECTS = {
    "flows": ({"staff"}, {"payment"}, {"ordering"}, {"fiscal", "identity", "menu", "stock"}, {"guards"}),
    "store": (
        {"fiscal", "staff"},
        {"keep"},
        {"payment"},
        {"ordering", "menu", "stock", "identity", "events"},
        {""},
        {"file"},
    ),
    "domain": ({"staff"}, {"fiscal", "kitchen"}, {"menu", "ordering", "payment", "identity"}, {""}),
}
STOREY = {
    house: {subject: rank for rank, subjects in enumerate(storeys) for subject in subjects}
    for house, storeys in SUBJECTS.items()
}
#: What talks to devices.
PORT_USERS = {"flows", "sinks", "kitchen", "messages"}
LEAVES = {"catalogue", "config", "logs"}
PURE = {"asyncio", "sqlite3", "aiosqlite", "aiohttp", "serial", "serial_asyncio", "pymodbus", "threading", "socket"}
#: No subject of anybody: a rule about characters, and what both ends of the robot's line read and reckon alike.
COMMON = {"drivers.text", "drivers.robot.equipment", "drivers.robot.timetable"}
PORT = re.compile(r"drivers\.(errors|[a-z]+\.port)")
VENDOR = re.compile(r"drivers\.(?P<house>fiscal|sim)\.(?P<vendor>shtrih|atol|atol_web)\b")
SHARED = re.compile(
    r"drivers\.(fiscal\.(port|switch|once|shifts|totals|serialised|fields|ffd|ofd)"
    r"|sim\.(drive|papers|world|site|faults|pty|ofd))\b"
)
SQL = re.compile(
    r"\b(select\b.+\bfrom|select\s+\S+\s+where|insert\s+(or\s+\w+\s+)?into|update\s+\S+\s+set|delete\s+from"
    r"|create\s+(table|index)|pragma|begin\s+immediate|savepoint)\b",
    re.IGNORECASE | re.DOTALL,
)


def imports(module: str, tree: ast.AST) -> Iterator[str]:
    """Every module `tree` imports, wherever the line stands; `from room import file` names the file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = module if FILES.get(module, Path()).name == "__init__.py" else module.rpartition(".")[0]
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                yield f"{base}.{alias.name}" if f"{base}.{alias.name}" in FILES else base


def room(module: str) -> str:
    return module.partition(".")[2].partition(".")[0]


def subject(module: str) -> str:
    """`payment` of `kiosk.flows.payment.saga`, nothing of `kiosk.store.database`."""
    words = module.split(".")
    return words[2] if len(words) > 2 and words[2] in STOREY.get(words[1], {}) else ""


def offence(module: str, target: str) -> str | None:
    """Which rule this one arrow breaks, or None."""
    house, top = module.split(".")[0], target.split(".")[0]
    if target.startswith("drivers.sim") and room(module) != "wiring" and not module.startswith("drivers.sim"):
        return "wiring alone knows the simulators"
    if top == "serial_asyncio" and module != "drivers.link":
        return "drivers.link alone opens ports"
    if top in ("sqlite3", "aiosqlite") and room(module) != "store" and module != "drivers.sim.world":
        return "the database belongs to the store"
    if target in COMMON:
        return None
    if house == "drivers":
        return "drivers never see kiosk" if top == "kiosk" else _between_vendors(module, target)
    if room(module) == "domain" and top in PURE:
        return "domain is pure"
    if top == "drivers" and room(module) != "wiring":
        return None if room(module) in PORT_USERS and PORT.fullmatch(target) else "only ports of drivers"
    if top != "kiosk" or target == "kiosk":
        return None
    if room(module) == room(target):
        return _between_subjects(room(module), subject(module), subject(target))
    return _between_rooms(room(module), room(target))


def _between_vendors(module: str, target: str) -> str | None:
    """Registers share `drivers.fiscal` and its `ffd`; the simulated devices share what lies beside them."""
    here, there = VENDOR.match(module), VENDOR.match(target)
    if here is None or there is None or here["vendor"] == there["vendor"]:
        return "what is shared knows no vendor" if here is None and there and SHARED.match(module) else None
    if here["house"] == "fiscal" and there["house"] == "sim":
        return None  # `wiring alone knows the simulators` says more
    of_one_vendor = (here["vendor"], there["vendor"]) == ("atol_web", "atol")
    if of_one_vendor and (here["house"] == "sim" or target.startswith("drivers.fiscal.atol.errors")):
        return None  # the web server stands before a register, and has the codes of its driver
    return "no vendor imports another"


def _between_subjects(house: str, upper: str, lower: str) -> str | None:
    storeys = STOREY.get(house)
    if storeys is None or upper == lower or storeys[upper] < storeys[lower]:
        return None
    return f"{house}: no arrow from {upper or 'the root'} to {lower or 'the root'}"


def _between_rooms(upper: str, lower: str) -> str | None:
    if upper == lower or not upper:
        return None if upper else "the package itself imports nothing"
    if RANK[upper] >= RANK[lower]:
        return "downward only"
    if (upper, lower) == ("api", "store"):
        return "api never sees the store"
    if upper in LEAVES and lower not in ("domain", "files"):
        return "leaves stand over the domain only"
    return "wiring passes the configuration" if lower in LEAVES and upper not in ("wiring", "cli") else None


def offences(module: str, source: str) -> list[str]:
    tree = ast.parse(source)
    found = [f"{module} → {target}: {why}" for target in imports(module, tree) if (why := offence(module, target))]
    for node in ast.walk(tree):
        if room(module) == "domain" and isinstance(node, ast.AsyncFunctionDef | ast.Await):
            found.append(f"{module}:{node.lineno}: domain never waits")
        if isinstance(node, ast.Name | ast.Attribute) and ast.unparse(node).endswith(("import_module", "__import__")):
            found.append(f"{module}:{node.lineno}: no dynamic import")
        if SQL.search(text_of(node)) and room(module) != "store" and module != "drivers.sim.world":
            found.append(f"{module}: SQL outside the store")
    return found


def text_of(node: ast.AST) -> str:
    """A string literal's text; what an f-string inserts counts as one word."""
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) or "word" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def test_every_room_stands_on_a_floor() -> None:
    assert {room(module) for module in FILES if module.startswith("kiosk.")} == RANK.keys()


def test_every_folder_of_a_room_is_a_subject() -> None:
    for house, storeys in STOREY.items():
        folders = {path.parent.name for path in (ROOT / "kiosk" / house).glob("*/__init__.py")}
        assert folders - {"migrations"} == storeys.keys() - {""}


@pytest.mark.parametrize("house", STOREY)
def test_a_planted_arrow_between_subjects_is_caught(house: str) -> None:
    """Each pair of subjects, both ways: what is allowed downward is refused upward."""
    for upper in STOREY[house]:
        for lower in STOREY[house].keys() - {upper}:
            places = [".".join(filter(None, ("kiosk", house, subject))) for subject in (upper, lower)]
            found = offence(f"{places[0]}.anything", f"{places[1]}.other")
            assert (found is None) == (STOREY[house][upper] < STOREY[house][lower]), (upper, lower)


@pytest.mark.parametrize("module", FILES)
def test_arrows_run_downward_only(module: str) -> None:
    assert offences(module, FILES[module].read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("module", "line", "rule"),
    [
        ("kiosk.cli", "import kiosk.__main__", "downward only"),
        ("kiosk.wiring", "from kiosk import cli", "downward only"),
        ("kiosk.api.ordering", "from kiosk.wiring import Kiosk", "downward only"),
        ("kiosk.cli_words", "from kiosk.api.operations import OPERATIONS", "downward only"),
        ("kiosk.api.ordering", "from kiosk.runtime import systemd", "downward only"),
        ("kiosk.runtime.dispatcher", "from kiosk.api import app", "downward only"),
        ("kiosk.flows.payment.saga", "from kiosk.runtime.dispatcher import Dispatcher", "downward only"),
        ("kiosk.flows.payment.saga", "from kiosk.sinks.cooking import Cooking", "downward only"),
        ("kiosk.flows.payment.saga", "from ...sinks import cooking", "downward only"),
        ("kiosk.sinks.cooking", "from kiosk.flows.payment import saga", "downward only"),
        ("kiosk.sinks.cooking", "from kiosk.kitchen import controller", "downward only"),
        ("kiosk.messages.notices", "from kiosk.sinks import notifications", "downward only"),
        (
            "kiosk.flows.ordering.create",
            "from kiosk.flows.payment.saga import PaymentSaga",
            "no arrow from ordering to payment",
        ),
        ("kiosk.flows.guards.disk", "from kiosk.flows.fiscal import receipts", "no arrow from guards to fiscal"),
        ("kiosk.store.database", "from kiosk.store.ordering import orders", "no arrow from the root to ordering"),
        ("kiosk.store.stock.stocks", "from kiosk.store.fiscal import intents", "no arrow from stock to fiscal"),
        (
            "kiosk.domain.reasons",
            "from kiosk.domain.ordering.order import Order",
            "no arrow from the root to ordering",
        ),
        ("kiosk.store.ordering.orders", "from kiosk.flows.ordering.views import OrderView", "downward only"),
        ("kiosk.store.ordering.orders", "from kiosk.tokens import Session", "downward only"),
        ("kiosk.tasks", "from kiosk.store.database import Database", "downward only"),
        ("kiosk.domain.ordering.order", "from kiosk.store.ordering import orders", "downward only"),
        ("kiosk.domain.ordering.order", "from kiosk.clock import rfc3339", "downward only"),
        (
            "kiosk.domain.ordering.order",
            "if TYPE_CHECKING:\n    from kiosk.store import stock",
            "downward only",
        ),
        (
            "kiosk.domain.ordering.order",
            "def late() -> None:\n    from kiosk.store import stock",
            "downward only",
        ),
        ("kiosk.clock", "from kiosk.domain.errors import DomainError", "downward only"),
        ("kiosk.api.ordering", "from kiosk.store.database import Database", "api never sees the store"),
        ("kiosk.api.health", "from drivers.fiscal.port import FiscalRegistrar", "only ports of drivers"),
        ("kiosk.api.health", "from drivers.errors import DeviceError", "only ports of drivers"),
        ("kiosk.flows.payment.saga", "from drivers.bank.acquirer import HttpAcquirer", "only ports of drivers"),
        ("kiosk.kitchen.controller", "from drivers.robot import modbus", "only ports of drivers"),
        ("kiosk.store.ordering.orders", "from drivers.robot.port import Job", "only ports of drivers"),
        ("kiosk.flows.payment.saga", "from drivers.sim.world import World", "wiring alone knows the simulators"),
        ("drivers.fiscal.shtrih.registrar", "import drivers.sim.pty", "wiring alone knows the simulators"),
        ("kiosk.flows.payment.saga", "from kiosk.config import Config", "wiring passes the configuration"),
        ("kiosk.logs", "from kiosk.clock import Clock", "leaves stand over the domain only"),
        ("kiosk.catalogue", "from kiosk.config import Config", "downward only"),
        ("drivers.fiscal.atol.session", "from drivers.fiscal.shtrih.frames import lrc", "no vendor imports another"),
        ("drivers.fiscal.atol_web.client", "from drivers.fiscal.atol import session", "no vendor imports another"),
        ("drivers.sim.atol.till", "from drivers.sim.shtrih import tables", "no vendor imports another"),
        ("drivers.sim.shtrih.device", "from drivers.fiscal.atol import frames", "no vendor imports another"),
        ("drivers.fiscal.ffd.drive", "from drivers.fiscal.shtrih.frames import lrc", "what is shared knows no vendor"),
        ("drivers.sim.drive", "from drivers.sim.shtrih import tables", "what is shared knows no vendor"),
        ("drivers.fiscal.ofd", "from drivers.fiscal.shtrih import ofd", "what is shared knows no vendor"),
        ("drivers.sim.ofd.device", "from drivers.sim.shtrih import tables", "what is shared knows no vendor"),
        ("drivers.fiscal.port", "from kiosk.domain.ordering.order import Order", "drivers never see kiosk"),
        ("drivers.robot.line", "import serial_asyncio", "drivers.link alone opens ports"),
        ("kiosk.flows.payment.saga", "import sqlite3", "the database belongs to the store"),
        ("kiosk.domain.ordering.order", "import asyncio", "domain is pure"),
        ("kiosk.domain.ordering.order", "from aiohttp import web", "domain is pure"),
        ("kiosk.domain.ordering.order", "import serial", "domain is pure"),
        ("kiosk.domain.ordering.order", "async def wait() -> None: ...", "domain never waits"),
        ("kiosk.flows.payment.saga", "x = 'SELECT order_id FROM orders'", "SQL outside the store"),
        ("kiosk.flows.payment.saga", "x = f'UPDATE {y} SET z = 1'", "SQL outside the store"),
        ("kiosk.flows.payment.saga", "x = f'SELECT {y} FROM orders'", "SQL outside the store"),
        ("kiosk.sinks.cooking", "x = 'delete from event'", "SQL outside the store"),
        ("kiosk.api.ordering", "x = 'INSERT INTO meta VALUES (1)'", "SQL outside the store"),
        ("kiosk.wiring", "import importlib\nimportlib.import_module('x')", "no dynamic import"),
    ],
)
def test_a_planted_line_is_caught(module: str, line: str, rule: str) -> None:
    assert any(found.endswith(rule) for found in offences(module, line)), offences(module, line)


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("drivers.fiscal.atol_web.client", "from drivers.fiscal.atol.errors import driver_text"),
        ("drivers.sim.atol_web.device", "from drivers.sim.atol.till import Till"),
        ("drivers.sim.atol.till", "from drivers.fiscal.atol import errors"),
        ("kiosk.wiring", "from drivers.sim.embedded import EmbeddedSimulators"),
        ("kiosk.api.display", "from kiosk.sinks.board import HallBoard"),
        ("kiosk.api.ordering", "from kiosk.flows.payment.saga import PaymentSaga"),
        ("kiosk.kitchen.controller", "from drivers.robot.port import Job"),
        ("kiosk.flows.payment.saga", "from drivers.errors import DeviceError"),
        ("kiosk.store.ordering.orders", "x = 'SELECT 1 FROM orders'"),
        ("kiosk.domain.menu.wording", "from drivers.text import is_shown"),
        ("kiosk.flows.payment.saga", "x = 'DELETE /internal/robotics/ingredients'"),
    ],
)
def test_an_allowed_line_passes(module: str, line: str) -> None:
    assert offences(module, line) == []


def blocks_of(document: str) -> list[list[list[str]]]:
    """The fenced blocks of a document as lines of words."""
    fenced = re.findall(r"^```\n(.*?)^```", (ROOT / document).read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return [[re.findall(r"\w+|→", line) for line in block.splitlines()] for block in fenced]


def test_the_document_shows_the_floors_and_the_subjects() -> None:
    floors, subjects, *_ = blocks_of("docs/architecture.md")
    assert [set(line[: len(floor)]) for line, floor in zip(floors, FLOORS, strict=True)] == list(map(set, FLOORS))
    for line in subjects:
        shown = [{"" if word == "root" else word for word in part.split()} for part in " ".join(line[1:]).split("→")]
        assert shown == list(map(set, SUBJECTS[line[0]]))


def test_no_folder_holds_more_files_than_a_reader_takes_in() -> None:
    counted = Counter(path.parent.relative_to(ROOT).as_posix() for path in FILES.values())
    assert {folder: count for folder, count in counted.items() if count > _MOST_FILES} == {}
