"""The day's report by mail: each addressee once, with the figures in the text and the tables beside it.

A try is noted before it goes out. Where nobody knows whether it was taken the same letter goes again, under the same
Message-ID, a bounded number of times; what was certainly not taken is tried until it is."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable

import msgspec
import structlog

from drivers.errors import DeviceError, DeviceRefused, DeviceUnreachable
from drivers.mail.port import Attachment, Letter, MailServer
from kiosk.checkpoints import pass_by
from kiosk.clock import Clock
from kiosk.domain.staff.spreadsheet import Cell, csv_bytes, xlsx_bytes
from kiosk.domain.text import Text
from kiosk.flows.staff.reports.statistics import StatsView
from kiosk.flows.staff.reports.tables import sums_of, tables_of
from kiosk.store.database import Database
from kiosk.store.staff import report_letters, stats
from kiosk.store.staff.report_letters import LetterRow

_log = structlog.get_logger()
#: A letter that nobody confirmed so often may lie there as often: it is not sent again.
MOST_DOUBTS = 3
_SEND_WITHIN_S = 30.0
_AGAIN_S = (60.0, 300.0, 1800.0)
_SUBJECT = Text("{restaurant}: отчёт за {day}", "{restaurant}: report of {day}")
_CSV, _XLSX = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class DayLetters:
    """`run()` until cancelled."""

    def __init__(
        self,
        database: Database,
        server: MailServer,
        clock: Clock,
        checkpoint: Callable[[str], None] = pass_by,
        *,
        restaurant: Text,
        language: str,
    ) -> None:
        self._db = database
        self._server = server
        self._clock = clock
        self._cp = checkpoint
        self._restaurant = restaurant
        self._language = language
        self._wake = asyncio.Event()
        self._failures = 0

    def wake(self) -> None:
        """A report was written."""
        self._wake.set()

    async def run(self) -> None:
        while True:
            self._wake.clear()
            if await self.send_waiting():
                self._failures = 0
                await self._wake.wait()
                continue
            pause_s = _AGAIN_S[min(self._failures, len(_AGAIN_S) - 1)]
            self._failures += 1
            await self._clock.sleep(pause_s)

    async def send_waiting(self) -> bool:
        """False: some wait still."""
        for row in await self._db.read(report_letters.read_waiting):
            if row.doubts >= MOST_DOUBTS:
                await self._give_up(row, "doubtful")
            else:
                await self._send(row)
        return not await self._db.read(report_letters.read_waiting)

    async def _send(self, row: LetterRow) -> None:
        letter = await self._letter(row)
        await self._db.write(report_letters.note_try, row)
        self._cp("letter.noted")
        try:
            async with asyncio.timeout(_SEND_WITHIN_S):
                await self._server.send(letter)
        except DeviceRefused as error:
            await self._failed(row, error, certain=True)
            await self._give_up(row, "refused")
        except DeviceError as error:
            await self._failed(row, error, certain=isinstance(error, DeviceUnreachable))
        except TimeoutError:
            await self._failed(row, DeviceError("email", "no_answer"), certain=False)
        else:
            self._cp("letter.sent")
            await self._db.write(report_letters.mark_sent, row, self._clock.now())
            _log.info("report_sent", day=row.day)

    async def _failed(self, row: LetterRow, error: DeviceError, *, certain: bool) -> None:
        _log.warning("report_not_sent", day=row.day, code=error.code)
        await self._db.write(report_letters.mark_failed, row, error.code, certain=certain)

    async def _give_up(self, row: LetterRow, why: str) -> None:
        _log.error("report_given_up", day=row.day, why=why)
        await self._db.write(report_letters.give_up, row, why)

    async def _letter(self, row: LetterRow) -> Letter:
        """Of the report that was kept: the same in every try. Raises `LookupError` where there is none."""
        body = await self._db.read(stats.read_report, row.day)
        if body is None:
            raise LookupError(row.day)
        view = msgspec.json.decode(body, type=StatsView)
        tables = tables_of(view, self._language)
        name = f"kiosk-{row.day}"
        files = (
            Attachment(f"{name}.csv", _CSV, csv_bytes(tables)),
            Attachment(f"{name}.xlsx", _XLSX, xlsx_bytes(tables)),
        )
        words = {"restaurant": self._restaurant.into(self._language), "day": row.day}
        subject = _SUBJECT.into(self._language).format(**words)
        lines = [_line(*cells) for cells in sums_of(view, self._language)]
        return Letter(row.address, subject, "\n".join([subject, "", *lines]), _message_id(row), row.created_at, files)


def _message_id(row: LetterRow) -> str:
    return f"report-{row.day}-{hashlib.sha256(row.address.encode()).hexdigest()[:16]}"


def _line(figure: Cell, value: Cell, before: Cell, change: Cell) -> str:
    """`revenue, ₽: 1234.50 (1200.00, +2.9 %)`."""
    than = "" if before is None else f" ({_number(before)}{'' if change is None else f', {change:+} %'})"
    return f"{figure}: {_number(value)}{than}"


def _number(value: Cell) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)
