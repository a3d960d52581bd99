"""The two doors: a TCP listener for everybody, a unix socket for the site's own people."""

from __future__ import annotations

import os
import socket
from contextlib import AsyncExitStack
from pathlib import Path

from aiohttp import web

from kiosk.config import ConfigError

_HTTP_TIMEOUT_S = 5.0


async def runner_of(app: web.Application, opened: AsyncExitStack) -> web.AppRunner:
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=_HTTP_TIMEOUT_S)
    await runner.setup()
    opened.push_async_callback(runner.cleanup)
    return runner


async def listen(site: web.BaseSite) -> None:
    try:
        await site.start()
    except OSError as error:
        raise ConfigError(f"cannot listen - at `$.server`: {error}") from error


def unix_socket(path: Path) -> socket.socket:
    """Bound, then 0660: the unit's UMask is 0077, the site's group must get in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    os.chmod(path, 0o660)
    return listener
