"""The whole file looked through while it is used, by a process of its own: it can hold neither the loop nor the writer,
and runs when nothing else wants the machine.

`python -m kiosk.wiring.checking DATABASE` writes a line of JSON for each piece, `{"done", "of", "table"}`; where it
finds damage `{"damage"}`, exit 1. Exit 2: it could not be looked through now, with a sentence.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import msgspec

from kiosk.domain.errors import DatabaseBroken
from kiosk.store.file.looking_through import NotLookedThrough, look_through
from kiosk.wiring.restoring import REPORTS

_LEAST = 19
_LONGEST = 1000  # characters of a name or a finding: the reader takes lines of 64 KiB


def main(path: Path) -> int:
    os.nice(_LEAST)
    try:
        look_through(path, REPORTS, lambda done, of, table: _say(done=done, of=of, table=table[:_LONGEST]))
    except DatabaseBroken as error:
        _say(damage=str(error)[:_LONGEST])
        return 1
    except NotLookedThrough as error:
        sys.stderr.write(f"not looked through: {error}\n")
        return 2
    return 0


def _say(**values: object) -> None:
    sys.stdout.write(f"{msgspec.json.encode(values).decode()}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
