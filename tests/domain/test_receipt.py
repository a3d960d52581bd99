"""Receipt lines: to the kopeck, whatever the discount; the QR string of the tax service."""

from __future__ import annotations

import ast
from datetime import datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.fiscal.receipt import PricedLine, receipt_lines, receipt_qr
from kiosk.domain.ordering.order import OrderLine

ROOT = Path(__file__).parent.parent.parent


def order_line(line: int, price_kopecks: int, quantity: int) -> OrderLine:
    return OrderLine(line, f"dish-{line}", f"Блюдо {line}", f"Dish {line}", quantity, price_kopecks, [], 1, "f", {})


@st.composite
def orders(draw: st.DrawFn) -> tuple[list[OrderLine], int]:
    """Lines and a discount that leaves a kopeck a piece."""
    pairs = draw(st.lists(st.tuples(st.integers(1, 100_000), st.integers(1, 20)), min_size=1, max_size=8))
    lines = [order_line(n, price, quantity) for n, (price, quantity) in enumerate(pairs, 1)]
    return lines, draw(st.integers(0, sum(line.sum_kopecks - line.quantity for line in lines)))


@given(orders())
def test_the_lines_sum_to_the_total_less_the_discount(order: tuple[list[OrderLine], int]) -> None:
    lines, discount = order
    found = receipt_lines(lines, discount)
    assert sum(line.price_kopecks * line.quantity for line in found) == sum(x.sum_kopecks for x in lines) - discount
    assert all(line.sum_kopecks == line.price_kopecks * line.quantity for line in found)


@given(orders())
def test_every_piece_is_on_the_receipt_for_at_least_a_kopeck(order: tuple[list[OrderLine], int]) -> None:
    lines, discount = order
    found = receipt_lines(lines, discount)
    assert all(line.price_kopecks >= 1 and line.quantity >= 1 for line in found)
    for sold in lines:
        pieces = [line for line in found if line.line == sold.line]
        assert sum(piece.quantity for piece in pieces) == sold.quantity
        assert {piece.name for piece in pieces} == {sold.name_ru}
        assert max(piece.price_kopecks for piece in pieces) <= sold.price_kopecks


@given(orders())
def test_a_line_is_split_in_two_at_most_and_by_one_kopeck(order: tuple[list[OrderLine], int]) -> None:
    lines, discount = order
    found = receipt_lines(lines, discount)
    for sold in lines:
        prices = [line.price_kopecks for line in found if line.line == sold.line]
        assert len(prices) <= 2
        assert len(prices) == 1 or prices[1] - prices[0] == 1
    assert [line.line for line in found] == sorted(line.line for line in found)


@given(orders())
def test_without_a_discount_the_lines_are_those_of_the_order(order: tuple[list[OrderLine], int]) -> None:
    lines, _ = order
    expected = [PricedLine(line.name_ru, line.price_kopecks, line.quantity, line.line) for line in lines]
    assert receipt_lines(lines, 0) == expected


@given(orders())
def test_equal_dishes_share_a_discount_to_the_kopeck(order: tuple[list[OrderLine], int]) -> None:
    (first, *_), discount = order
    twins = [order_line(1, first.price_kopecks, 1), order_line(2, first.price_kopecks, 1)]
    prices = [line.price_kopecks for line in receipt_lines(twins, min(discount, 2 * first.price_kopecks - 2))]
    assert abs(prices[0] - prices[1]) <= 1


@given(orders(), st.integers(1, 10**6))
def test_a_discount_that_leaves_nothing_or_a_surcharge_is_refused(
    order: tuple[list[OrderLine], int], more: int
) -> None:
    lines, _ = order
    most = sum(line.sum_kopecks - line.quantity for line in lines)
    for discount in (most + more, -more):
        with pytest.raises(ValueError, match="does not fit"):
            receipt_lines(lines, discount)


def test_a_hundred_roubles_over_three_dishes() -> None:
    found = receipt_lines([order_line(1, 33333, 3)], 10000)
    assert [(line.price_kopecks, line.quantity) for line in found] == [(29999, 1), (30000, 2)]
    assert sum(line.sum_kopecks for line in found) == 89999


def test_the_qr_is_the_contracts_golden_string() -> None:
    assert (
        receipt_qr(
            issued_at=datetime(2026, 11, 22, 14, 26, 31),  # noqa: DTZ001 - the drive's local time
            total_kopecks=72800,
            drive_number="9999078902000273",
            document_number=123,
            fiscal_sign=1234567890,
            operation=1,
        )
        == "t=20261122T1426&s=728.00&fn=9999078902000273&i=123&fp=1234567890&n=1"
    )


@given(st.integers(1, 10**9))
def test_the_qr_writes_roubles_with_two_digits_of_kopecks(total: int) -> None:
    text = receipt_qr(
        issued_at=datetime(2026, 1, 2, 3, 4),  # noqa: DTZ001 - the drive's local time
        total_kopecks=total,
        drive_number="1",
        document_number=1,
        fiscal_sign=1,
        operation=2,
    )
    roubles, kopecks = text.split("&s=")[1].split("&")[0].split(".")
    assert len(kopecks) == 2
    assert int(roubles) * 100 + int(kopecks) == total
    assert text.startswith("t=20260102T0304&")
    assert text.endswith("&n=2")


def whole_numbers(tree: ast.Module) -> set[str]:
    """`int`, and the names a module gives to an `int` within a range: `X = Annotated[int, ...]`."""
    return {"int"} | {
        ast.unparse(node.targets[0])
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.value).startswith("Annotated[int, ")
    }


def kopeck_annotations() -> list[tuple[str, str]]:
    """(place, type) of every annotated name that ends in `_kopecks`; a module's own whole numbers stand as `int`."""
    found = []
    for house in ("kiosk", "drivers"):
        for path in sorted((ROOT / house).rglob("*.py")):
            tree = ast.parse(path.read_text("utf-8"))
            whole = whole_numbers(tree)
            for node in ast.walk(tree):
                name = (
                    node.arg
                    if isinstance(node, ast.arg)
                    else ast.unparse(node.target)
                    if isinstance(node, ast.AnnAssign)
                    else ""
                )
                if name.endswith("_kopecks"):
                    assert isinstance(node, ast.arg | ast.AnnAssign)
                    kind = ast.unparse(node.annotation).removesuffix(" | None") if node.annotation else "nothing"
                    found.append((f"{path.relative_to(ROOT)}:{node.lineno}", "int" if kind in whole else kind))
    return found


def test_kopecks_are_whole_numbers_wherever_they_are_declared() -> None:
    found = kopeck_annotations()
    assert len(found) > 20
    assert [place for place, kind in found if kind != "int"] == []


@pytest.mark.parametrize("value", [289.5, 28900.0, "28900", True, None])
def test_no_fraction_gets_in_where_kopecks_are(value: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"name": "x", "price_kopecks": value, "quantity": 1, "line": 1}, PricedLine)
