"""kill -9 between any two of: commit, SMS, webhook, aggregate; then gateway, cloud and statistics are asked.

A message is sent once by the gateway's book, a code at most once, each event reaches the cloud in order under one id,
each aggregate counts once. A planted twin of each kind must be caught.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial

import pytest

from kiosk.checkpoints import EFFECT_POINTS
from kiosk.wiring import Parts
from tests.crash import planted
from tests.crash.bombs import AtPoint
from tests.crash.calls import call
from tests.crash.customers import codes, sign_in
from tests.crash.judging import judged
from tests.crash.rig import Bomb, Gone, Purchase, World, world
from tests.crash.sweeping import points, struck, sweep
from tests.samples import part

PHONE = "+79161234567"
_AFTER_PAYMENT = [name for name in EFFECT_POINTS if not name.startswith("code.")]
#: The n-th pass hits other events: created, paid, cooking, ready, completed, points.
_PASSES = {"webhook.posted": 2, "message.sent": 2}


def by_customer(place: World, port: int) -> Purchase:
    """A signed-in customer's order, so that messages go out."""
    token = next((p.token for p in place.purchases if p.phone), "") or sign_in(place, port, PHONE)
    return place.buy(port, token=token, phone=PHONE)


def by_guest_to_be_told(place: World, port: int) -> Purchase:
    """A guest's order, half of it given back: ready and the money are told to the number left for the receipt."""
    purchase = place.buy(port, quantity=2, notify=PHONE)
    if purchase.paid and place.ask_refund(purchase, [{"item_id": "tea", "quantity": 1}]).status == 202:
        purchase.refunds += 1
    return purchase


def bombs() -> list[Bomb]:
    later = [partial(AtPoint, name, n) for name, passes in _PASSES.items() for n in range(2, passes + 1)]
    return [*points(_AFTER_PAYMENT), *later]


@pytest.mark.heavy
def test_3_killed_between_commit_message_webhook_and_aggregate_each_happens_as_promised() -> None:
    assert sweep(part(bombs(), 5, of="effects"), partial(World, effects=True), by_customer) == ([], [])


_TOLD = ("t1.after", "t7.after", "message.due", "message.sent", "message.recorded", "refund.done")


def test_3_killed_on_the_way_to_a_guests_notice_it_is_sent_once() -> None:
    assert sweep(points(part(_TOLD, 3, of="notices")), partial(World, effects=True), by_guest_to_be_told) == ([], [])


@pytest.mark.parametrize(
    ("variant", "name", "seen_as"),
    [
        (planted.guest_kept_apart, "planted.guest", "was not sent"),
    ],
    ids=["number kept outside the order's commit"],
)
def test_3_planted_bug_of_a_guests_notice_is_caught(variant: Callable[[], Parts], name: str, seen_as: str) -> None:
    with world(variant=variant, effects=True) as place:
        assert struck(place, partial(AtPoint, name), by_guest_to_be_told)
        caught = judged(place)
        assert any(seen_as in line for line in caught), caught or "the sweep does not see this bug: it proves nothing"


@pytest.mark.parametrize(
    ("variant", "name", "seen_as"),
    [
        (planted.cursor_before_delivery, "webhook.posting", "against events"),
        (planted.fresh_client_id, "message.sent", "belongs to no event"),
        (planted.counted_apart, "planted.counted", "statistics"),
    ],
    ids=["cursor before delivery", "fresh client_id", "aggregate outside the cursor's commit"],
)
def test_3_planted_bug_between_effects_is_caught(variant: Callable[[], Parts], name: str, seen_as: str) -> None:
    """The death may come over a batch of events in which nothing was sold: then it is tried again."""
    caught: list[str] = []
    for _ in range(4):
        with world(variant=variant, effects=True) as place:
            assert struck(place, partial(AtPoint, name), by_customer)
            caught = judged(place)
        if any(seen_as in line for line in caught):
            return
    raise AssertionError(caught or "the sweep does not see this bug: it proves nothing")


def requests_for_a_code(place: World, name: str) -> tuple[int, int]:
    """Killed at `name` while a new number signs in: (requests at the gateway, SMS sent), a life later."""
    place.scenarios += 1
    port = place.live(partial(AtPoint, name, 1, name))
    assert port is not None
    phone = f"+7916000000{place.scenarios}"
    before = place.devices.control("sms", {"state": True})["state"]["requests"]
    with contextlib.suppress(Gone):  # the code goes out in the background: the answer may be faster than the death
        call(port, "POST", "/api/auth/quick-auth", {"phone": phone})
    assert place.until_dead()
    port = place.alive()
    place.wait_open(port)
    # Whatever was owed is sent by now: the sender looks at its start, before a new number's code goes out.
    other = f"+7916000001{place.scenarios}"
    sign_in(place, port, other)  # on a busy machine it may ask for more codes than one
    after = place.devices.control("sms", {"state": True})["state"]["requests"]
    return after - before - len(codes(place, other)), len(codes(place, phone))


@pytest.mark.parametrize(("name", "sent"), [("code.taken", 0), ("code.sent", 1)])
def test_3_code_is_sent_at_most_once_whenever_the_process_dies(name: str, sent: int) -> None:
    with world(effects=True) as place:
        assert requests_for_a_code(place, name) == (sent, sent)


def test_3_planted_bug_of_a_code_that_is_sent_again_is_caught() -> None:
    with world(effects=True, variant=planted.code_kept) as place:
        requests, _ = requests_for_a_code(place, "code.sent")
        place.found += requests - 1
        assert requests > 1, "the test does not see a code sent twice: it proves nothing"
