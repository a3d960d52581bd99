"""In which order the tests of several workers go."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def spread(heavy: Sequence[T], every: Sequence[T], workers: int) -> list[T]:
    """`every` in an order in which each worker's part, as pytest-xdist cuts it, begins with its share of `heavy`."""
    taken = {id(item) for item in heavy}
    light = iter([item for item in every if id(item) not in taken])
    found: list[T] = []
    for worker in range(workers):
        length = (len(every) - len(found)) // (workers - worker)
        first = heavy[worker::workers]
        found += [*first, *islice(light, max(0, length - len(first)))]
    return [*found, *light]
