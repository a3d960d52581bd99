"""One host's dealings with a registrar: opens the line, asks questions, gives commands, waits out printing."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import Literal, TypeVar

from drivers.errors import DeviceError, DeviceRefused, DeviceUnreachable
from drivers.fiscal.fields import CodecError
from drivers.fiscal.once import AnswerLost, ask_again
from drivers.fiscal.port import DEVICE
from drivers.fiscal.shtrih import commands
from drivers.fiscal.shtrih.answers import ShortStatus
from drivers.fiscal.shtrih.commands import Request
from drivers.fiscal.shtrih.errors import ERRORS, NOT_YET, error_text, error_word
from drivers.fiscal.shtrih.frames import Answer, code_name
from drivers.fiscal.shtrih.line import ShtrihLine
from drivers.fiscal.shtrih.line2 import NumberedLine
from drivers.fiscal.shtrih.timeouts import ShtrihTimeouts
from drivers.link import LinkOpener

Protocol = Literal[1, 2]
ALTERNATIVE: Protocol = 2

MODE_DATA, MODE_OPEN, MODE_EXPIRED, MODE_CLOSED, MODE_DATE, MODE_DOCUMENT = 1, 2, 3, 4, 6, 8
PAPER_OK, NO_PAPER, PAPER_RAN_OUT, WAITS_CONTINUE = 0, 1, 2, 3
PRINTING = (4, 5)
SYSADMIN = 30
OTHER_OPERATOR = 0x59

_QUESTION_TRIES = 3
_PIECES = 1000  # of a document that is read out
_A = TypeVar("_A")
_log = logging.getLogger(__name__)


class ShtrihRefused(DeviceRefused):
    """A non-zero error byte; `number` is that byte."""

    def __init__(self, number: int, command: str, text: str = "") -> None:
        """`text`: the register's own words for a code that our table does not hold."""
        super().__init__(DEVICE, error_word(number), f"{command}: {number:02X}h {text or error_text(number)}")
        self.number = number


class ShtrihSession:
    """Not reentrant: the registrar's lock serialises."""

    def __init__(
        self,
        *,
        open_link: LinkOpener,
        port: str,
        baudrate: int,
        password: int = 30,
        timeouts: ShtrihTimeouts | None = None,
        protocol: Protocol = 1,
    ) -> None:
        self._open_link = open_link
        self._port = port
        self._baudrate = baudrate
        self._line: ShtrihLine | NumberedLine | None = None
        self.openings = 0  # of the line: another opening may reach another register
        self._protocol = protocol
        self._password = password
        self.timeouts = timeouts or ShtrihTimeouts()

    def close(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.close()

    async def ask(self, request: Request[_A]) -> _A:
        """A question changes nothing, so a lost answer is asked for again.

        Raises `DeviceRefused`, or `DeviceUnreachable` when no answer can be had.
        """
        return await ask_again(lambda: self.command(request))

    async def command(self, request: Request[_A]) -> _A:
        """Once, and again where the printer of the register was still busy with what came before.

        Raises `DeviceRefused`, `DeviceUnreachable` (never taken) or `AnswerLost` (may have been carried out).
        """
        deadline = self._now() + self.timeouts.printing_s
        while True:
            try:
                return await self._command(request)
            except ShtrihRefused as refused:
                if refused.number not in NOT_YET or request.code in commands.REGISTERS or self._now() >= deadline:
                    raise
                await self.printed_on()

    async def printed_on(self) -> None:
        """Wait until nothing prints any more; paper that came back gets its "continue"."""
        if (await self.printed_state()).submode == WAITS_CONTINUE:
            await self.continue_print()

    async def _command(self, request: Request[_A]) -> _A:
        stale = self._line is not None
        try:
            payload = await self._exchange(request)
        except DeviceUnreachable:
            # The line was lost since its last use and nothing has left: a new one may be there already.
            if not stale or self._line is not None:
                raise
            payload = await self._exchange(request)
        try:
            return self._read(request, payload)
        except ShtrihRefused as refused:
            if refused.number in ERRORS or request.code == commands.ERROR_TEXT:
                raise
            raise await self._in_its_words(refused.number, request.code) from refused

    async def _in_its_words(self, number: int, code: int) -> ShtrihRefused:
        """A refusal that the table of errors does not know; a register that has no words either is named by its
        code."""
        request = commands.error_text(number)
        try:
            told = self._read(request, await self._exchange(request)).text.strip()
        except (DeviceError, AnswerLost):
            told = ""
        return ShtrihRefused(number, f"{code:02X}h", told)

    async def _exchange(self, request: Request[_A]) -> bytes:
        line = await self._opened()
        try:
            return await line.exchange(request.payload(self._password), self.timeouts.for_code(request.code))
        except (DeviceUnreachable, AnswerLost) as error:
            self._drop_lost_line(error)
            raise

    @staticmethod
    def _read(request: Request[_A], payload: bytes) -> _A:
        try:
            answer = Answer.parse(payload)
            if not answer.error:
                return request.parse(answer.data)
        except CodecError as error:
            _log.warning("%s: answer %s makes no sense: %s", DEVICE, payload.hex(), error)
            raise AnswerLost(code_name(request.code), silent=False) from error
        raise ShtrihRefused(answer.error, f"{request.code:02X}h")

    async def state(self) -> ShortStatus:
        return await self.ask(commands.short_status())

    async def printed_state(self) -> ShortStatus:
        """The state once nothing prints any more (submode 5 right after a close is normal), or after
        `printing_s`; a document that is being read out is read to its end first."""
        deadline = self._now() + self.timeouts.printing_s
        while True:
            state = await self.state()
            if self._now() >= deadline or (state.mode != MODE_DATA and state.submode not in PRINTING):
                return state
            if state.mode == MODE_DATA:
                await self.read_out()
            await asyncio.sleep(self.timeouts.poll_s)

    async def ready_to_print(self) -> ShortStatus:
        """The state in which print commands work. Paper that came back gets its "continue"."""
        for _ in range(_QUESTION_TRIES):
            state = await self.printed_state()
            if state.cover_open:
                raise DeviceRefused(DEVICE, "cover_open", "Открыта крышка")
            if state.submode in PRINTING:
                raise ShtrihRefused(0x50, "10h")
            if state.submode in (NO_PAPER, PAPER_RAN_OUT):
                raise ShtrihRefused(0x6B, "10h")
            if state.submode != WAITS_CONTINUE:
                return state
            await self.continue_print()
        raise ShtrihRefused(0x58, "10h")

    async def continue_print(self) -> None:
        """B0h; whether it helped shows in the next state."""
        try:
            await self.command(commands.continue_print())
        except (DeviceRefused, AnswerLost) as error:
            _log.warning("%s: continue print: %s", DEVICE, error)

    async def read_out(self, total: int | None = None) -> bytes:
        """The pieces of the document that is being read; to the very end, or the register stays in mode 1."""
        pieces = b""
        for _ in range(_PIECES):
            try:
                pieces += (await self.ask(commands.read_piece())).data
            except ShtrihRefused as end:
                if end.number == 0x08 and (total is None or len(pieces) >= total):
                    return pieces
                raise
        raise DeviceUnreachable(DEVICE, "endless_document")

    async def cancel_document(self) -> None:
        """Leave no open document behind; none is registered by that (shtrih.md#doubt).

        Raises `DeviceRefused` where the device will not, `DeviceUnreachable` where it cannot be asked.
        """
        refusal: ShtrihRefused | None = None
        operator: int | None = None
        for _ in range(_QUESTION_TRIES):
            state = await self.printed_state()
            drive = await self.ask(commands.drive_status())
            if drive.current_document == 0 and state.mode != MODE_DOCUMENT:
                return
            if state.submode == WAITS_CONTINUE:
                await self.continue_print()
            try:
                if state.mode == MODE_DOCUMENT:
                    await self.command(replace(commands.cancel_receipt(), operator=operator))
                else:
                    await self.command(replace(commands.cancel_drive_document(), operator=operator))
            except ShtrihRefused as error:
                refusal = error
                operator = SYSADMIN if error.number == OTHER_OPERATOR else operator
            except AnswerLost as error:
                _log.warning("%s: cancel: %s", DEVICE, error)
        raise refusal or DeviceRefused(DEVICE, "document_left_open")

    async def _opened(self) -> ShtrihLine | NumberedLine:
        if self._line is None:
            link = await self._open_link(self._port, self._baudrate)
            kind = NumberedLine if self._protocol == ALTERNATIVE else ShtrihLine
            self._line = kind(link, self.timeouts, DEVICE)
            self.openings += 1
        return self._line

    def _drop_lost_line(self, error: Exception) -> None:
        """A silent device keeps its line (shtrih.md#timing); a lost line is opened anew next time."""
        cause = error.__cause__ if isinstance(error, AnswerLost) else error
        if isinstance(cause, DeviceUnreachable) and cause.code in ("link_lost", "link_not_open"):
            self.close()

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
