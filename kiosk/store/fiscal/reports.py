"""X and Z reports that are kept, the drives that were put in, and what a shift holds by our own books."""

from __future__ import annotations

from datetime import datetime

import msgspec

from kiosk.clock import rfc3339
from kiosk.store.transaction import Reader, Tx


class ReportRow(msgspec.Struct, frozen=True):
    report_id: int
    kind: str
    drive_number: str
    shift: int
    at: datetime
    actor: str
    body: str


_REPORT = "report_id, kind, drive_number, shift, at, actor, body"


def keep_report(tx: Tx, kind: str, drive_number: str, shift: int, actor: str, body: str, now: datetime) -> None:
    """One Z report for each shift; another one replaces it."""
    if kind == "z":
        tx.execute(
            "DELETE FROM fiscal_report WHERE kind = 'z' AND drive_number = ? AND shift = ?", (drive_number, shift)
        )
    tx.insert(
        "fiscal_report", kind=kind, drive_number=drive_number, shift=shift, at=rfc3339(now), actor=actor, body=body
    )


def read_report(reader: Reader, drive_number: str | None, shift: int) -> ReportRow | None:
    """The Z report of a shift, of the newest drive where none is named."""
    return reader.one(
        ReportRow,
        f"SELECT {_REPORT} FROM fiscal_report WHERE kind = 'z' AND shift = ? AND (? IS NULL OR drive_number = ?)"
        " ORDER BY report_id DESC LIMIT 1",
        (shift, drive_number, drive_number),
    )


class ReportLine(msgspec.Struct, frozen=True):
    """One kept Z report; `differences`: how many stand in it."""

    drive_number: str
    shift: int
    at: datetime
    actor: str
    differences: int


def newest_reports(reader: Reader, most: int) -> list[ReportLine]:
    """The kept Z reports, the newest first."""
    return reader.all(
        ReportLine,
        "SELECT drive_number, shift, at, actor, ifnull(json_array_length(body, '$.differences'), 0) AS differences"
        " FROM fiscal_report WHERE kind = 'z' ORDER BY report_id DESC LIMIT ?",
        (most,),
    )


class ShiftRow(msgspec.Struct, frozen=True):
    drive_number: str
    shift: int


def unreported_shifts(reader: Reader, drive_number: str) -> list[ShiftRow]:
    """Shifts of a drive that were opened and have no Z report, the oldest first."""
    return reader.all(
        ShiftRow,
        "SELECT s.drive_number, s.shift FROM shift s WHERE s.drive_number = ? AND NOT EXISTS (SELECT 1 FROM"
        " fiscal_report r WHERE r.kind = 'z' AND r.drive_number = s.drive_number AND r.shift = s.shift)"
        " ORDER BY s.shift",
        (drive_number,),
    )


def unnamed_differences(reader: Reader, since: datetime) -> list[ShiftRow]:
    """Shifts whose Z report differs and which no finding names, or which the bank was not asked about."""
    return reader.all(
        ShiftRow,
        "SELECT r.drive_number, r.shift FROM fiscal_report r WHERE r.kind = 'z' AND r.at >= ?"
        " AND (json_array_length(r.body, '$.differences') > 0 OR NOT ifnull(json_extract(r.body, '$.bank_asked'), 1))"
        " AND NOT EXISTS (SELECT 1 FROM finding f"
        " WHERE f.kind = 'day_difference' AND f.subject LIKE r.drive_number || ' ' || r.shift || ' %')",
        (rfc3339(since),),
    )


def differences_are_over(reader: Reader, device: str, kind: str) -> bool:
    """Whether a fault of `device` is recorded and no finding of `kind` is open."""
    found = reader.scalar(
        "SELECT 1 FROM device_fault WHERE device = ? AND NOT EXISTS"
        " (SELECT 1 FROM finding WHERE kind = ? AND settled_at IS NULL)",
        (device, kind),
    )
    return found is not None


class BookLine(msgspec.Struct, frozen=True):
    """Documents of one operation, or lines of one rate or dish; sums as printed."""

    name: str
    count: int
    sum_kopecks: int


def _documents(reader: Reader, drive_number: str, shift: int) -> list[BookLine]:
    """By operation: what our books say was registered in the shift."""
    return reader.all(
        BookLine,
        "SELECT operation AS name, count(*) AS count, sum(total_kopecks) AS sum_kopecks FROM fiscal_intent"
        " WHERE status = 'registered' AND correction = 0 AND drive_number = ? AND document_shift = ?"
        " GROUP BY operation",
        (drive_number, shift),
    )


def _lines(reader: Reader, drive_number: str, shift: int, by: str) -> list[BookLine]:
    """Lines of the shift's sales by `vat` or `name`, refunds taken off."""
    if by not in ("vat", "name"):
        raise ValueError(by)
    sign = "CASE f.operation WHEN 'refund' THEN -1 ELSE 1 END"
    return reader.all(
        BookLine,
        f"SELECT l.{by} AS name, sum(l.quantity * {sign}) AS count, sum(l.sum_kopecks * {sign}) AS sum_kopecks"
        " FROM receipt_line l JOIN fiscal_intent f USING (intent_id)"
        " WHERE f.status = 'registered' AND f.drive_number = ? AND f.document_shift = ? GROUP BY 1 ORDER BY 3 DESC, 1",
        (drive_number, shift),
    )


class Money(msgspec.Struct, frozen=True):
    """A settled payment of a shift, as the bank should know it. `returned_kopecks`: what we asked back."""

    payment_id: str
    transaction_id: str | None
    method: str
    amount_kopecks: int
    returned_kopecks: int
    bonus_points: int
    tender: str | None

    @property
    def way(self) -> str:
        return self.method if self.tender is None else f"{self.method}:{self.tender}"


#: A receipt that came first says nothing of the money: none has come yet, or none ever will.
_PAID = (
    "p.step NOT IN ('announced', 'charging', 'taking_back', 'abandoned', 'declined', 'refused', 'closed', 'reversed')"
)


def _money(reader: Reader, drive_number: str, shift: int) -> list[Money]:
    """Payments whose receipt was registered in the shift."""
    return reader.all(
        Money,
        "SELECT p.payment_id, p.transaction_id, p.method, p.amount_kopecks, p.bonus_points, p.tender,"
        " (SELECT coalesce(sum(r.amount_kopecks), 0) FROM refund r WHERE r.payment_id = p.payment_id"
        "   AND r.bank_done_at IS NOT NULL) AS returned_kopecks"
        " FROM payment p JOIN fiscal_intent f ON f.payment_id = p.payment_id AND f.refund_id IS NULL AND f.fix = 0"
        f" AND f.operation = 'sale' AND {_PAID}"
        " WHERE f.status = 'registered' AND f.drive_number = ? AND f.document_shift = ? ORDER BY p.payment_id",
        (drive_number, shift),
    )


def _points_spent(reader: Reader, drive_number: str, shift: int) -> int:
    """By the ledger: points held for the payments of the shift."""
    value = reader.scalar(
        "SELECT coalesce(-sum(b.points), 0) FROM bonus_entry b JOIN fiscal_intent f ON f.payment_id = b.source"
        " AND f.refund_id IS NULL AND f.fix = 0 AND f.operation = 'sale'"
        f" JOIN payment p ON p.payment_id = f.payment_id AND {_PAID}"
        " WHERE b.kind IN ('hold', 'release') AND f.status = 'registered'"
        " AND f.drive_number = ? AND f.document_shift = ?",
        (drive_number, shift),
    )
    return int(value)


class ShiftBooks(msgspec.Struct, frozen=True):
    """What the books say of one shift of one drive; `documents` by operation, lines by rate and by dish."""

    documents: list[BookLine]
    rates: list[BookLine]
    dishes: list[BookLine]
    money: list[Money]
    points_spent: int


def read_shift(reader: Reader, drive_number: str, shift: int) -> ShiftBooks:
    return ShiftBooks(
        _documents(reader, drive_number, shift),
        _lines(reader, drive_number, shift, "vat"),
        _lines(reader, drive_number, shift, "name"),
        _money(reader, drive_number, shift),
        _points_spent(reader, drive_number, shift),
    )


# Drives.


def known_drives(reader: Reader) -> set[str]:
    rows = reader.all(_Drive, "SELECT drive_number FROM fiscal_drive")
    return {row.drive_number for row in rows}


class _Drive(msgspec.Struct, frozen=True):
    drive_number: str


def adopt_drive(tx: Tx, drive_number: str, actor: str, reason: str, now: datetime) -> None:
    tx.execute(
        "INSERT INTO fiscal_drive VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (drive_number, rfc3339(now), actor, reason),
    )
