"""`kiosk stuck`: what does not go on by itself, and the moves a person may make.

None of them needs SQL, none can charge or print twice (reliability §2.2, §2.4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from kiosk.clock import Clock
from kiosk.domain.errors import NotFound, OrderStateConflict
from kiosk.domain.order import PortionStatus
from kiosk.domain.staff_words import stuck_words
from kiosk.domain.stuck import BY_THEMSELVES, ENDS_BY_RETURN, RECEIPT_IN_DOUBT, Kind, Move, Stuck, moves_aside, moves_of
from kiosk.flows.correcting import Correcting
from kiosk.flows.guarding import Guard
from kiosk.flows.naming import Decision, Naming
from kiosk.flows.paying import Paying
from kiosk.flows.refunding import Refunding
from kiosk.flows.setting_aside import SettingAside
from kiosk.store import audits, orders, payments, records, refunds, stocks, troubles
from kiosk.store.database import Database, Tx

_log = structlog.get_logger()
_LOOK_S = 10.0
_EXAMINED = timedelta(days=3)
_FIX, _DEVICE, _ASIDE = "fix-", "device-", "aside-"


class Settling:
    """`stuck()` lists, `move()` carries out; the answer of a move is the list as it is then."""

    def __init__(
        self,
        database: Database,
        naming: Naming,
        paying: Paying,
        refunding: Refunding,
        correcting: Correcting,
        guards: Mapping[str, Guard],
        setting_aside: SettingAside,
        clock: Clock,
        stuck_after_s: float,
        tripped_after_s: float,
    ) -> None:
        self._db = database
        self._naming = naming
        self._paying = paying
        self._refunding = refunding
        self._correcting = correcting
        self._guards = guards
        self._setting_aside = setting_aside
        self._clock = clock
        self._stuck_after = timedelta(seconds=stuck_after_s)
        self._tripped_after = timedelta(seconds=tripped_after_s)
        self.counts: Counter[str] = Counter()

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
            says = stuck_words(row.kind, row.detail)
            found.append(
                Stuck(row.stuck_id, row.kind, row.order_id, row.number, row.amount_kopecks, row.since, row.detail,
                      money, moves, says)
            )  # fmt: skip
        return found

    async def examine(self) -> None:
        """At start: contradictions inside our own books of the last days are named, and wait for a person."""
        now = self._clock.now()
        broken = await self._db.walk(audits.broken_invariants, now - _EXAMINED, now)

        def run(tx: Tx) -> None:
            for row in broken:
                if troubles.add_finding(tx, row.check, row.subject, row.detail, now):
                    _log.error("books_contradict", check=row.check, subject=row.subject, detail=row.detail)

        await self._db.write(run)

    async def watch(self) -> None:
        """For ever: the counts for `/metrics`, and a log line for each that is new."""
        known: set[str] = set()
        while True:
            found = await self.stuck()
            self.counts = Counter(row.kind.value for row in found)
            for row in found:
                if row.stuck_id not in known:
                    _log.error("stuck", stuck_id=row.stuck_id, kind=row.kind, detail=row.detail, money=row.money)
            known = {row.stuck_id for row in found}
            await self._clock.sleep(_LOOK_S)

    async def move(self, stuck_id: str, decision: Decision, actor: str) -> list[Stuck]:
        """Raises `NotFound`, `OrderStateConflict` (not a safe move here), `InvalidRequest`, `DeviceUnavailable`."""
        move = decision.move
        row = next((row for row in await self.stuck() if row.stuck_id == stuck_id), None)
        if row is None:
            raise NotFound
        if move not in row.moves:
            raise OrderStateConflict(order_status=f"{row.kind} allows {', '.join(row.moves)}")
        now = self._clock.now()
        await self._act(row, decision, actor, now)
        told = f"{stuck_id} {row.detail} {decision}".rstrip()
        await self._db.write(records.journal, actor, f"stuck_{move}", told, now)
        self._paying.nudge()
        self._refunding.nudge()
        self._correcting.nudge()
        return await self.stuck()

    async def _act(self, row: Stuck, decision: Decision, actor: str, now: datetime) -> None:
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
            case Kind.PORTION_LOST, (Move.RETRY | Move.REFUND | Move.ACCEPT) as move:
                await self._decide_portion(int(stuck_id.removeprefix("portion-")), move, actor, now)
            case Kind.CHARGE_UNKNOWN | Kind.RECEIPT_HELD, Move.REFUND:
                await self._end_by_giving_back(stuck_id, actor)
            case Kind.VOID_PENDING, Move.ACCEPT:
                await self._accept_void(stuck_id, now)
            case (Kind.REFUND_UNCERTAIN, Move.RETRY | Move.ACCEPT) | (Kind.REFUND_PENDING, Move.ACCEPT):
                await self._decide_refund(stuck_id, decision.move, actor, now)
            case kind, Move.ISSUE if kind in RECEIPT_IN_DOUBT:
                await self._naming.disprove(stuck_id)
            case kind, Move.ADOPT if kind in RECEIPT_IN_DOUBT:
                await self._naming.adopt(stuck_id, decision, actor)
            case kind, Move.RETRY if kind in BY_THEMSELVES:
                pass  # the nudge that follows every move
            case _, move:
                raise OrderStateConflict(order_status=f"{row.kind}: nobody carries out {move}")

    async def _act_aside(self, job: str, decision: Decision, actor: str, now: datetime) -> None:
        """What a person decided stands in the books first; then the work is taken up once more."""
        work_id = job.partition(":")[2]
        match decision.move:
            case Move.ISSUE:
                await self._naming.disprove(work_id)
            case Move.ADOPT:
                await self._naming.adopt(work_id, decision, actor)
            case Move.ACCEPT as move:
                await self._decide_refund(work_id, move, actor, now)
            case Move.REFUND:
                await self._end_by_giving_back(work_id, actor)
            case Move.RETRY:
                pass
        await self._setting_aside.take_up(job)
        for flow in (self._paying, self._refunding, self._correcting):
            await flow.resume()

    async def _end_by_giving_back(self, payment_id: str, actor: str) -> None:
        """Charged: the money goes back once the registrar proves that no receipt stands, never before. Not known to be
        charged: the order ends here, and should the bank ever say that it was, the money goes back."""

        def run(tx: Tx) -> None:
            payment = payments.require(tx, payment_id)
            if payment.step not in ENDS_BY_RETURN or payment.released_at is not None:
                raise OrderStateConflict(order_status=payment.step)
            payments.note(tx, payment, reverse_asked_by=actor)

        await self._db.write(run)

    async def _accept_void(self, payment_id: str, now: datetime) -> None:
        """The bank's own papers show the money back: nothing more is sent."""

        def run(tx: Tx) -> None:
            refunds.note_refund(tx, payments.require(tx, payment_id).void_id, error=None, bank_done_at=now)

        await self._db.write(run)

    async def _decide_refund(self, refund_id: str, move: Move, actor: str, now: datetime) -> None:
        """`accept`: the bank's own papers show the money back; `retry`: they do not, send it again."""
        changes = {"bank_done_at": now} if move is Move.ACCEPT else {"bank_tried_at": None}
        await self._db.write(refunds.note_refund, refund_id, error=None, **changes)

    async def _decide_portion(self, portion_id: int, move: Move, actor: str, now: datetime) -> None:
        """Cook it (again), give it back, or it was handed out."""
        if move is Move.REFUND:
            await self._refunding.request_portion(portion_id, actor)
            return

        def run(tx: Tx) -> None:
            row = orders.require_portion(tx, portion_id)
            if move is Move.ACCEPT:
                orders.move_portion(tx, row, PortionStatus.WRITTEN_OFF if row.thrown_away else PortionStatus.HANDED_OUT)
            else:
                orders.move_portion(tx, row, PortionStatus.WAITING, attempt=row.attempt + 1, fault=None)
                stocks.take_back(tx, portion_id)

        await self._db.write(run)

    async def _settle_finding(self, finding_id: str, move: Move, actor: str, now: datetime) -> None:
        if move is Move.REFUND:
            await self._refunding.give_back_found(finding_id, actor)
            return
        await self._db.write(troubles.settle_finding, finding_id, actor, "accepted", now)
