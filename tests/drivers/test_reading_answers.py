"""Reading an answer costs what is kept of it, whatever else stands in it; a long list lets others work meanwhile."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import sys
from collections.abc import Awaitable, Callable
from types import FrameType
from typing import Any

import msgspec
import pytest

from drivers.bank.acquirer import LONGEST_LIST
from drivers.errors import DeviceUnreachable
from drivers.fiscal.atol_web.client import Result
from drivers.http import LONGEST_ANSWER, UnreadableAnswer, cleaned, read_json
from tests.drivers.test_hostile_peers import hostile, page

MOST_STEPS = 200


class Answer(msgspec.Struct):
    status: str
    amount_kopecks: int = 0


def steps(read: Callable[[], Any]) -> int:
    """Calls of Python and of C that one reading makes."""
    count = 0

    def watch(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(watch)
    try:
        with contextlib.suppress(UnreadableAnswer):
            read()
    finally:
        sys.setprofile(None)
    return count


def filled(part: str) -> bytes:
    """The longest answer, with as many of `part` in it as there is room for."""
    many = (LONGEST_ANSWER - 100) // (len(part) + 1)
    return f'{{"status":"a\\u0001","x":[{",".join([part] * many)}]}}'.encode()


PARTS = ["[]", "{}", '""', '"\\u0001"', "0", "2.2250738585072011e-308", '{"a":{"b":[1,"\\n"]}}', "1e999"]


@pytest.mark.parametrize("part", PARTS)
def test_3_3_what_nobody_keeps_of_an_answer_costs_no_step(part: str) -> None:
    body = filled(part)
    assert LONGEST_ANSWER * 0.9 < len(body) <= LONGEST_ANSWER
    assert steps(lambda: read_json(body, Answer)) < MOST_STEPS


def test_planted_reader_that_walks_all_of_it_is_caught() -> None:
    body = filled("[]")
    assert steps(lambda: cleaned(msgspec.json.decode(body))) > MOST_STEPS * 10


@pytest.mark.parametrize("part", PARTS[:-1])
def test_3_4_result_that_is_kept_whole_costs_no_more_than_its_length(part: str) -> None:
    body = b'{"status":"ready","result":%s}' % filled(part)
    assert steps(lambda: read_json(body, Result)) < 5 * len(body)


def test_3_3_text_that_is_kept_is_cut_before_it_is_looked_at() -> None:
    found = read_json(b'{"status":"%s"}' % (b"\\u0001" * 10_000), Answer)
    assert (len(found.status), set(found.status)) == (1024, {"\ufffd"})


@pytest.mark.parametrize("name", ["charge", "find", "sms", "sms probe", "push", "atol post", "atol look"])
async def test_3_3_only_the_list_of_a_bank_may_be_long(name: str) -> None:
    async with hostile() as (peer, calls):
        peer.says = page(b" " * LONGEST_ANSWER + b"{}", "200 OK")
        with pytest.raises(Exception, match="answer_too_long"):
            await dict(calls)[name]()


def listed(number: int) -> dict[str, Any]:
    return {"status": "approved", "transaction_id": f"T{number}", "key": f"O{number}:1", "order_id": f"O{number}",
            "amount_kopecks": 100, "rrn": "1" * 12, "x": "…" * 60}  # fmt: skip


async def beside_others(work: Awaitable[Any]) -> tuple[Any, int]:
    """Its result, and how often others had their turn meanwhile."""
    turns, loop = 0, asyncio.get_running_loop()

    def turn() -> None:
        nonlocal turns
        turns += 1
        handles.append(loop.call_soon(turn))

    handles = collections.deque([loop.call_soon(turn)], maxlen=1)
    try:
        return await work, turns
    finally:
        handles[0].cancel()


async def test_3_3_long_list_of_a_bank_is_read_whole_and_lets_others_work() -> None:
    rows = [listed(number) for number in range(8000)]
    async with hostile() as (peer, calls):
        peer.says = page(msgspec.json.encode({"transactions": rows}), "200 OK")
        assert 2 * 1024 * 1024 < len(peer.says) < LONGEST_LIST
        found, turns = await beside_others(dict(calls)["listing"]())
        assert [row.order_id for row in found] == [row["order_id"] for row in rows]
        assert turns > len(rows) / 20


async def test_3_3_list_without_end_or_of_one_bad_row_is_unreadable() -> None:
    async with hostile() as (peer, calls):
        for body in (b" " * LONGEST_LIST + b"{}", b'{"transactions":[%s0]}' % (b"0," * 100_000)):
            peer.says = page(body, "200 OK")
            with pytest.raises(DeviceUnreachable):
                await dict(calls)["listing"]()


@pytest.mark.parametrize("depth", [1, 20, 100, 300, 500, 700, 1000, 5000])
@pytest.mark.parametrize(("nest", "kind"), [(("[", "]"), list), (('{"a":', "}"), dict)], ids=["lists", "objects"])
def test_3_4_an_answer_nested_however_deep_is_a_value_or_unreadable(
    depth: int, nest: tuple[str, str], kind: type[Any]
) -> None:
    body = (nest[0] * depth + "1" + nest[1] * depth).encode()
    if depth < 32:
        assert read_json(body, kind)
        return
    with pytest.raises(UnreadableAnswer):
        read_json(body, kind)
