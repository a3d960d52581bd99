"""What came of the acts of staff that take long: the last of each kind, for whoever looks after a restart."""

from __future__ import annotations

from collections.abc import Iterable

from kiosk.store import meta
from kiosk.store.transaction import Reader, Tx

_KEY = "site_task:"


def put(tx: Tx, kind: str, body: str) -> None:
    """`body`: JSON, in the place of the one before."""
    meta.put(tx, _KEY + kind, body)


def read(reader: Reader, kinds: Iterable[str]) -> dict[str, str]:
    """JSON by kind, of those that were ever begun."""
    found = {kind: meta.read(reader, _KEY + kind) for kind in kinds}
    return {kind: body for kind, body in found.items() if body is not None}
