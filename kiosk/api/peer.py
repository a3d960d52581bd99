"""Who is at the other end: the user of the unix socket, the place of a connection."""

from __future__ import annotations

import pwd
import socket
import struct

from aiohttp import web

from kiosk.domain.address import place_of


def place(request: web.Request) -> str:
    """Where a call comes from, for what is counted by address; `local` at the unix socket."""
    return place_of(request.remote or "local")


def peer_name(request: web.Request) -> str:
    """The peer's user by SO_PEERCRED."""
    peer = request.get_extra_info("socket")
    if peer is None:
        return "unknown"
    _, uid, _ = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid:{uid}"
