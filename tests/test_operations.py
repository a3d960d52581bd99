"""The table of operations keeps its word: every call once, handlers that give what their row says, a command that asks
for what is there."""

from __future__ import annotations

import inspect
import shlex
from collections import Counter
from types import NoneType, UnionType
from typing import Any, get_args, get_type_hints

import msgspec
import pytest
from aiohttp import web

from kiosk import socket_calls
from kiosk.api.admission import SESSION, Admission
from kiosk.api.calls import Operation, Parameter
from kiosk.api.describing import describe
from kiosk.api.http import parameters
from kiosk.api.http.problems import STATUS
from kiosk.api.operations import INTERNAL_OPERATIONS, OPERATIONS, PUBLIC_OPERATIONS
from kiosk.api.router import routes
from kiosk.api.staff.acts import SellingApi
from kiosk.api.staff.pages import PinRequest
from kiosk.cli_words import call_of, parser
from kiosk.socket_calls import Address

SOCKET_CALLS = [call for call in vars(socket_calls).values() if isinstance(call, Address)]


def name(row: Operation) -> str:
    return " ".join(row.at)


def test_every_call_stands_once_and_those_of_the_socket_are_all_there() -> None:
    assert [at for at, times in Counter(row.at for row in OPERATIONS).items() if times > 1] == []
    assert Counter(row.at for row in INTERNAL_OPERATIONS) == Counter(SOCKET_CALLS)
    assert {row.at for row in PUBLIC_OPERATIONS}.isdisjoint(SOCKET_CALLS)


def test_description_tells_nothing_of_the_socket() -> None:
    described = {(method.upper(), path) for path, item in describe(OPERATIONS)["paths"].items() for method in item}
    assert described == {row.at for row in OPERATIONS if row.at.path.startswith("/api/")}


@pytest.mark.parametrize("kind", sorted({row.body for row in OPERATIONS}, key=str), ids=lambda kind: kind.__name__)
def test_no_body_takes_what_it_does_not_know(kind: type[msgspec.Struct]) -> None:
    assert kind.__struct_config__.forbid_unknown_fields


# What a row says against what its handler says.


def quarrels(row: Operation) -> list[str]:
    """Where a row says another thing than its handler, or one that is not there."""
    call, answered = get_type_hints(row.handler).values()
    by, body = get_args(call)
    given = parts(answered) - {msgspec.Raw}
    by_itself = any(isinstance(part, type) and issubclass(part, web.StreamResponse) for part in given)
    found = [f"no status: {kind.__name__}" for kind in row.refusals if kind not in STATUS]
    if not by_itself and len(row.answers) > 1:
        found.append("several answers, and the handler does not choose")
    answer = next(iter(row.answers.values()))
    if not by_itself and answer is not None and given != parts(answer):
        found.append(f"answers {answer}, gives {answered}")
    if not parts(row.who.by) <= parts(by):
        found.append(f"admits {row.who.by}, takes {by}")
    if body is not object and row.body not in parts(body):
        found.append(f"decodes {row.body}, takes {body}")
    return found + [f"{word} is not read" for word in unread(row)]


def parts(kind: Any) -> set[Any]:
    """The members of a union, or the one type."""
    return set(get_args(kind)) if isinstance(kind, UnionType) else {NoneType if kind is None else kind}


def unread(row: Operation) -> set[str]:
    """Parameters of a row that its handler does not read, or reads although the row has none. Words of the path may be
    read by what the handler calls."""
    constants = {key: row for key, row in vars(parameters).items() if isinstance(row, Parameter)}
    stated = {key for key, word in constants.items() if word in row.parameters}
    source = inspect.getsource(row.handler)
    read = {key for key in constants if f"read({key})" in source or f"{key}.name" in source}
    in_path = {key for key, word in constants.items() if f"{{{word.name}}}" in row.at.path}
    return (read ^ (stated | in_path)) - _READ_ELSEWHERE


#: By `tagged_answer`, by the stream that the handler opens.
_READ_ELSEWHERE = {"IF_NONE_MATCH", "LAST_EVENT_ID"}


@pytest.mark.parametrize("row", OPERATIONS, ids=name)
def test_row_says_what_its_handler_says(row: Operation) -> None:
    assert quarrels(row) == []


@pytest.mark.parametrize(
    "planted",
    [
        {"answers": {200: list[int]}},
        {"answers": {200: SellingApi, 201: SellingApi}},
        {"refusals": (ValueError,)},
        {"who": SESSION},
        {"body": PinRequest},
        {"parameters": (parameters.BEFORE,)},
        {"at": Address("POST", "/internal/stuck")},
    ],
    ids=[
        "another answer",
        "no choice of answers",
        "no status",
        "another caller",
        "another body",
        "nobody reads",
        "not in the path",
    ],
)
def test_planted_row_is_told(planted: dict[str, Any]) -> None:
    (row,) = (row for row in OPERATIONS if row.at == socket_calls.DECIDE)
    fields = {
        part: getattr(row, part) for part in ("at", "handler", "who", "answers", "body", "refusals", "parameters")
    }
    assert quarrels(row) == []
    assert quarrels(Operation(**{**fields, **planted}))


def test_row_without_its_handlers_object_stops_the_start() -> None:
    with pytest.raises(LookupError, match="SellingApi"):
        routes([row for row in OPERATIONS if row.at == socket_calls.DECIDE], [], _Nobody())


class _Nobody(Admission):
    def __init__(self) -> None:
        self._by = dict.fromkeys((row.who for row in OPERATIONS), lambda _request, _may: None)


# The command.

COMMANDS = """
status
devices
orders
orders --find 4242
customers
customers show +79161234567
customers export +79161234567
customers erase guest@example.com
customers block +79161234567 --reason fraud
customers unblock +79161234567
staff
staff add Anna --role shift
staff pin 3
staff role 3 manager
staff rename 3 Anna-Maria
staff block 3
staff unblock 3
refunds
refunds confirm 7
refunds refuse 7
order 0042
refund 0042 --reason cold
refund 0042 --reason cold --item tea=1
pickup-code 0042
shift
shift open
shift close
shift report
shift report --shift 7
fiscal
fiscal use spare
fiscal correct 0042 --reason rate
fiscal replace-drive --reason full
stock
stock refill 3 500
stock refill 3 500 --lot A-17 --expires 2026-12-05
stock lots
stock write-off 7 --reason old
stock write-off 7 250 --reason old
stock expiry 7 2026-12-06 --reason misread
stock recall A-17 --reason supplier
stock lift A-17 --reason mistake
stock trace A-17
stock journal --on 2026-11-22
robot
temperatures --on 2026-11-22
upkeep
upkeep journal --on 2026-11-22
upkeep done fryer-oil --note fresh
robot acknowledge
cells
cells journal --on 2026-11-22
cells open 2
cells hand-out 2
cells write-off 2 --reason cold
terminal
terminal settle
till
till card 0042
till cash 0042 500.50
till receipt 0042 cash
till refuse 0042
stop-list
stop-list add tea
stop-list add milk --ingredient --until 2026-12-01T10:00:00Z
stop-list remove tea
alarms
alarms ack 12
alarms test duty
pause
resume
webhooks
webhooks replay --from 7
webhooks replay --from 7 --url https://cloud.example/hook
webhooks enable https://cloud.example/hook
stats
stats --from 2026-11-01 --to 2026-11-02
stats --report 2026-11-01
audit
audit --from 2026-11-01
menu history
menu history --before 7
menu rollback 7
stuck
stuck retry refund:1
stuck adopt a-1 12 --drive 9999078902000273 --sign 77 --issued-at 2026-11-22T12:09:52Z
backup /tmp/copy.db
backup /tmp/copy.db --year 2025
""".strip().splitlines()


def row_of(method: str, path: str) -> Operation:
    words = path.partition("?")[0].split("/")

    def fits(row: Operation) -> bool:
        pattern = row.at.path.split("/")
        same = all(ours == theirs or ours[:1] == "{" for ours, theirs in zip(pattern, words, strict=False))
        return row.at.method == method and len(pattern) == len(words) and same

    # the router prefers what stands there by name
    return min(filter(fits, INTERNAL_OPERATIONS), key=lambda row: row.at.path.count("{"))


def asked_by(line: str) -> tuple[str, str, dict[str, Any] | None]:
    """A PIN is asked for when the command runs."""
    options = parser("").parse_args(shlex.split(line))
    options.pin = "482915"
    return call_of(options)


@pytest.mark.parametrize("line", COMMANDS)
def test_command_asks_a_call_of_the_table_for_what_it_takes(line: str) -> None:
    method, path, body = asked_by(line)
    row = row_of(method, path)
    assert (body is not None) == row.needs_body
    assert "{" not in path
    if body is not None:
        msgspec.convert(body, row.body, strict=True)
    asked = {pair.partition("=")[0] for pair in path.partition("?")[2].split("&") if pair}
    assert asked <= {word.name for word in row.parameters}


def test_every_call_for_staff_at_the_socket_has_its_command() -> None:
    """But those of the site's own tools, and of `kiosk events` and `kiosk menu`, which are more than a call."""
    asked = {row_of(*asked_by(line)[:2]).at for line in COMMANDS}
    tools = {
        socket_calls.QUICK_AUTH, socket_calls.CONFIRM, socket_calls.AVAILABILITY, socket_calls.RESERVE,
        socket_calls.RELEASE, socket_calls.ORDER_STATUS, socket_calls.EVENTS, socket_calls.ADD_PICTURE,
            socket_calls.DRAFT, socket_calls.OPEN_DRAFT, socket_calls.DISCARD_DRAFT, socket_calls.CHANGE_DRAFT,
            socket_calls.UPDATE_DRAFT, socket_calls.PUBLISH_DRAFT, socket_calls.REVISION, socket_calls.MENU_DOCUMENT,
            socket_calls.MENU_BUNDLE, socket_calls.PUBLISH_MENU,
    }  # fmt: skip
    assert set(SOCKET_CALLS) - asked == tools


def test_roubles_at_the_till_become_kopecks_and_a_sum_of_no_form_is_refused() -> None:
    given = {
        text: call_of(parser("").parse_args(["till", "cash", "0042", text]))[2] for text in ("500", "99,5", "0.07")
    }
    assert [body and body["given_kopecks"] for body in given.values()] == [50000, 9950, 7]
    for text in ("", "-5", "5.005", "1e3", "12345678"):
        with pytest.raises(SystemExit):
            parser("").parse_args(["till", "cash", "0042", text])


def test_an_empty_word_is_asked_and_not_left_out() -> None:
    _, _, body = call_of(parser("").parse_args(["stuck", "adopt", "a-1", "12", "--drive", ""]))
    assert body == {"move": "adopt", "document": 12, "drive": ""}


def test_words_of_a_path_are_quoted() -> None:
    assert call_of(parser("").parse_args(["order", "a/b?c"]))[1] == "/internal/orders/a%2Fb%3Fc"
