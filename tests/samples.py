"""What the short form of a sweep takes: another part each day, until all had its turn. `make test-long` takes all.

A run is of one seed: workers are started after it was set. A failed test names it, `KIOSK_SWEEP_SEED=n` plays it again.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

T = TypeVar("T")

SEED_VARIABLE = "KIOSK_SWEEP_SEED"
SEED = int(os.environ.setdefault(SEED_VARIABLE, str(datetime.now(UTC).date().toordinal())))
EVERY = os.environ.get("KIOSK_SWEEP") == "all"


def some(names: Sequence[T], count: int, of: str, always: Iterable[T] = (), seed: int = SEED) -> tuple[T, ...]:
    """The names that stand nowhere else (`always`), and `count` of the others by a seed, in their order. `of`: which
    sweep, so that each takes its own."""
    kept = [*always]
    left = [number for number, name in enumerate(names) if name not in kept]
    chosen = {*random.Random(f"{seed} {of}").sample(left, min(count, len(left)))}
    return tuple(name for number, name in enumerate(names) if number in chosen or name in kept)


def part(of_all: Sequence[T], count: int, of: str, always: Iterable[T] = ()) -> tuple[T, ...]:
    """The same where no other test is the long form: in `make test-long` all of it."""
    return tuple(of_all) if EVERY else some(of_all, count, of, always)
