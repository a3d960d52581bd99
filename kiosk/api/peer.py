"""Who is at the other end of the unix socket."""

from __future__ import annotations

import pwd
import socket
import struct

from aiohttp import web


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
