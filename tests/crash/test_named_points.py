"""kill -9 at every named point of the saga and the kitchen, restart, and the ledgers of the devices are asked.

Every order ends paid: one charge, one receipt, one meal. The sweep runs with the order id on the receipt and without
(`order_tag = "none"`); planted bugs must be caught by the same sweep (reliability §2.2, §5).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable

import pytest

from kiosk.checkpoints import POINTS
from kiosk.wiring import Parts
from tests.crash import planted
from tests.crash.killing import killing_link
from tests.crash.rig import Gone, Purchase, World, world


def survive(place: World, point: str) -> None:
    """One order, killed at `point`, taken up by the next life, paid by the same key and cooked."""
    port = place.live(point)
    assert port is not None, f"died at start, before {point}"
    place.wait_open(port)
    purchase = place.buy(port)
    with contextlib.suppress(Gone):
        place.until(lambda: place.died, f"{point} is reached")
    port = place.live()
    assert port is not None
    finish(place, port, purchase)


def finish(place: World, port: int, purchase: Purchase) -> None:
    """The customer asks again with the same key until the order is paid; then it is cooked."""
    place.wait_open(port)

    def paid() -> bool:
        place.pay(port, purchase)
        return purchase.answer is not None and purchase.answer.status == 200

    place.until(paid, "the order is paid")
    place.until(lambda: place.order(port, purchase)["status"] == "completed", "the order is cooked and handed out")
    assert place.order(port, purchase)["receipt"] is not None


def sweep(points: Iterable[str], extra: str = "", variant: Callable[[], Parts] | None = None) -> World:
    """Kill at each point in turn on one database; the world after it, still open."""
    place = World(extra, variant)
    try:
        for point in points:
            survive(place, point)
    except BaseException:
        place.close()
        raise
    return place


@pytest.mark.parametrize("order_tag", ["1192", "none"])
def test_3_killed_at_each_named_point_every_order_is_charged_printed_and_cooked_once(order_tag: str) -> None:
    place = sweep(POINTS, f'[fiscal]\norder_tag = "{order_tag}"')
    try:
        assert place.violations() == []
        assert place.kills >= 2 * len(POINTS) - 1
        assert len(place.purchases) == len(POINTS)
    finally:
        place.close()


@pytest.mark.parametrize(
    ("variant", "points", "seen_as"),
    [
        (planted.no_fd_before, ("t5.after", "receipt.answered"), "receipts"),
        (planted.no_bank_inquiry, ("charge.answered",), "2 charges"),
        (planted.split_commit, ("planted.split",), "the order is paid"),
        (planted.new_key_while_unknown, ("charge.answered",), "2 charges"),
    ],
    ids=["no fd_before", "no bank inquiry", "split commit", "a new key while unknown"],
)
def test_3_planted_bug_is_caught_by_the_same_sweep(
    variant: Callable[[], Parts], points: tuple[str, ...], seen_as: str
) -> None:
    with world(variant=variant) as place:
        caught: list[str] = []
        for point in points:
            try:
                survive(place, point)
            except (AssertionError, Gone) as error:
                caught.append(str(error))
        caught += place.violations()
        assert any(seen_as in line for line in caught), caught or "the sweep does not see this bug: it proves nothing"


def test_3_killed_in_the_middle_of_the_recovery_the_next_recovery_still_ends_well() -> None:
    with world() as place:
        for first, second in (
            ("t3.after", "charge.answered"),
            ("t5.after", "receipt.answered"),
            ("t4.after", "t6.after"),
        ):
            port = place.live(first)
            assert port is not None
            place.wait_open(port)
            purchase = place.buy(port)
            place.live(second)
            with pytest.raises(Gone):
                place.until(lambda: False, "dies in recovery")
            port = place.live()
            assert port is not None
            finish(place, port, purchase)
        assert place.violations() == []


@pytest.mark.parametrize("moment", ["before", "after"])
def test_3_4_killed_in_the_middle_of_a_receipt_the_document_is_printed_once(moment: str) -> None:
    with world() as place:
        for code in (b"\xff\x46", b"\xff\x0c", b"\xff\x45"):
            port = place.live(variant=lambda code=code: Parts(open_link=killing_link(code, moment)))
            assert port is not None
            place.wait_open(port)
            purchase = place.buy(port)
            with contextlib.suppress(Gone):
                place.until(lambda: place.died, "the receipt is cut")
            port = place.live()
            assert port is not None
            finish(place, port, purchase)
        assert place.violations() == []
