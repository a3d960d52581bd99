"""What the package asks of the program while nobody runs it (operation.md#updates).

`python -m kiosk.wiring.upgrading try CONFIG`: settings, menu and database fit this program. Exit 1 with a sentence.
`python -m kiosk.wiring.upgrading same BEFORE DATABASE`: nothing happened between the two. Exit 1 where something did.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from kiosk.config import ConfigError, load
from kiosk.domain.errors import DatabaseBroken
from kiosk.store.file.trial import last_event, try_out
from kiosk.wiring.preconditions import prepared
from kiosk.wiring.restoring import REPORTS


def main(words: list[str]) -> int:
    try:
        match words:
            case ["try", file]:
                config = load(Path(file), must_exist=True)
                asyncio.run(prepared(config))
                print(try_out(config.database.path, REPORTS))
            case ["same", before, database]:
                return 0 if last_event(Path(before)) == last_event(Path(database)) else 1
            case _:
                print(__doc__, file=sys.stderr)
                return 2
    except ConfigError as error:
        print("\n".join(error.problems), file=sys.stderr)
        return 1
    except (DatabaseBroken, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
