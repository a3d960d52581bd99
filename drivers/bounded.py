"""Sockets of a client that hear so much and no more: whatever the library above makes of it, a peer that never stops
(interim answers, chunks of one byte) has an end."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from typing import Any

#: Asked for at once, so that others have their turn between.
_AT_ONCE = 16 * 1024
#: Heads, interim answers and the frames of chunks beside the body.
_BESIDE_THE_BODY = 64 * 1024


class BoundedSocket(socket.socket):
    """After each sending it hears at most `allowance` bytes; then it is broken (`EMSGSIZE`)."""

    allowance = _BESIDE_THE_BODY
    _heard = 0

    def send(self, *arguments: Any) -> int:
        self._heard = 0
        return super().send(*arguments)

    def sendmsg(self, *arguments: Any) -> int:
        self._heard = 0
        return super().sendmsg(*arguments)

    def recv(self, size: int, flags: int = 0) -> bytes:
        found = super().recv(min(size, _AT_ONCE), flags)
        self._count(len(found))
        return found

    def recv_into(self, buffer: Any, size: int = 0, flags: int = 0) -> int:
        found = super().recv_into(buffer, min(size or len(buffer), _AT_ONCE), flags)
        self._count(found)
        return found

    def _count(self, size: int) -> None:
        self._heard += size
        if self._heard > self.allowance:
            raise OSError(errno.EMSGSIZE, f"an answer of more than {self.allowance} bytes")


def bounded(longest: int) -> Callable[[tuple[Any, ...]], socket.socket]:
    """aiohttp's `socket_factory` for answers of `longest` bytes."""

    def factory(address: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, *_ = address
        found = BoundedSocket(family, kind, protocol)
        found.allowance = longest + _BESIDE_THE_BODY
        return found

    return factory
