"""Makes msgspec prepare every record type before there are two threads: at first use it does so lazily, and two threads
that come at once (the event loop and the database's writer) end the process by SIGSEGV (seen in the crash sweep)."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

_PREPARED: set[type[msgspec.Struct]] = set()


def prepare_types() -> int:
    """How many; every Struct of the product that is imported by now. Those of an earlier call stay prepared."""
    for kind in {*_below(msgspec.Struct)} - _PREPARED:
        if kind.__module__.partition(".")[0] in ("kiosk", "drivers"):
            msgspec.json.Decoder(kind)
            _PREPARED.add(kind)
    return len(_PREPARED)


def _below(kind: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for child in kind.__subclasses__():
        yield child
        yield from _below(child)
