"""What the ledgers of bank, registrar, robot, SMS gateway and cloud say against the promises, order by order."""

from __future__ import annotations

import contextlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from kiosk.domain.payment.bonus import share_of
from tests.crash.cells import Books, freed_early, mixed
from tests.crash.outgoing import lacking, messages_sent, misplaced, of_messages, of_webhooks
from tests.crash.rig import Purchase, World

Lines = list[dict[str, Any]]
SOLD = ("paid", "cooking", "ready", "completed", "refunded")


def judged(place: World, *, patient: bool = True) -> list[str]:
    """A last life without a bomb brings everything to its end; what was broken until then."""
    place.settle(place.alive(), patient=patient)
    return violations(place)


def violations(place: World) -> list[str]:
    """Every broken promise by name, after `settle`; also counted for the tally. The kiosk lives on while it is judged:
    what went out is read before the events it must belong to."""
    with contextlib.suppress(AssertionError):
        place.until(lambda: not [*_owed(place)], "what is owed arrives", 1.5 if place.planted else place.owed_s)
    found = [
        *_of_lives(place),
        *_of_money(place),
        *_of_holds(place),
        *(_of_taking_reader(place) if place.reader == "inpas" else _of_reader(place)),
        *_of_qr_bank(place),
        *_of_till(place),
        *_of_receipts(place),
        *_of_meals(place),
        *_of_cells(place),
        *_of_points(place),
        *_of_events(place),
        *_of_statistics(place),
        *(f"{amount} of {name} held for no order" for name, amount in place.reserved.items()),
        *place.mismatches,
    ]
    if place.effects:
        told, delivered, kept = messages_sent(place), place.devices.ledger("cloud"), place.devices.ledger("broker")
        events = place.events_so_far()
        found += [*of_messages(place, told, events), *of_webhooks(place, delivered, events)]
        if "broker" in place.also:
            found += [*lacking(kept, place.events), *misplaced(kept, events)]
    place.found += len(found)
    return found


def _of_lives(place: World) -> Iterable[str]:
    """A life may end by SIGKILL only: any other end is a bug that stopped the process."""
    return [f"a life ended by itself: {code}" for code in place.endings if code != -9]


def _mine(lines: Lines, order_id: str, *effects: str) -> Lines:
    return [line for line in lines if line["order_id"] == order_id and line["effect"] in effects]


def _view(place: World, purchase: Purchase) -> dict[str, Any]:
    """The order as the kiosk shows it at the end; nothing was shown of it: it counts as never paid."""
    empty: dict[str, Any] = {"status": "created", "refunds": [], "items": [], "payment": None, "receipt": None}
    return place.views.get(purchase.order_id, empty)


def _returns(view: dict[str, Any]) -> Lines:
    """Refunds after payment; a reversal before it belongs to the charge it takes back."""
    return [refund for refund in view["refunds"] if not refund["refund_id"].endswith("-void")]


def _given_back_by_device(place: World, view: dict[str, Any]) -> int:
    """Kopecks of its refunds but those that went by the hands of staff, of which the reader or the bank knows
    nothing."""
    return sum(row["amount_kopecks"] for row in _returns(view) if row["refund_id"] not in place.by_hand)


def _of_money(place: World) -> Iterable[str]:
    """A sold order: one charge of its amount less what was refunded. Any other charge: wholly given back."""
    bank = place.devices.ledger("bank")
    for purchase in place.purchases:
        order_id, view = purchase.order_id, _view(place, purchase)
        back: Counter[str] = Counter()
        for line in _mine(bank, order_id, "voided", "refunded"):
            back[line["transaction_id"]] += line["amount_kopecks"]
        taken = _mine(bank, order_id, "charged", "captured")
        charges = {line["transaction_id"]: line["amount_kopecks"] for line in taken}
        kept = {name: amount for name, amount in charges.items() if back[name] < amount}
        sold = view["status"] in SOLD
        if purchase.paid and not sold:
            yield f"{order_id}: the customer has a receipt, the order is {view['status']}"
        if not sold:
            yield from (f"{order_id}: {amount} kept for an order that was not sold" for amount in kept.values())
            continue
        if view["payment"]["method"] != "token":
            yield from (f"{order_id}: 2 charges, {name} was kept too" for name in kept)
            continue
        returned = sum(refund["amount_kopecks"] for refund in _returns(view))
        mine = view["payment"]["transaction_id"]
        yield from (f"{order_id}: 2 charges, {name} was kept too" for name in kept if name != mine)
        if charges.get(mine) != purchase.amount_kopecks:
            yield f"{order_id}: charged {charges.get(mine)} instead of {purchase.amount_kopecks}"
        if back[mine] != returned:
            yield f"{order_id}: {back[mine]} came back instead of {returned}"
        if view["status"] == "refunded" and returned != purchase.amount_kopecks:
            yield f"{order_id}: refunded, but only {returned}"


def _of_holds(place: World) -> Iterable[str]:
    """What the bank held was taken or let go, once."""
    did: defaultdict[str, list[str]] = defaultdict(list)
    for line in place.devices.ledger("bank"):
        if line["effect"] in ("held", "captured", "released"):
            did[line["transaction_id"]].append(line["effect"])
    for transaction_id, effects in did.items():
        if effects not in (["held", "captured"], ["held", "released"]):
            yield f"{transaction_id} at the bank: {effects}"


def _of_reader(place: World) -> Iterable[str]:
    """What was held at the card reader was taken or let go, taken once for an order that was sold by it."""
    lines = place.devices.ledger("terminal")
    if not place.several_ways:
        return
    did: defaultdict[int, list[tuple[str, int]]] = defaultdict(list)
    for line in lines:
        did[line["operation"]].append((line["effect"], line["amount_kopecks"]))
    attempts = {row["operation"]: row for row in place.attempts() if row["operation"] is not None}
    yield from (f"operation {operation} belongs to no attempt" for operation in did.keys() - attempts.keys())
    taken: Counter[str] = Counter()
    for operation, effects in did.items():
        words = [word for word, _ in effects]
        if words not in (["declined"], ["held", "captured"], ["held", "released"]):
            yield f"operation {operation} of the reader: {words}"
        if "captured" in words and operation in attempts:
            taken[attempts[operation]["order_id"]] += effects[-1][1]
    for purchase in place.purchases:
        view = _view(place, purchase)
        by_reader = view["status"] in SOLD and view["payment"]["method"] == "terminal"
        wanted = purchase.amount_kopecks if by_reader else 0
        if taken[purchase.order_id] != wanted:
            yield f"{purchase.order_id}: {taken[purchase.order_id]} taken at the reader instead of {wanted}"


def _of_taking_reader(place: World) -> Iterable[str]:
    """What a reader took that takes at once was kept once or went back once; what is kept is the money of an order that
    was sold by it, less what was refunded."""
    did: defaultdict[int, list[str]] = defaultdict(list)
    kept: Counter[int] = Counter()
    for line in place.devices.ledger("terminal"):
        if line["effect"] == "settled":
            continue
        did[line["operation"]].append(line["effect"])
        sign = {"charged": 1, "voided": -1, "refunded": -1}.get(line["effect"], 0)
        kept[line["operation"]] += sign * line["amount_kopecks"]
    attempts = {row["operation"]: row for row in place.attempts() if row["operation"] is not None}
    yield from (f"operation {operation} belongs to no attempt" for operation in did.keys() - attempts.keys())
    by_order: Counter[str] = Counter()
    for operation, effects in did.items():
        if effects not in (["declined"], ["charged"], ["charged", "voided"], ["charged", "refunded"]):
            yield f"operation {operation} of the reader: {effects}"
        if operation in attempts:
            by_order[attempts[operation]["order_id"]] += kept[operation]
    for purchase in place.purchases:
        view, wanted = _view(place, purchase), 0
        if view["status"] in SOLD and view["payment"]["method"] == "terminal":
            wanted = purchase.amount_kopecks - _given_back_by_device(place, view)
        if by_order[purchase.order_id] != wanted:
            yield f"{purchase.order_id}: {by_order[purchase.order_id]} kept at the reader instead of {wanted}"


def _of_qr_bank(place: World) -> Iterable[str]:
    """Each bill was paid at most once and given back at most once; what is kept is the money of an order that was sold
    by it, less what was refunded."""
    if not place.several_ways:
        return
    lines = place.devices.ledger("sbp")
    did = Counter((line["operation"], line["effect"]) for line in lines)
    yield from (f"bill {bill}: {effect} {count} times" for (bill, effect), count in did.items() if count > 1)
    kept: Counter[str] = Counter()
    for line in lines:
        sign = {"charged": 1, "refunded": -1}.get(line["effect"], 0)
        kept[line["order_id"]] += sign * line["amount_kopecks"]
    known = {purchase.order_id for purchase in place.purchases}
    yield from (f"a bill of a stranger: {order_id}" for order_id in kept.keys() - known)
    for purchase in place.purchases:
        view, wanted = _view(place, purchase), 0
        if view["status"] in SOLD and view["payment"]["method"] == "sbp":
            wanted = purchase.amount_kopecks - _given_back_by_device(place, view)
        if kept[purchase.order_id] != wanted:
            yield f"{purchase.order_id}: {kept[purchase.order_id]} kept by QR code instead of {wanted}"


def _of_till(place: World) -> Iterable[str]:
    """What staff took is an order that was sold, and the other way round."""
    if not place.several_ways:
        return
    back = "reversed"  # by the same hands, who said so
    rows = [row for row in place.attempts() if row["taken_by"] is not None and row["step"] != back]
    taken = Counter(row["order_id"] for row in rows)
    for purchase in place.purchases:
        view = _view(place, purchase)
        wanted = int(view["status"] in SOLD and view["payment"]["method"] == "till")
        if wanted:
            yield from _of_tender(place, purchase)
        if taken[purchase.order_id] != wanted:
            yield f"{purchase.order_id}: money taken {taken[purchase.order_id]} times at the till, wanted {wanted}"


def _of_tender(place: World, purchase: Purchase) -> Iterable[str]:
    """What was paid in cash says cash, and what by card says card."""
    tenders = [row["tender"] for row in place.attempts() if row["order_id"] == purchase.order_id and row["taken_by"]]
    printed = _mine(place.devices.ledger("fiscal"), purchase.order_id, "receipt")
    said = {"cash" if line["cash_kopecks"] else "card" for line in printed[-1:]}
    if said and said != set(tenders):
        yield f"{purchase.order_id}: paid in {', '.join(tenders)}, its receipt says {said.pop()}"


def _of_receipts(place: World) -> Iterable[str]:
    """One receipt a sold order, one refund receipt a refund, of the right sums; nothing else was printed."""
    fiscal = place.devices.ledger("fiscal")
    if place.paper_first:
        yield from _of_paper(place, fiscal)
        return
    printed = {line["fiscal_document_number"]: line for line in fiscal if line["effect"] == "receipt"}
    back = [line for line in fiscal if line["effect"] == "refund_receipt"]
    expected, expected_back = [], []
    for purchase in place.purchases:
        view = _view(place, purchase)
        expected_back += [refund["amount_kopecks"] for refund in _returns(view)]
        if view["status"] not in SOLD:
            continue
        number = view["receipt"]["fiscal_document_number"] if view["receipt"] else None
        expected.append(number)
        if number not in printed:
            yield f"{purchase.order_id}: receipt {number} was never printed"
        elif printed[number]["total_kopecks"] != purchase.amount_kopecks:
            yield f"{purchase.order_id}: receipt of {printed[number]['total_kopecks']}"
        elif printed[number]["order_id"] not in (None, "", purchase.order_id):
            yield f"{purchase.order_id}: receipt {number} is of {printed[number]['order_id']}"
        if purchase.answer and purchase.paid and purchase.answer.body["receipt"]["fiscal_document_number"] != number:
            yield f"{purchase.order_id}: the customer was told another receipt than {number}"
    known = {None, "", *(purchase.order_id for purchase in place.purchases)}
    strangers = [line for line in fiscal if "receipt" in line["effect"] and line["order_id"] not in known]
    yield from (f"document of a stranger: {line}" for line in strangers)
    if sorted(printed) != sorted(number for number in expected if number is not None):
        yield f"receipts {sorted(printed)} against orders {expected}"
    if sorted(line["total_kopecks"] for line in back) != sorted(expected_back):
        yield f"refund receipts {[line['total_kopecks'] for line in back]} against refunds {expected_back}"


def _of_paper(place: World, fiscal: Lines) -> Iterable[str]:
    """Where receipts come before the money: one stands for a sold order; every other one is taken back, but that of an
    attempt whose money is in doubt still. A refund receipt takes back what was printed before."""
    open_attempts = Counter(row["order_id"] for row in place.attempts() if row["step"] == "abandoned")
    for purchase in place.purchases:
        order_id, view = purchase.order_id, _view(place, purchase)
        effects = [line["effect"] for line in _mine(fiscal, order_id, "receipt", "refund_receipt")]
        standing = effects.count("receipt") - effects.count("refund_receipt") + len(_returns(view))
        wanted = int(view["status"] in SOLD)
        if not wanted <= standing <= wanted + open_attempts[order_id]:
            yield f"{order_id}: {view['status']}, and its papers are {effects}"
        parts = max(len(_returns(view)) - 1, 0)  # one receipt may go back piece by piece
        begun = [effects[:n] for n in range(len(effects) + 1)]
        early = any(some.count("refund_receipt") > some.count("receipt") + parts for some in begun)
        if early or effects[:1] == ["refund_receipt"]:
            yield f"{order_id}: taken back before it was printed: {effects}"


def _of_meals(place: World) -> Iterable[str]:
    """No portion is begun twice (an attempt that spent nothing is none), none is cooked that nobody paid, and what was
    handed out was cooked once."""
    robot = place.devices.ledger("robot")
    for purchase in place.purchases:
        order_id, view = purchase.order_id, _view(place, purchase)
        started = Counter(line["job_id"] for line in _mine(robot, order_id, "started"))
        ready = Counter(line["job_id"] for line in _mine(robot, order_id, "ready"))
        yield from (f"{order_id}: portion {job} begun {count} times" for job, count in started.items() if count > 1)
        yield from (f"{order_id}: portion {job} cooked {count} times" for job, count in ready.items() if count > 1)
        if started and view["status"] not in SOLD:
            yield f"{order_id}: {len(started)} meals for an order that was not sold"
        handed_out = sum(portion["status"] == "handed_out" for item in view["items"] for portion in item["portions"])
        if handed_out > len(ready):
            yield f"{order_id}: {handed_out} portions handed out, {len(ready)} cooked"
        taken = len(_mine(robot, order_id, "picked_up"))
        spoiled = sum(refund["reason"] == "not_fetched" for refund in _returns(view))  # staff took it out
        if view["status"] == "completed" and not handed_out <= taken <= handed_out + spoiled:
            yield f"{order_id}: {handed_out} portions handed out, {taken} taken"


def _of_cells(place: World) -> Iterable[str]:
    """A cell held food of one order, and counted as fetched once its food was."""
    robot, books = place.devices.ledger("robot"), Books.read(place.folder)
    yield from mixed(robot, books.owners)
    yield from freed_early(robot, books.fetched_at)


def _of_points(place: World) -> Iterable[str]:
    """The balance is what paid orders earned less what they spent, shares of refunds taken out."""
    wanted: Counter[str] = Counter()
    for purchase in place.purchases:
        view = _view(place, purchase)
        if not purchase.phone or view["status"] not in SOLD:
            continue
        payment, before = view["payment"], 0
        wanted[purchase.phone] += payment["bonus_accrued"] - payment["bonus_spent"]
        if payment["bonus_spent"] != purchase.points:
            yield f"{purchase.order_id}: {payment['bonus_spent']} points spent instead of {purchase.points}"
        if payment["bonus_accrued"] != purchase.amount_kopecks // 100 * 5 // 100:
            yield f"{purchase.order_id}: {payment['bonus_accrued']} points earned of {purchase.amount_kopecks}"
        for refund in _returns(view):
            part = (refund["amount_kopecks"], payment["amount_kopecks"], before)
            wanted[purchase.phone] += share_of(payment["bonus_spent"], *part)
            wanted[purchase.phone] -= share_of(payment["bonus_accrued"], *part)
            before += refund["amount_kopecks"]
    for phone, points in place.points.items():
        if points != wanted[phone]:
            yield f"{phone}: {points} points instead of {wanted[phone]}"


def _of_events(place: World) -> Iterable[str]:
    """One chain without a gap; each step of an order told once."""
    sequences = [event["sequence"] for event in place.events]
    if sequences != list(range(sequences[0], sequences[0] + len(sequences)) if sequences else []):
        yield f"a gap in the events: {sequences}"
    told = Counter((event["order_id"], event["type"]) for event in place.events)
    for purchase in place.purchases:
        view = _view(place, purchase)
        wanted = {"OrderPaidEvent": view["status"] in SOLD, "OrderCompletedEvent": _was(view, "completed")}
        for kind, expected in wanted.items():
            if told[(purchase.order_id, kind)] != int(expected):
                yield f"{purchase.order_id}: {told[(purchase.order_id, kind)]} times {kind}"
        if told[(purchase.order_id, "OrderRefundedEvent")] != len(_returns(view)):
            yield f"{purchase.order_id}: {told[(purchase.order_id, 'OrderRefundedEvent')]} times OrderRefundedEvent"


def _was(view: dict[str, Any], status: str) -> bool:
    return any(step["status"] == status for step in view.get("timeline", []))


def _of_statistics(place: World) -> Iterable[str]:
    """The aggregate of the day is the sum of the orders."""
    if not place.stats:
        return
    views = [(purchase, _view(place, purchase)) for purchase in place.purchases]
    sold = [(purchase, view) for purchase, view in views if view["status"] in SOLD]
    wanted = {
        "orders_created": sum(event["type"] == "OrderCreatedEvent" for event in place.events),
        "orders": len(sold),
        "revenue_kopecks": sum(purchase.amount_kopecks for purchase, _ in sold),
        "bonus_spent": sum(purchase.points for purchase, _ in sold),
        "orders_completed": sum(_was(view, "completed") for _, view in sold),
        "refunded_kopecks": sum(refund["amount_kopecks"] for _, view in sold for refund in _returns(view)),
    }
    for name, value in wanted.items():
        if place.stats[name] != value:
            yield f"statistics: {name} {place.stats[name]} instead of {value}"


def _owed(place: World) -> Iterable[str]:
    """What may still be on its way."""
    yield from (line for line in _of_money(place) if "kept for an order" in line)
    if not place.effects:
        return
    yield from (
        line for line in of_messages(place, messages_sent(place), place.events) if line.endswith("was not sent")
    )
    yield from (
        line for line in of_webhooks(place, place.devices.ledger("cloud"), place.events) if " against events " in line
    )
    if "broker" in place.also:
        yield from lacking(place.devices.ledger("broker"), place.events)
