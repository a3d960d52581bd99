"""One attempt to pay: its steps in the order of writes, and the two decisions that need no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec


class Method(StrEnum):
    """The ways to pay (payment.md#ways-to-pay)."""

    TOKEN = "token"  # noqa: S105  # a card token of the page's, charged at the bank
    TERMINAL = "terminal"  # a card at the reader beside the screen
    SBP = "sbp"  # a QR code on the screen, paid in the guest's own bank
    TILL = "till"  # a member of staff takes the money


class Tender(StrEnum):
    """What a member of staff was given."""

    CASH = "cash"
    CARD = "card"


class ReceiptOrder(StrEnum):
    """When the receipt is printed (payment.md#paper-before-the-money)."""

    AFTER = "after_payment"
    BEFORE = "before_payment"


class OnRefusal(StrEnum):
    """How a receipt is taken back whose money was refused for good."""

    RETURN = "return"
    CORRECTION = "correction"


#: The `charge_error` that a person writes: held, asked for, and by the bank's own papers not taken.
NOT_TAKEN = "terminal:not_taken"


class PaymentStep(StrEnum):
    """The journal's recovery point: what is known to have happened (payment.md#the-order-of-writes)."""

    RESERVING = "reserving"  # T1
    PREFLIGHT = "preflight"  # T2: ingredients are reserved
    CHOOSING = "choosing"  # the receipt comes first, and staff have yet to say whether it will be cash or a card
    ANNOUNCING = "announcing"  # the receipt comes first: a fiscal intent is stored, no money has been asked for
    ANNOUNCED = "announced"  # that receipt stands, no money has been asked for
    CHARGING = "charging"  # T3: the POST may have been sent
    CHARGED = "charged"  # T4
    PRINTING = "printing"  # T5: a fiscal intent is stored
    FISCALISED = "fiscalised"  # T6
    DONE = "done"  # T7
    REVERSING = "reversing"  # proved without a receipt: the void is under way
    TAKING_BACK = "taking_back"  # no money for certain, and the receipt stands: its refund receipt is owed
    DECLINED = "declined"
    REFUSED = "refused"  # ended before any money moved
    ABANDONED = "abandoned"  # the bank knew nothing for long; the key stays under inquiry
    CLOSED = "closed"  # abandoned, and the inquiry is over
    REVERSED = "reversed"


_S = PaymentStep
PAYMENT_TRANSITIONS: Mapping[PaymentStep, frozenset[PaymentStep]] = {
    _S.RESERVING: frozenset({_S.PREFLIGHT, _S.REFUSED}),
    _S.PREFLIGHT: frozenset({_S.CHARGING, _S.CHOOSING, _S.ANNOUNCING, _S.REFUSED}),
    _S.CHOOSING: frozenset({_S.ANNOUNCING, _S.DECLINED, _S.REFUSED}),
    _S.ANNOUNCING: frozenset({_S.ANNOUNCING, _S.ANNOUNCED, _S.REFUSED}),
    _S.ANNOUNCED: frozenset({_S.CHARGING, _S.TAKING_BACK, _S.REFUSED}),
    _S.CHARGING: frozenset({_S.CHARGED, _S.DECLINED, _S.ABANDONED, _S.REFUSED, _S.TAKING_BACK}),
    _S.CHARGED: frozenset({_S.PRINTING, _S.FISCALISED, _S.REVERSING}),
    _S.PRINTING: frozenset({_S.PRINTING, _S.FISCALISED, _S.REVERSING}),
    _S.FISCALISED: frozenset({_S.DONE, _S.TAKING_BACK}),
    _S.REVERSING: frozenset({_S.REVERSED, _S.TAKING_BACK}),
    _S.TAKING_BACK: frozenset({_S.DECLINED, _S.REFUSED, _S.REVERSED}),
    _S.ABANDONED: frozenset({_S.CLOSED, _S.REVERSED}),
    _S.DONE: frozenset(),
    _S.DECLINED: frozenset(),
    _S.REFUSED: frozenset(),
    _S.CLOSED: frozenset(),
    _S.REVERSED: frozenset(),
}

#: An order has at most one attempt in these steps (a unique index says so too).
LIVE_STEPS = (
    _S.RESERVING, _S.PREFLIGHT, _S.CHOOSING, _S.ANNOUNCING, _S.ANNOUNCED, _S.CHARGING, _S.CHARGED, _S.PRINTING,
    _S.FISCALISED, _S.REVERSING, _S.TAKING_BACK,
)  # fmt: skip
#: The receipt comes first, and is not there yet.
BEFORE_PAPER = (_S.PREFLIGHT, _S.CHOOSING, _S.ANNOUNCING)
#: Nobody stands before the screen any more: no paper is printed and no money asked for.
STALE_AFTER = timedelta(minutes=2)


class Show(msgspec.Struct, frozen=True):
    """What the guest is told while the money is awaited: `kind` `card` (at the reader), `qr` (with the text of
    the code), `till` (with `code`). `receipt_first`: the receipt is on paper already."""

    kind: str
    qr: str | None = None
    code: str | None = None
    expires_at: datetime | None = None
    receipt_first: bool = False


def void_id_of(payment_id: str) -> str:
    """The name of a whole reversal of this attempt."""
    return f"{payment_id}-void"


class Payment(msgspec.Struct, frozen=True):
    """One row of `payment`: one attempt, `<order>-<attempt>`."""

    payment_id: str
    order_id: str
    attempt: int
    terminal_id: str
    session_id: str
    method: str
    step: PaymentStep
    amount_kopecks: int
    bonus_points: int
    card_token: str
    idempotency_key: str | None
    fingerprint: str
    receipt_to: str | None
    created_at: datetime
    posts: int = 0
    posted_at: datetime | None = None
    bank_unknown_since: datetime | None = None
    transaction_id: str | None = None
    card_brand: str | None = None
    card_last4: str | None = None
    charged_at: datetime | None = None
    receipt_failed_at: datetime | None = None
    released_at: datetime | None = None
    failure: str | None = None
    answer: str | None = None
    customer_id: str | None = None
    bonus_accrued: int = 0
    refunded_kopecks: int = 0
    receipt_error: str | None = None  # `proof:code` of the last failed try
    reverse_asked_by: str | None = None
    rrn: str | None = None
    auth_code: str | None = None
    reader_id: str | None = None  # the card reader, as its bank names it
    merchant_id: str | None = None
    failure_reason: str | None = None  # of a decline
    charge_error: str | None = None  # `device:code` of what is not known about the money, or was not taken
    cancel_asked_at: datetime | None = None
    operation: int | None = None  # of the card reader
    operation_before: int | None = None
    held_at: datetime | None = None  # by the card reader: not taken yet
    capturing_at: datetime | None = None  # from here on it may have been taken
    captured_at: datetime | None = None  # from here on the card reader holds nothing of it
    till_code: str | None = None
    expires_at: datetime | None = None  # of the code: of the till's, or on the screen
    tender: Tender | None = None
    given_kopecks: int | None = None
    taken_by: str | None = None
    bank_payment_id: str | None = None  # the bank's number of a bill that is paid by QR code
    qr: str | None = None  # the text of that code, as it is on the screen
    cancel_reason: str | None = None  # why the kiosk itself wants the money no more
    receipt_first: bool = False  # settled when the attempt is opened; of one that is held only if it is never taken
    ending: str | None = None  # JSON: what the attempt ends with once its receipt is taken back

    @property
    def is_held(self) -> bool:
        """The money can still be let go as if nothing had been."""
        return self.held_at is not None and self.capturing_at is None

    @property
    def is_untaken(self) -> bool:
        """Somebody has seen in the bank's own papers that what was held was never taken."""
        return self.charge_error == NOT_TAKEN

    @property
    def bank_key(self) -> str:
        """The bank charges this key at most once; a new one exists only after a definitive end of the old."""
        return f"{self.order_id}:{self.attempt}"

    @property
    def void_id(self) -> str:
        """The refund record of a whole reversal, and the void's own key at the bank."""
        return void_id_of(self.payment_id)

    @property
    def stage(self) -> str:
        """What the customer's screen is told while the outcome is open."""
        if self.step is PaymentStep.CHARGING and self.bank_unknown_since is not None:
            return "bank_unknown"
        if self.step in (PaymentStep.CHARGING, PaymentStep.CHOOSING) and self.cancel_asked_at is not None:
            return "cancelling"
        if self.released_at is not None and self.step in (PaymentStep.CHARGED, PaymentStep.PRINTING):
            return "receipt_owed"
        if self.receipt_failed_at is not None and self.step in (PaymentStep.CHARGED, PaymentStep.PRINTING):
            return "receipt_delayed"
        return self.step.value

    def is_unwanted(self, now: datetime) -> bool:
        """No paper is printed for it and no money asked for any more."""
        told = self.cancel_asked_at is not None or self.reverse_asked_by is not None
        end = self.created_at + STALE_AFTER
        if self.till_code is not None and self.expires_at is not None:  # whoever waits for staff waits as long as that
            end = self.expires_at
        return told or now > end

    @property
    def is_being_announced(self) -> bool:
        """Its receipt comes first and is about to be printed; at the till, once staff have said how it will be paid."""
        chosen = self.step is PaymentStep.CHOOSING and self.tender is not None
        return chosen or self.step in (PaymentStep.ANNOUNCING, PaymentStep.ANNOUNCED)

    @property
    def nears_its_receipt(self) -> bool:
        """Of one that has not ended: the registrar will be wanted soon. Not where bank or registrar are silent, where
        nobody has come to the till yet (it asks for the registrar itself), or where only money is left to be moved."""
        silent = self.bank_unknown_since is not None or self.receipt_failed_at is not None
        awaited = self.till_code is not None and self.taken_by is None and not self.is_being_announced
        return not (silent or awaited or self.step in (PaymentStep.FISCALISED, PaymentStep.REVERSING))

    @property
    def show(self) -> Show | None:
        """None while nobody has to do anything."""
        choosing = self.stage == PaymentStep.CHOOSING.value and self.tender is None
        if not choosing and self.stage != PaymentStep.CHARGING.value:
            return None
        if self.till_code is not None:
            printed = self.receipt_first and not choosing
            return Show("till", code=self.till_code, expires_at=self.expires_at, receipt_first=printed)
        if self.qr is not None:
            return Show("qr", qr=self.qr, expires_at=self.expires_at, receipt_first=self.receipt_first)
        return None if self.operation is None else Show("card", receipt_first=self.receipt_first)


class ReceiptView(msgspec.Struct, frozen=True):
    """The receipt as the customer gets it (seed 3.7). Staff may have named a document of a lost drive
    (`told_by_staff`): then sign, time and `qr` may be unknown."""

    fiscal_document_number: int
    fiscal_sign: int | None
    fiscal_drive_number: str
    shift: int
    issued_at: str | None
    qr: str | None
    told_by_staff: bool = False


class Confirmation(msgspec.Struct, frozen=True):
    """Seed 3.7: the 200 of a payment, stored with T7 and given again for the same key."""

    order_id: str
    status: str
    amount_kopecks: int
    bonus_spent: int
    bonus_accrued: int
    transaction_id: str
    pickup_code: str
    receipt: ReceiptView


class FiscalFailurePolicy(StrEnum):
    AUTO = "auto"
    REVERSE = "reverse"
    DEFER = "defer"


class Proof(StrEnum):
    """What is known about the receipt after a failed try."""

    ABSENT = "absent"  # the registrar answered: no such document
    REFUSED = "refused"  # no such document, and the registrar will refuse it again
    SILENT = "silent"  # nobody can say now
    FOREIGN = "foreign"  # the registrar shows what is not ours: a person must look


class FiscalDecision(StrEnum):
    RETRY = "retry"
    REVERSE = "reverse"
    RELEASE = "release"  # cook without a known receipt; the receipt stays owed
    CAPTURE = "capture"  # held by a card reader that waits no longer: take the money, go on asking for the receipt


class FiscalPatience(msgspec.Struct, frozen=True):
    """`[payment]` keys that bound the wait for a receipt (payment.md#when-the-receipt-fails), and how long a card
    reader holds money without it (`[terminal]`)."""

    policy: FiscalFailurePolicy
    receipt_retry_s: float
    hold_limit_s: float
    fin_within_s: float = 30.0


#: Refusals that concern a moment (noise, a hand at the device, printing), not of the receipt.
OF_THE_MOMENT = frozenset(
    {"receipt_absent", "drive_swapped", "drive_went_back", "counter_moved", "not_registered", "interrupted"}
    | {"lines_lost", "printing_previous", "waits_continue", "receipt_open", "no_receipt_paper", "shift_closed"}
    | {"shift_over_24h", "wrong_mode", "wrong_submode", "drive_timeout", "drive_no_answer", "drive_bad_crc"}
    | {"cutter_failure", "power_failure", "sensor_failure", "low_voltage", "printer_link", "head_overheated"}
    | {"hardware_failure", "busy", "no_paper", "cover_open", "document_open", "other_operator"}
)


def decide_while_held(
    patience: FiscalPatience, proof: Proof, held_at: datetime, *, now: datetime, reverse_asked: bool
) -> FiscalDecision:
    """The money is not taken yet: it is let go wherever there is no receipt, and taken only where there may be one, or
    where the policy is to cook without it."""
    absent = proof in (Proof.ABSENT, Proof.REFUSED)
    deferred = patience.policy is FiscalFailurePolicy.DEFER and not reverse_asked
    if absent and not deferred and (proof is Proof.REFUSED or reverse_asked):
        return FiscalDecision.REVERSE
    if absent and patience.policy is FiscalFailurePolicy.REVERSE:
        return FiscalDecision.REVERSE
    if now - held_at < timedelta(seconds=patience.fin_within_s):
        return FiscalDecision.RETRY
    return FiscalDecision.REVERSE if absent and not deferred else FiscalDecision.CAPTURE


def decide_on_fiscal_failure(
    patience: FiscalPatience, proof: Proof, failed_at: datetime, *, released: bool, now: datetime, reverse_asked: bool
) -> FiscalDecision:
    """Retry, reverse or release. A released order is cooking: its receipt is owed and retried without an end. Silence
    and foreign documents are never reversed: a void without knowledge could leave a receipt without money. What staff
    asked to reverse is not cooked: it waits for the proof."""
    if released:
        return FiscalDecision.RETRY
    waited = now - failed_at
    absent = proof in (Proof.ABSENT, Proof.REFUSED)
    if absent and (reverse_asked or patience.policy is FiscalFailurePolicy.REVERSE):
        return FiscalDecision.REVERSE
    if proof is Proof.REFUSED and patience.policy is FiscalFailurePolicy.AUTO:
        return FiscalDecision.REVERSE  # nobody waits a minute for what will not come
    if reverse_asked:
        return FiscalDecision.RETRY
    if patience.policy is FiscalFailurePolicy.DEFER and waited >= timedelta(seconds=patience.receipt_retry_s):
        return FiscalDecision.RELEASE
    if absent and waited >= timedelta(seconds=patience.receipt_retry_s):
        return FiscalDecision.REVERSE
    if not absent and waited >= timedelta(seconds=patience.hold_limit_s):
        return FiscalDecision.RELEASE
    return FiscalDecision.RETRY
