"""The two doors: a TCP listener for everybody, a unix socket for the site's own people."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import socket
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from kiosk.api.http.gate import Gate
from kiosk.api.http.unreadable import Protocol
from kiosk.config import ConfigError, problem
from kiosk.runtime import systemd

_BACKLOG = 128
_HTTP_TIMEOUT_S = 5.0
_ASK_TIMEOUT_S = 1.0
_DESCRIPTORS, _OWN_DESCRIPTORS, _CONNECTIONS = 8192, 256, 2048


class _OneLine(logging.Filter):
    """What no HTTP is, is a line of ours: aiohttp's own shows the bytes, and with them tokens and phones."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, HttpProcessingError | web.RequestPayloadError):
            return True
        record.msg, record.args, record.exc_info = f"bad_request {type(error).__name__}", (), None
        record.levelno, record.levelname = logging.INFO, "INFO"
        return True


_ONE_LINE = _OneLine()


async def runner_of(app: web.Application, opened: AsyncExitStack) -> web.AppRunner:
    logging.getLogger("aiohttp.server").addFilter(_ONE_LINE)  # the same one again changes nothing
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=_HTTP_TIMEOUT_S)
    await runner.setup()
    opened.push_async_callback(runner.cleanup)
    return runner


async def listen_gated(runner: web.AppRunner, gate: Gate, host: str, port: int, opened: AsyncExitStack) -> int:
    """The public listener, that of a socket unit where one is handed over; its port. Raises `ConfigError` that names
    the setting."""
    if runner.server is None:
        raise RuntimeError("a runner that was not set up")
    loop = asyncio.get_running_loop()
    gate.lead_to(partial(Protocol, runner.server, loop=loop, access_log=None, auto_decompress=False))  # type: ignore[arg-type]  # it may be
    try:
        inherited = systemd.inherited_listener()
        if inherited is None:
            server = await loop.create_server(gate, host, port, reuse_address=True, backlog=_BACKLOG)
        else:
            server = await loop.create_server(gate, sock=_as_named(inherited, port), backlog=_BACKLOG)
    except OSError as error:
        raise ConfigError(problem("$.server.port", f"cannot listen: {error.strerror or error}")) from error
    except ValueError as error:
        raise ConfigError(problem("$.server.port", str(error))) from error
    opened.callback(server.close)
    return int(server.sockets[0].getsockname()[1])


def _as_named(listener: socket.socket, port: int) -> socket.socket:
    """Raises `ValueError` where the socket unit and the settings name different ports."""
    own = listener.getsockname()
    if listener.type != socket.SOCK_STREAM or not isinstance(own, tuple) or own[1] != port:
        raise ValueError(f"kiosk.socket listens at {own}, the settings say {port}")
    return listener


def connections_allowed() -> int:
    """As many as the process may open less what staff, database and devices need; the limit is raised first as far as
    this user may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return _CONNECTIONS if soft == resource.RLIM_INFINITY else max(32, min(_CONNECTIONS, soft - _OWN_DESCRIPTORS))


async def listen(site: web.BaseSite, where: str) -> None:
    """Raises `ConfigError` that names the setting."""
    try:
        await site.start()
    except OSError as error:
        raise ConfigError(problem(where, f"cannot listen: {error.strerror or error}")) from error


def unix_socket(path: Path) -> socket.socket:
    """Bound, then 0660: the unit's UMask is 0077, the site's group must get in. Raises `ConfigError`."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if _answers(path):
            raise ConfigError(problem("$.server.socket", f"another kiosk answers at {path}"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        listener.bind(str(path))
        os.chmod(path, 0o660)
    except OSError as error:
        listener.close()
        raise ConfigError(problem("$.server.socket", f"cannot listen: {error.strerror or error}")) from error
    except ConfigError:
        listener.close()
        raise
    return listener


def _answers(path: Path) -> bool:
    """Whether somebody listens there; what a dead process left refuses."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.settimeout(_ASK_TIMEOUT_S)
        return asking.connect_ex(str(path)) == 0
