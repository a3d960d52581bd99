"""One host's dealings with an ATOL register: asks, commands, brings it into a mode, leaves nothing open."""

from __future__ import annotations

import logging
from typing import TypeVar

from drivers.errors import DeviceRefused, DeviceUnreachable
from drivers.fiscal.atol import commands
from drivers.fiscal.atol.answers import FullState
from drivers.fiscal.atol.buffer import AtolLine
from drivers.fiscal.atol.commands import Request
from drivers.fiscal.atol.errors import EXTENDED, NO_DOCUMENT, NO_DRIVE_DATA, RECEIPT_CLOSED, error_text, error_word
from drivers.fiscal.atol.frames import bcd
from drivers.fiscal.atol.timeouts import AtolTimeouts
from drivers.fiscal.fields import CodecError
from drivers.fiscal.once import AnswerLost, ask_again
from drivers.fiscal.port import DEVICE
from drivers.link import LinkOpener

CHOICE, REGISTRATION, X_REPORTS, Z_REPORTS = 0, 1, 2, 3
_QUESTION_TRIES = 3
_CANCEL_TRIES = 3
_SHORTEST = 2  # bytes of an answer: some firmware leaves out the extension of an error that is none
_END_OF_DOCUMENT = (NO_DRIVE_DATA, NO_DOCUMENT)
_PIECES = 1000  # requisites of a document that is read out
_A = TypeVar("_A")
_log = logging.getLogger(__name__)


class AtolCommandRefused(DeviceRefused):
    """A non-zero error byte; `number` is that byte."""

    def __init__(self, number: int, code: int, more: str = "") -> None:
        super().__init__(DEVICE, error_word(number), f"{code:02X}h: {number:02X}h {error_text(number)}{more}")
        self.number = number


class AtolSession:
    """Not reentrant: the registrar's lock serialises."""

    def __init__(
        self, *, open_link: LinkOpener, port: str, baudrate: int, password: int, timeouts: AtolTimeouts
    ) -> None:
        self._line = AtolLine(open_link=open_link, port=port, baudrate=baudrate, timeouts=timeouts, device=DEVICE)
        self._password = password

    def close(self) -> None:
        self._line.close()

    async def ask(self, request: Request[_A]) -> _A:
        """A question changes nothing, so a lost answer is asked for again.

        Raises `DeviceRefused`, or `DeviceUnreachable` when no answer can be had.
        """
        return await ask_again(lambda: self.command(request))

    async def command(self, request: Request[_A]) -> _A:
        """Raises `DeviceRefused`, `DeviceUnreachable` (never taken) or `AnswerLost` (may have been carried out)."""
        result = await self._run(request)
        if len(result) >= 2 and result[0] == 0x55 and result[1] and request.head > 1:
            raise await self._refusal(result[1], request.code)
        try:
            if len(result) < min(request.head, _SHORTEST) or result[0] != request.answers:
                raise CodecError(f"an answer of {len(result)} bytes")
            return request.parse(result[request.head :])
        except CodecError as error:
            _log.warning("%s: answer %s to %02Xh makes no sense: %s", DEVICE, result.hex(), request.code, error)
            raise AnswerLost(f"{request.code:02X}", silent=False) from error

    async def _run(self, request: Request[_A]) -> bytes:
        password = bcd(self._password, 4) if request.signed else b""
        return await self._line.run(bytes((request.code,)) + request.arguments + password)

    async def _refusal(self, number: int, code: int) -> AtolCommandRefused:
        if number != EXTENDED:
            return AtolCommandRefused(number, code)
        more = await self._run(commands.extended_error())
        return AtolCommandRefused(number, code, f", extended {more[2:].hex()}")

    async def state(self) -> FullState:
        return await self.ask(commands.full_state())

    async def enter(self, mode: int) -> None:
        """From mode 0 only (atol.md#modes). Raises as `command` does, silence as `DeviceUnreachable`."""
        for _ in range(_QUESTION_TRIES):
            short = await self.ask(commands.short_state())
            if short.mode == mode and not short.submode:
                return
            try:
                if short.mode != CHOICE or short.submode:
                    await self.command(commands.leave_mode())
                else:
                    await self.command(commands.enter_mode(mode))
            except AnswerLost as lost:
                if lost.silent:
                    raise DeviceUnreachable(DEVICE, "silent", str(lost)) from lost
        if (await self.ask(commands.short_state())).mode != mode:
            raise DeviceRefused(DEVICE, "wrong_mode", f"mode {mode} is not entered")

    async def cancel_receipt(self) -> None:
        """Leave no open receipt behind; none is registered by that (atol.md#doubt).

        Raises `DeviceRefused` where the register will not, `DeviceUnreachable` where it cannot be asked.
        """
        refusal: DeviceRefused | None = None
        for _ in range(_CANCEL_TRIES):
            if not (await self.state()).receipt_kind:
                return
            try:
                await self.enter(REGISTRATION)
                await self.command(commands.cancel_receipt())
            except AtolCommandRefused as error:
                refusal = None if error.number == RECEIPT_CLOSED else error
            except AnswerLost as lost:
                _log.warning("%s: cancel: %s", DEVICE, lost)
        raise refusal or DeviceRefused(DEVICE, "document_left_open")

    async def ready_to_print(self) -> FullState:
        """The state in which print commands work; paper that came back is asked to go on."""
        state = await self.state()
        if state.cover_open:
            raise DeviceRefused(DEVICE, "cover_open", "Открыта крышка")
        if not state.paper:
            raise DeviceRefused(DEVICE, "no_receipt_paper", "Нет бумаги")
        if (await self.ask(commands.short_state())).printer_fault:
            raise DeviceRefused(DEVICE, "printer_fault", "Неисправен принтер")
        return state

    async def requisites(self, number: int) -> bytes:
        """All of a document's requisites, as the drive hands them out one by one."""
        await self.ask(commands.start_reading(number))
        found = b""
        for _ in range(_PIECES):
            try:
                # Never asked again: a repeated question would skip a requisite.
                found += b"".join(tlv.encode() for tlv in await self.command(commands.read_next()))
            except AtolCommandRefused as end:
                if end.number in _END_OF_DOCUMENT:
                    return found
                raise
            except AnswerLost as lost:
                raise DeviceUnreachable(DEVICE, "silent", str(lost)) from lost
        raise DeviceUnreachable(DEVICE, "endless_document")
