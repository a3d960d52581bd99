"""Types the command `kiosk` for a test: its exit code, what it printed, and the journal it leaves."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import signal
import sqlite3
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from kiosk import cli
from tests.restaurant import Restaurant

DEADLINE_S = 40.0


@dataclass
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


async def spawn(folder: Path, *words: str) -> asyncio.subprocess.Process:
    command = [sys.executable, "-m", "kiosk", *words, "--config", str(folder / "config.toml")]
    # A suite started in the background ignores SIGINT, and its children would inherit that.
    hear = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    return await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, preexec_fn=hear
    )


async def kiosk(where: Restaurant | Path, *words: str) -> Done:
    """The command on a thread, with a loop of its own: a process takes half a second to start."""
    folder = where if isinstance(where, Path) else where.folder
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        async with asyncio.timeout(DEADLINE_S):
            code = await asyncio.to_thread(cli.main, [*words, "--config", str(folder / "config.toml")])
    return Done(code, out.getvalue(), err.getvalue())


async def ok(place: Restaurant, *words: str) -> Any:
    """Its JSON; it must have gone well."""
    done = await kiosk(place, *words, "--json")
    assert (done.code, done.err) == (cli.OK, ""), done
    return done.json


def journal(place: Restaurant) -> list[tuple[str, str, str]]:
    """(actor, action, detail) of every change by hand."""
    with sqlite3.connect(f"file:{place.folder}/kiosk.db?mode=ro", uri=True) as file:
        return [tuple(row) for row in file.execute("SELECT actor, action, detail FROM journal ORDER BY entry")]
