"""A command of the machine's, run to its end within its time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from drivers.text import shown

_LONGEST = 300


async def run_command(words: Sequence[str], within_s: float) -> str | None:
    """None where it ended with 0, else what was wrong in a line."""
    try:
        process = await asyncio.create_subprocess_exec(
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
    except (OSError, ValueError) as error:
        return shown(str(error))[:_LONGEST]
    try:
        async with asyncio.timeout(within_s):
            _, told = await process.communicate()
    except TimeoutError:
        return f"not ended within {within_s:g} s"
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode == 0:
        return None
    return shown(f"exit {process.returncode}: {told.decode(errors='replace')}")[:_LONGEST]
