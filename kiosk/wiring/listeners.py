"""The two doors: a TCP listener for everybody, a unix socket for the site's own people."""

from __future__ import annotations

import os
import socket
from contextlib import AsyncExitStack
from pathlib import Path

from aiohttp import web

from kiosk.config import ConfigError, problem

_HTTP_TIMEOUT_S = 5.0
_ASK_TIMEOUT_S = 1.0


async def runner_of(app: web.Application, opened: AsyncExitStack) -> web.AppRunner:
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=_HTTP_TIMEOUT_S)
    await runner.setup()
    opened.push_async_callback(runner.cleanup)
    return runner


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
