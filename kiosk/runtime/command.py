"""A command of the machine's, run to its end within its time."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import tempfile
from collections.abc import Sequence

from drivers.text import shown

_LONGEST = 300
_REAPED_WITHIN_S = 1.0  # who was killed


async def run_command(words: Sequence[str], within_s: float) -> str | None:
    """None where it ended with 0, else what was wrong in a line. What it has started is killed with it; its complaints
    go into a file, so that nobody waits for who keeps a pipe open."""
    with tempfile.TemporaryFile() as complaints:
        try:
            process = await asyncio.create_subprocess_exec(
                *words,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=complaints,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            return shown(str(error))[:_LONGEST]
        try:
            async with asyncio.timeout(within_s):
                code = await process.wait()
        except TimeoutError:
            return f"not ended within {within_s:g} s"
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_REAPED_WITHIN_S):
                        await process.wait()
        complaints.seek(0)
        told = complaints.read(_LONGEST).decode(errors="replace")
    return None if code == 0 else shown(f"exit {code}: {told}")[:_LONGEST]
