"""`kiosk` as it is, but for the number of streams it holds: `tests.bench.boards` hangs a thousand boards on it."""

from __future__ import annotations

import resource
import sys
from functools import partial

from kiosk import cli
from kiosk.api.http.streams import StreamLimits
from kiosk.wiring import doors

if __name__ == "__main__":
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 65_536), most))
    setattr(doors, "StreamLimits", partial(StreamLimits, 4_000, 4_000, 4_000))  # noqa: B010  # no name of that module
    sys.exit(cli.main(sys.argv[1:]))
