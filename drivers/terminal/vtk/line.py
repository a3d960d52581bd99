"""The line to a VTK reader: either side may speak at any time, so what arrives is heard by a task of its own and an
answer is known by its name and its operation (protocols/vtk.md#the-line)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass

from drivers.errors import DeviceUnreachable, OutcomeUnknown
from drivers.link import TCP, Link, LinkOpener
from drivers.terminal.vtk.frames import KIOSK, Decoder, SerialDecoder, TcpDecoder, encode_serial, encode_tcp
from drivers.terminal.vtk.messages import CON, DAT, DSC, IDL, STA, VRP, Message
from drivers.terminal.vtk.online import Online, is_foreign
from drivers.terminal.vtk.tlv import CodecError, Tag

DEVICE = "terminal"
_log = logging.getLogger(__name__)
_BAUDRATE = 115200
_FOR_EVER_S = 3600.0  # the pump waits for whatever the reader may say
_KEEPALIVE_S, _OPERATION_S = 10, 60  # of the protocol, until the reader tells its own


@dataclass(frozen=True, slots=True)
class VtkTimings:
    """`answer_s`: of IDL and DIS; `end_s`: of a FIN that the reader may pass over; `rest_s`: of a frame that has begun;
    `margin_s`: beyond the operation timeout that the reader tells."""

    answer_s: float = 3.0
    end_s: float = 8.0
    rest_s: float = 8.0
    margin_s: float = 5.0


@dataclass(slots=True)
class Heard:
    """What the reader has told of itself since the line was opened."""

    keepalive_s: int = _KEEPALIVE_S
    operation_s: int = _OPERATION_S
    operation: int | None = None
    at_s: float = 0.0

    @property
    def silent_after_s(self) -> float:
        """Longer silence ends the connection on both sides."""
        return 3.0 * self.keepalive_s + 8.0

    @property
    def forgets_after_s(self) -> float:
        """From here on a connection is not relied on: the two sides began to count at different times."""
        return 3.0 * self.keepalive_s


@dataclass(slots=True)
class _Waiting:
    name: str
    operation: int | None
    answer: asyncio.Future[Message]


class ReaderLine:
    """Opens the port when it is needed and again after it was lost. `lends_network`: whether the reader may reach its
    bank through this machine; `now_s`: monotonic time, the event loop's where none is given."""

    def __init__(
        self,
        open_link: LinkOpener,
        port: str,
        timings: VtkTimings,
        *,
        lends_network: bool = True,
        allowed: Callable[[str], bool] = is_foreign,
        now_s: Callable[[], float] | None = None,
    ) -> None:
        self._open_link = open_link
        self._now_s = now_s or (lambda: asyncio.get_running_loop().time())
        self._port = port
        self._timings = timings
        self._allowed = allowed if lends_network else (lambda _host: False)
        self._link: Link | None = None
        self._pump: asyncio.Task[None] | None = None
        self._waiting: list[_Waiting] = []
        self._online = Online(self._send_quietly, self._allowed)
        self._opening = asyncio.Lock()
        self._said_at_s = 0.0
        self.heard = Heard()

    @property
    def is_open(self) -> bool:
        """Whether the reader was heard lately: silence beyond the protocol's limit ends a connection."""
        return self._link is not None and self._now_s() - self.heard.at_s <= self.heard.silent_after_s

    @property
    def is_forgotten(self) -> bool:
        """Whether the reader may count this side as gone, since it was told nothing for so long: it then passes over
        every word but IDL, and goes on speaking all the same."""
        return self._now_s() - self._said_at_s > self.heard.forgets_after_s

    async def ask(self, question: Message, within_s: float, operation: int | None = None) -> Message:
        """The message of the same name that comes next, of this operation where one is given. `DeviceUnreachable`: it
        was not sent; `OutcomeUnknown`: no answer."""
        await self.open()
        waiting = _Waiting(question.name, operation, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        try:
            self.send(question)
            async with asyncio.timeout(within_s):
                return await waiting.answer
        except TimeoutError as error:
            raise OutcomeUnknown(DEVICE, "no_answer", f"{question.name} within {within_s:g} s") from error
        finally:
            self._waiting.remove(waiting)

    def send(self, message: Message) -> None:
        """Raises `DeviceUnreachable`."""
        if self._link is None:
            raise DeviceUnreachable(DEVICE, "link_not_open")
        encode = encode_tcp if self._over_network else encode_serial
        self._link.write(encode(KIOSK, message.encode()))
        self._said_at_s = self._now_s()

    def wake(self) -> None:
        """An IDL that nobody waits for, where the reader may have forgotten this side. Raises `DeviceUnreachable`."""
        if self.is_forgotten:
            self.send(Message(IDL))

    async def open(self) -> None:
        """Raises `DeviceUnreachable`."""
        async with self._opening:
            if self.is_open:
                return
            self.close()
            self._link = await self._open_link(self._port, _BAUDRATE)
            self._link.discard()
            self.heard = Heard(at_s=self._now_s())
            self._pump = asyncio.create_task(self._listen(self._link))

    def close(self) -> None:
        """Whoever waits for an answer has none."""
        if self._pump is not None:
            self._pump.cancel()
            self._pump = None
        self._end()

    def _end(self) -> None:
        self._online.close()
        if self._link is not None:
            self._link.close()
            self._link = None
        for waiting in self._waiting:
            if not waiting.answer.done():
                waiting.answer.set_exception(OutcomeUnknown(DEVICE, "link_lost", self._port))

    @property
    def _over_network(self) -> bool:
        return self._port.startswith(TCP)

    async def _listen(self, link: Link) -> None:
        """Until the line is gone, or its stream can be told apart no longer."""
        decoder: Decoder = TcpDecoder() if self._over_network else SerialDecoder()
        with contextlib.suppress(DeviceUnreachable, CodecError):
            while True:
                try:
                    frames = decoder.feed(await link.read(self._timings.rest_s if decoder.pending else _FOR_EVER_S))
                except TimeoutError:
                    frames = decoder.abandon() if decoder.pending else []
                for frame in frames:
                    self._take(frame)
        if self._link is link:
            self._end()

    def _take(self, frame: bytes) -> None:
        try:
            message = Message.parse(frame)
            self._note(message)
            if message.name in (STA, CON, DAT) and self._is_sold():
                self._wake_quietly()
            if message.name in (CON, DAT, DSC):
                self._online.take(message)
                return
        except CodecError as error:
            _log.debug("ignored: %s", error)
            return
        for waiting in self._waiting:
            if waiting.name == message.name and waiting.operation in (None, message.operation):
                if not waiting.answer.done():
                    waiting.answer.set_result(message)
                return
        if message.name != STA:  # a late answer: whoever asked has gone, and asks again
            _log.debug("nobody waits for %s", message.name)

    def _is_sold(self) -> bool:
        """Whether the bank's word about a sale is still waited for: no approval is in the reader's hands."""
        return any(waiting.name == VRP and not waiting.answer.done() for waiting in self._waiting)

    def _wake_quietly(self) -> None:
        """A guest took long to show a card. What the reader hears next, its bank's answer or FIN, is not to be passed
        over; once it has an approval, what it makes of an IDL is not known."""
        with contextlib.suppress(DeviceUnreachable):
            self.wake()

    def _note(self, message: Message) -> None:
        self.heard.at_s = self._now_s()
        self.heard.keepalive_s = message.number(Tag.KEEPALIVE) or self.heard.keepalive_s
        self.heard.operation_s = message.number(Tag.TIMEOUT) or self.heard.operation_s
        if message.operation is not None:
            self.heard.operation = message.operation

    def _send_quietly(self, message: Message) -> None:
        """Of a connection that is carried: a line that is gone has ended it too."""
        with contextlib.suppress(DeviceUnreachable):
            self.send(message)
