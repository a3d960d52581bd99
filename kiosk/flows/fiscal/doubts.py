"""A receipt in doubt ends by a person's word: which fiscal document it is, or that there is none."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
import structlog

from drivers.errors import DeviceError
from drivers.fiscal.port import FiscalDocument
from kiosk.domain.errors import InvalidRequest, OrderStateConflict
from kiosk.domain.staff.stuck import Move
from kiosk.flows.fiscal.claim import as_asked, register
from kiosk.flows.fiscal.desk import RegistrarDesk
from kiosk.flows.guards.not_done import not_done
from kiosk.store.database import Database
from kiosk.store.fiscal import intents
from kiosk.store.payment import refunds
from kiosk.store.transaction import Reader, Tx

_FIX = "fix-"
_log = structlog.get_logger()


class Decision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of the moves that the list of `stuck` names. For `adopt` the number of the `document`; of a drive that is
    lost also its serial and, where somebody has the paper or looks at the OFD, its sign (FFD tag 1077) and time."""

    move: Move
    document: Annotated[int, msgspec.Meta(ge=1, le=2**32 - 1)] | None = None
    drive: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,16}$")] | None = None
    fiscal_sign: Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)] | None = None
    issued_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None

    def __str__(self) -> str:
        named = (("document", self.document), ("drive", self.drive), ("sign", self.fiscal_sign))
        return " ".join(f"{word} {value}" for word, value in named if value is not None)


class Doubts:
    def __init__(self, database: Database, desk: RegistrarDesk, zone: ZoneInfo) -> None:
        self._db = database
        self._desk = desk
        self._zone = zone

    async def disprove(self, work_id: str) -> None:
        """Somebody has looked: there is no document for this intent; the next try prints."""

        def run(tx: Tx) -> None:
            intents.disprove(tx, _open_intent(tx, work_id).intent_id)

        async with self._desk.turn():
            await self._db.write(run)

    async def adopt(self, work_id: str, named: Decision, actor: str) -> None:
        """Raises `InvalidRequest`, `OrderStateConflict`, `DeviceUnavailable`."""
        if (number := named.document) is None:
            raise InvalidRequest.at("$.document", "the number of the fiscal document")
        async with self._desk.turn() as registrar:
            intent = await self._db.read(_open_intent, work_id)
            try:
                here = (await registrar.status()).drive_number
                if named.drive in (None, here):
                    await self._adopt_read(work_id, intent, await registrar.read_document(number), here)
                    return
            except DeviceError as error:
                raise not_done("fiscal", error) from error
            await self._adopt_lost(work_id, intent, number, named, actor)

    async def _adopt_read(
        self, work_id: str, intent: intents.IntentRow, document: FiscalDocument | None, here: str
    ) -> None:
        """The drive at hand must show that document with this sum."""
        wanted = (as_asked(intent).operation, intent.total_kopecks)
        if document is None or (document.operation, document.total_kopecks) != wanted:
            lost = intent.drive_number
            hint = "" if lost == here else f"; it was to stand in drive {lost}: name that drive if it does"
            raise InvalidRequest.at("$.document", f"drive {here} has no such receipt with this sum{hint}")
        await self._require_free(document.drive_number, document.number)
        await self._db.write(lambda tx: register(tx, _open_intent(tx, work_id), document, self._zone))

    async def _adopt_lost(
        self, work_id: str, intent: intents.IntentRow, number: int, named: Decision, actor: str
    ) -> None:
        """The drive that was asked is gone: what a person read on its paper or at the OFD is recorded, marked as said
        by a person."""
        if named.drive != intent.drive_number:
            raise InvalidRequest.at("$.drive", f"the receipt was asked of drive {intent.drive_number}")
        if number <= intent.fd_before:
            raise InvalidRequest.at("$.document", f"the drive was at {intent.fd_before} before it was asked")
        await self._require_free(intent.drive_number, number)
        told_at = named.issued_at
        issued_at = None if told_at is None else told_at.astimezone(self._zone).isoformat(timespec="minutes")

        def run(tx: Tx) -> None:
            intents.register(
                tx,
                _open_intent(tx, work_id).intent_id,
                drive_number=intent.drive_number,
                document_number=number,
                fiscal_sign=named.fiscal_sign,
                document_shift=intent.shift,
                issued_at=issued_at,
                told_by=actor,
            )

        await self._db.write(run)
        _log.warning("receipt_by_a_persons_word", payment_id=intent.payment_id, actor=actor, document=str(named))

    async def _require_free(self, drive_number: str, number: int) -> None:
        if await self._db.read(intents.is_registered, drive_number, number):
            raise InvalidRequest.at("$.document", "this document is another order's receipt")


def _open_intent(reader: Reader, work_id: str) -> intents.IntentRow:
    """The intent in doubt behind a payment's, a refund's or a correction's id. Raises `OrderStateConflict`."""
    refund = refunds.find_refund(reader, work_id)
    if work_id.startswith(_FIX):
        payment_id, _, fix = work_id.removeprefix(_FIX).rpartition("-")
        intent = intents.open_of_fix(reader, payment_id, int(fix))
    elif refund is not None:
        intent = intents.intent_of(reader, refund.payment_id, refund.refund_id, "refund")
    else:  # the sale's, or the one that takes it back
        intent = intents.of_sale(reader, work_id)
        if intent is not None and intent.status == "registered":
            intent = intents.of_taking_back(reader, work_id)
    if intent is None or intent.status != "open":
        raise OrderStateConflict(order_status="no receipt is in doubt")
    return intent
