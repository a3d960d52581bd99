"""What a person must decide: the kinds of trouble, what is known of the money in each, and the moves that are safe."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

import msgspec

from kiosk.domain.payment.payment import PaymentStep
from kiosk.domain.text import Text


class Move(StrEnum):
    RETRY = "retry"  # again now, by the same rules
    REFUND = "refund"  # give the money back as soon as that is proved right
    ISSUE = "issue"  # a person looked: there is no document, print one
    ADOPT = "adopt"  # somebody looked: this document is the receipt
    ACCEPT = "accept"  # somebody looked: it is as it should be


class Money(StrEnum):
    """Where the customer's money is."""

    UNKNOWN = "unknown"
    CHARGED = "charged"
    NONE = "none"  # no customer's money hangs on it
    RETURNING = "returning"


class Kind(StrEnum):
    CHARGE_UNKNOWN = "charge_unknown"  # the bank has not said what became of the card
    CHARGE_UNCERTAIN = "charge_uncertain"  # given up, and the card reader does not say what became of it
    CAPTURE_UNCERTAIN = "capture_uncertain"  # the card reader does not confirm that it took what it held
    RECEIPT_HELD = "receipt_held"  # charged, no receipt, not cooked
    RECEIPT_OWED = "receipt_owed"  # charged and cooked, the receipt is owed
    PAPER_UNPAID = "paper_unpaid"  # a receipt came before the money, none came, and it is not taken back yet
    VOID_PENDING = "void_pending"  # the bank does not take the reversal
    REFUND_PENDING = "refund_pending"  # money or receipt of a refund is not through
    REFUND_UNCERTAIN = "refund_uncertain"  # the bank forgot the key of a refund that stayed unanswered
    CORRECTION_PENDING = "correction_pending"  # a wrong receipt is not made right yet
    PORTION_LOST = "portion_lost"  # not cooked or not known to be: cook it, give it back, or it was handed out
    SET_ASIDE = "set_aside"  # work that ended in a bug again and again: the programmers' log line says more
    DEVICE_TRIPPED = "device_tripped"  # it closes sales, or a part of them, for more than a moment
    FOOD_FORGOTTEN = "food_forgotten"  # its guest was reminded and does not come
    CELL_LOCKED = "cell_locked"  # food that was thrown away, or given back, lies in it still
    FOOD_UNSAFE = "food_unsafe"  # beyond its temperatures for too long: off sale until a person has looked
    FINDING = "finding"  # two books contradict each other


#: What may be done about each, and what is known of the money. FOREIGN adds `issue` and `adopt` where a receipt waits.
MOVES: Mapping[Kind, tuple[Money, tuple[Move, ...]]] = {
    Kind.CHARGE_UNKNOWN: (Money.UNKNOWN, (Move.RETRY, Move.REFUND)),
    Kind.CHARGE_UNCERTAIN: (Money.UNKNOWN, (Move.RETRY, Move.ACCEPT)),
    Kind.CAPTURE_UNCERTAIN: (Money.UNKNOWN, (Move.RETRY, Move.REFUND, Move.ACCEPT)),
    Kind.RECEIPT_HELD: (Money.CHARGED, (Move.RETRY, Move.REFUND)),
    Kind.RECEIPT_OWED: (Money.CHARGED, (Move.RETRY,)),
    Kind.PAPER_UNPAID: (Money.NONE, (Move.RETRY,)),
    Kind.VOID_PENDING: (Money.RETURNING, (Move.RETRY,)),
    Kind.REFUND_PENDING: (Money.RETURNING, (Move.RETRY,)),
    Kind.REFUND_UNCERTAIN: (Money.RETURNING, (Move.RETRY, Move.ACCEPT)),
    Kind.CORRECTION_PENDING: (Money.CHARGED, (Move.RETRY,)),
    Kind.PORTION_LOST: (Money.CHARGED, (Move.RETRY, Move.REFUND, Move.ACCEPT)),
    Kind.SET_ASIDE: (Money.UNKNOWN, (Move.RETRY,)),
    Kind.DEVICE_TRIPPED: (Money.NONE, (Move.RETRY,)),
    Kind.FOOD_FORGOTTEN: (Money.NONE, (Move.ACCEPT,)),
    Kind.CELL_LOCKED: (Money.NONE, (Move.ACCEPT,)),
    Kind.FOOD_UNSAFE: (Money.NONE, (Move.ACCEPT,)),
    Kind.FINDING: (Money.UNKNOWN, (Move.ACCEPT,)),
}
RECEIPT_IN_DOUBT = (
    Kind.RECEIPT_HELD,
    Kind.RECEIPT_OWED,
    Kind.PAPER_UNPAID,
    Kind.REFUND_PENDING,
    Kind.CORRECTION_PENDING,
)
#: Their jobs are retried without an end: to retry is to let them try now.
BY_THEMSELVES = (
    Kind.CHARGE_UNKNOWN,
    Kind.CHARGE_UNCERTAIN,
    Kind.CAPTURE_UNCERTAIN,
    Kind.RECEIPT_HELD,
    Kind.RECEIPT_OWED,
    Kind.PAPER_UNPAID,
    Kind.VOID_PENDING,
    Kind.REFUND_PENDING,
    Kind.CORRECTION_PENDING,
)
_MONEY_BACK = (Kind.VOID_PENDING, Kind.REFUND_PENDING)
#: Details that a person ends: by the bank's own papers, or by giving the money back.
_BY_A_PERSON = (":refused", ":wrong_state", ":no_funds", ":by_hand", ":not_configured", ":other_sum", ":not_proved")
_FOREIGN, _OTHER_SUM = "foreign:", "foreign:other_sum"
_COOKED = ("written_off:", "spoiled_by_")
#: Nothing can be given back against a receipt that is not registered yet.
RECEIPT_FIRST = "receipt owed"


class Stuck(msgspec.Struct, frozen=True):
    """One line of `kiosk stuck`. `stuck_id`: a payment, a refund, `portion-<id>`, `fix-<payment>-<n>`,
    `device-<name>`, `aside-<job>`, `forgotten-<order>`, `locked-<portion>`,
    `unsafe-<place>` or a finding."""

    stuck_id: str
    kind: Kind
    order_id: str | None
    number: str | None
    amount_kopecks: int | None
    since: datetime
    detail: str
    money: Money
    moves: list[Move]
    says: Text | None = None  # kind and cause in a sentence for the technician


def moves_of(kind: Kind, detail: str, transaction_id: str | None = None) -> tuple[Money, list[Move]]:
    """The money's place and the safe moves. `detail` begins with `foreign:` where the registrar shows strangers, and is
    `written_off:` or `spoiled_by_` where cooked food was thrown away (not cooked again: the money goes back or stays),
    ends with `:refused`, `:wrong_state` or `:no_funds` where its bank will not give back (somebody did at the bank, or
    the card is closed: whoever has seen to it accepts), with `:other_sum` where it shows another sum than was paid,
    with `:not_proved` where the card reader has another operation in mind by now, and with `:by_hand` or
    `:not_configured` where staff alone can give it back, at the card reader's bank or from the till;
    a portion is given back once its receipt is registered; a finding that names a charge may be refunded."""
    money, moves = MOVES[kind]
    found = list(moves)
    if kind in RECEIPT_IN_DOUBT and detail.startswith(_FOREIGN) and detail != _OTHER_SUM:  # that is the bank's word
        found += [Move.ISSUE, Move.ADOPT]
    forgotten = kind is Kind.VOID_PENDING and detail.startswith(_FOREIGN)  # the reader knows it no more
    if forgotten or (kind in _MONEY_BACK and detail.endswith(_BY_A_PERSON)):
        found.append(Move.ACCEPT)
    if kind is Kind.PORTION_LOST and detail.endswith(RECEIPT_FIRST):
        found.remove(Move.REFUND)
    if kind is Kind.PORTION_LOST and detail.startswith(_COOKED):
        found.remove(Move.RETRY)
    if kind is Kind.FINDING and transaction_id is not None:
        return Money.CHARGED, [*found, Move.REFUND]
    return money, found


class Aside(msgspec.Struct, frozen=True):
    """How far work came that is set aside: the step of its payment, whether there may be a receipt that is not found
    yet, whether the meal is given out without one, and whether a refund's money is not known to be back."""

    step: PaymentStep
    in_doubt: bool
    released: bool
    unreturned: bool


_STEPS_MONEY: Mapping[PaymentStep, Money] = {
    PaymentStep.RESERVING: Money.NONE,
    PaymentStep.PREFLIGHT: Money.NONE,
    PaymentStep.CHOOSING: Money.NONE,
    PaymentStep.ANNOUNCING: Money.NONE,
    PaymentStep.ANNOUNCED: Money.NONE,
    PaymentStep.TAKING_BACK: Money.NONE,
    PaymentStep.CHARGED: Money.CHARGED,
    PaymentStep.PRINTING: Money.CHARGED,
    PaymentStep.FISCALISED: Money.CHARGED,
    PaymentStep.REVERSING: Money.RETURNING,
}
#: A payment that staff may end: what was or may have been charged goes back.
ENDS_BY_RETURN = (PaymentStep.CHARGING, PaymentStep.CHARGED, PaymentStep.PRINTING)


def moves_aside(job: str, aside: Aside | None) -> tuple[Money, list[Move]]:
    """For a job that is set aside: besides one more try the moves that need less of the program than the job does. A
    payment ends by giving the money back; where there may be a receipt and the program cannot find out, somebody looks;
    what the bank's papers show as given back is accepted."""
    kind, _, _ = job.partition(":")
    if aside is None or kind not in ("pay", "refund"):
        return MOVES[Kind.SET_ASIDE][0], [Move.RETRY]
    found = [Move.RETRY]
    if aside.in_doubt:
        found += [Move.ISSUE, Move.ADOPT]
    if kind == "refund":
        return Money.RETURNING, [*found, Move.ACCEPT] if aside.unreturned else found
    if aside.step in ENDS_BY_RETURN and not aside.released:
        found.append(Move.REFUND)
    return _STEPS_MONEY.get(aside.step, Money.UNKNOWN), found
