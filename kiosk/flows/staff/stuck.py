"""`kiosk stuck`: what does not go on by itself, and the moves a person may make.

None of them needs SQL, none can charge or print twice (operation.md#what-is-stuck)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from kiosk.clock import Clock
from kiosk.domain.errors import NotFound, OrderStateConflict
from kiosk.domain.ordering.order import PortionStatus
from kiosk.domain.payment.payment import NOT_TAKEN, PaymentStep
from kiosk.domain.staff.refusals import RoleForbids
from kiosk.domain.staff.roles import MOVE_ROLES, Person
from kiosk.domain.staff.staff_words import stuck_words
from kiosk.domain.staff.stuck import (
    BY_THEMSELVES,
    ENDS_BY_RETURN,
    RECEIPT_IN_DOUBT,
    Kind,
    Move,
    Stuck,
    moves_aside,
    moves_of,
)
from kiosk.domain.text import Text
from kiosk.flows.fiscal.corrections import Corrections
from kiosk.flows.fiscal.doubts import Decision, Doubts
from kiosk.flows.guards.breaker import Guard
from kiosk.flows.guards.crash_loop import CrashLoopGuard
from kiosk.flows.payment.ending import NO_MONEY, owes_return
from kiosk.flows.payment.refunds import Refunds
from kiosk.flows.payment.saga import PaymentSaga
from kiosk.flows.staff.second_person import SecondPerson
from kiosk.periods import USUAL, Periods
from kiosk.store import journal
from kiosk.store.database import Database
from kiosk.store.fiscal import audits
from kiosk.store.fiscal.audits import Period
from kiosk.store.ordering import holding, orders
from kiosk.store.payment import payments, refunds
from kiosk.store.staff import climates, troubles
from kiosk.store.stock import stocks
from kiosk.store.transaction import Tx

_log = structlog.get_logger()
_EXAMINED = timedelta(days=3)
_FIX, _DEVICE, _ASIDE, _PORTION = "fix-", "device-", "aside-", "portion-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """Who carries the moves out."""

    doubts: Doubts
    payment_saga: PaymentSaga
    refunds: Refunds
    second_person: SecondPerson
    corrections: Corrections
    guards: Mapping[str, Guard]
    crash_loop_guard: CrashLoopGuard


class StuckMoves:
    """`stuck()` lists, `move()` carries out; the answer of a move is the list as it is then."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        hands: Hands,
        *,
        stuck_after_s: float,
        tripped_after_s: float,
        stations: Mapping[int, Text],
        periods: Periods = USUAL,
    ) -> None:
        """`stuck_after_s`: how long work may wait before it counts; `tripped_after_s`: and a breaker; `stations`: what
        each is called, by number."""
        self._stations = stations
        self._periods = periods
        self._db = database
        self._doubts = hands.doubts
        self._payment_saga = hands.payment_saga
        self._refunds = hands.refunds
        self._second_person = hands.second_person
        self._corrections = hands.corrections
        self._guards = hands.guards
        self._crash_loop_guard = hands.crash_loop_guard
        self._clock = clock
        self._stuck_after = timedelta(seconds=stuck_after_s)
        self._tripped_after = timedelta(seconds=tripped_after_s)
        self.counts: Counter[str] = Counter()
        self.now: list[Stuck] = []  # as the last look found it

    async def stuck(self) -> list[Stuck]:
        now = self._clock.now()
        rows = await self._db.read(troubles.read_troubles, now - self._stuck_after, now - self._tripped_after)
        jobs = [row.stuck_id.removeprefix(_ASIDE) for row in rows if row.kind is Kind.SET_ASIDE]
        aside = {_ASIDE + job: moves_aside(job, await self._db.read(troubles.read_aside, job)) for job in jobs}
        found = []
        for row in rows:
            money, moves = aside.get(row.stuck_id) or moves_of(row.kind, row.detail, row.transaction_id)
            if row.kind is Kind.DEVICE_TRIPPED and row.stuck_id.removeprefix(_DEVICE) not in self._guards:
                moves = []  # it is looked at all the time: there is nothing to hasten
            says = stuck_words(row.kind, row.detail, self._stations)
            found.append(
                Stuck(row.stuck_id, row.kind, row.order_id, row.number, row.amount_kopecks, row.since, row.detail,
                      money, moves, says)
            )  # fmt: skip
        return found

    async def examine(self) -> None:
        """At start: contradictions inside our own books of the last days are named, and wait for a person."""
        now = self._clock.now()
        broken = await self._db.walk(audits.broken_invariants, Period(now - _EXAMINED), now)

        def run(tx: Tx) -> None:
            for row in broken:
                if troubles.add_finding(tx, row.check, row.subject, row.detail, now):
                    _log.error("books_contradict", check=row.check, subject=row.subject, detail=row.detail)

        await self._db.write(run)

    async def watch(self) -> None:
        """Runs until cancelled: the counts for `/metrics`, and a log line for each that is new."""
        known: set[str] = set()
        while True:
            found = await self.stuck()
            self.now, self.counts = found, Counter(row.kind.value for row in found)
            for row in found:
                if row.stuck_id not in known:
                    _log.error("stuck", stuck_id=row.stuck_id, kind=row.kind, detail=row.detail, money=row.money)
            known = {row.stuck_id for row in found}
            await self._clock.sleep(self._periods.stuck_s)

    async def move(self, stuck_id: str, decision: Decision, by: Person) -> list[Stuck]:
        """Raises `NotFound`, `OrderStateConflict` (not a safe move here), `InvalidRequest`, `DeviceUnavailable`,
        `RoleForbids`, `SecondPersonRequired`."""
        move, actor = decision.move, by.actor
        if by.role not in MOVE_ROLES[move]:
            raise RoleForbids(MOVE_ROLES[move])
        row = next((row for row in await self.stuck() if row.stuck_id == stuck_id), None)
        if row is None:
            raise NotFound
        if move not in row.moves:
            raise OrderStateConflict(order_status=f"{row.kind} allows {', '.join(row.moves)}")
        now = self._clock.now()
        if row.kind is Kind.PORTION_LOST and move is Move.REFUND:
            await self._second_person.refund_portion(int(stuck_id.removeprefix(_PORTION)), by)
        else:
            await self._act(row, decision, actor, now)
        told = f"{stuck_id} {row.detail} {decision}".rstrip()
        await self._db.write(journal.add, actor, f"stuck_{move}", told, now)
        self._payment_saga.nudge()
        self._refunds.nudge()
        self._corrections.nudge()
        return await self.stuck()

    async def _act(self, row: Stuck, decision: Decision, actor: str, now: datetime) -> None:  # noqa: C901  # a table of pairs
        """By kind first, then by what may be done about a receipt or money of any kind; `retry` is a nudge. Raises
        `OrderStateConflict` for a pair that nobody carries out: it never comes into the journal."""
        stuck_id = row.stuck_id
        match row.kind, decision.move:
            case Kind.DEVICE_TRIPPED, Move.RETRY:
                self._guards[stuck_id.removeprefix(_DEVICE)].nudge()
            case Kind.SET_ASIDE, _:
                await self._act_aside(stuck_id.removeprefix(_ASIDE), decision, actor, now)
            case Kind.FINDING, (Move.REFUND | Move.ACCEPT) as move:
                await self._settle_finding(stuck_id, move, actor, now)
            case Kind.PORTION_LOST, (Move.RETRY | Move.ACCEPT) as move:
                await self._db.write(decide_portion, int(stuck_id.removeprefix(_PORTION)), move)
            case Kind.FOOD_FORGOTTEN, Move.ACCEPT:
                await self._db.write(holding.see, stuck_id.removeprefix("forgotten-"))
            case Kind.FOOD_UNSAFE, Move.ACCEPT:
                await self._db.write(climates.resume, stuck_id.removeprefix("unsafe-"), now)
            case Kind.CELL_LOCKED, Move.ACCEPT:
                await self._db.write(holding.see_to_locked, int(stuck_id.removeprefix("locked-")))
            case Kind.CHARGE_UNKNOWN | Kind.RECEIPT_HELD, Move.REFUND:
                await self._end_by_giving_back(stuck_id, actor)
            case ((Kind.CHARGE_UNCERTAIN | Kind.CAPTURE_UNCERTAIN), Move.ACCEPT):
                await self._accept_charge(stuck_id, now)
            case Kind.CAPTURE_UNCERTAIN, Move.REFUND:
                await self._deny_capture(stuck_id, actor, now)
            case Kind.VOID_PENDING, Move.ACCEPT:
                await self._accept_void(stuck_id, now)
            case (Kind.REFUND_UNCERTAIN, Move.RETRY | Move.ACCEPT) | (Kind.REFUND_PENDING, Move.ACCEPT):
                await self._decide_refund(stuck_id, decision.move, now)
            case kind, (Move.ISSUE | Move.ADOPT) if kind in RECEIPT_IN_DOUBT:
                await self._settle_doubt(stuck_id, decision, actor)
            case kind, Move.RETRY if kind in BY_THEMSELVES:
                pass  # the nudge that follows every move
            case _, move:
                raise OrderStateConflict(order_status=f"{row.kind}: nobody carries out {move}")

    async def _settle_doubt(self, payment_id: str, decision: Decision, actor: str) -> None:
        """A person has looked: there is no receipt (`issue`), or it is the one that `decision` names (`adopt`)."""
        if decision.move is Move.ISSUE:
            await self._doubts.disprove(payment_id)
        else:
            await self._doubts.adopt(payment_id, decision, actor)

    async def _act_aside(self, job: str, decision: Decision, actor: str, now: datetime) -> None:
        """What a person decided is stored first; then the work is taken up once more."""
        work_id = job.partition(":")[2]
        match decision.move:
            case Move.ISSUE | Move.ADOPT:
                await self._settle_doubt(work_id, decision, actor)
            case Move.ACCEPT as move:
                await self._decide_refund(work_id, move, now)
            case Move.REFUND:
                await self._end_by_giving_back(work_id, actor)
            case Move.RETRY:
                pass
        await self._crash_loop_guard.take_up(job)
        for flow in (self._payment_saga, self._refunds, self._corrections):
            await flow.resume()

    async def _end_by_giving_back(self, payment_id: str, actor: str) -> None:
        """Charged: the money goes back once the registrar proves that there is no receipt, never before. Not known to
        be charged: the order ends here, and should the bank ever say that it was, the money goes back."""

        def run(tx: Tx) -> None:
            payment = payments.require(tx, payment_id)
            if payment.step not in ENDS_BY_RETURN or payment.released_at is not None:
                raise OrderStateConflict(order_status=payment.step)
            payments.note(tx, payment, reverse_asked_by=actor)

        await self._db.write(run)

    async def _accept_charge(self, payment_id: str, now: datetime) -> None:
        """The bank's own papers show it as it should be: given up and nothing kept, or held and taken."""

        def run(tx: Tx) -> None:
            payment = payments.require(tx, payment_id)
            if payment.step is PaymentStep.ABANDONED and owes_return(tx, payment):
                payments.note(tx, payment, ending=NO_MONEY)  # its receipt is taken back, then it is closed
            elif payment.step is PaymentStep.ABANDONED:
                payments.move(tx, payment, PaymentStep.CLOSED)
            else:
                payments.note(tx, payment, captured_at=now, charge_error=None)

        await self._db.write(run)

    async def _deny_capture(self, payment_id: str, actor: str, now: datetime) -> None:
        """The bank's own papers show that what was held was never taken: nothing is to be given back, and the order
        ends, its receipt by a refund receipt; without a receipt it is not cooked."""

        def run(tx: Tx) -> None:
            payment = payments.require(tx, payment_id)
            if payment.captured_at is not None:
                raise OrderStateConflict(order_status=payment.step)
            payments.note(tx, payment, captured_at=now, charge_error=NOT_TAKEN, reverse_asked_by=actor)

        await self._db.write(run)

    async def _accept_void(self, payment_id: str, now: datetime) -> None:
        """The bank's own papers show the money back: nothing more is sent."""

        def run(tx: Tx) -> None:
            refunds.note_refund(tx, payments.require(tx, payment_id).void_id, error=None, bank_done_at=now)

        await self._db.write(run)

    async def _decide_refund(self, refund_id: str, move: Move, now: datetime) -> None:
        """`accept`: the bank's own papers show the money back; `retry`: they do not, send it again."""
        changes = {"bank_done_at": now} if move is Move.ACCEPT else {"bank_tried_at": None}
        await self._db.write(refunds.note_refund, refund_id, error=None, **changes)

    async def _settle_finding(self, finding_id: str, move: Move, actor: str, now: datetime) -> None:
        if move is Move.REFUND:
            await self._refunds.give_back_found(finding_id, actor)
            return
        await self._db.write(troubles.settle_finding, finding_id, actor, "accepted", now)


def decide_portion(tx: Tx, portion_id: int, move: Move) -> None:
    """ACCEPT: it was handed out, or thrown away and the money stays; nothing is held for it any more. RETRY: it is
    cooked again. Raises `OrderStateConflict`."""
    row = orders.require_portion(tx, portion_id)
    if move is Move.ACCEPT:
        gone = row.thrown_away or row.is_spoiled
        orders.move_portion(tx, row, PortionStatus.WRITTEN_OFF if gone else PortionStatus.HANDED_OUT)
        stocks.hand_over(tx, [portion_id])
    else:
        orders.move_portion(tx, row, PortionStatus.WAITING, attempt=row.attempt + 1, fault=None)
        stocks.take_back(tx, portion_id)
