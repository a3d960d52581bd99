"""The tests that take long are begun first, whatever the number of workers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.spreading import spread


def parts(count: int, workers: int) -> list[int]:
    """Where each worker's part begins, as pytest-xdist cuts it."""
    begins, taken = [], 0
    for worker in range(workers):
        begins.append(taken)
        taken += (count - taken) // (workers - worker)
    return begins


@given(st.integers(1, 12), st.integers(0, 30), st.integers(0, 300))
def test_every_part_begins_with_its_share_of_what_takes_long(workers: int, heavy: int, light: int) -> None:
    every = [*range(heavy + light)]
    chosen = every[:: max(1, (heavy + light) // heavy)][:heavy] if heavy else []
    found = spread(chosen, every, workers)
    assert sorted(found) == every
    if len(every) < workers * (len(chosen) // workers + 1):
        return  # fewer than a part holds
    for worker, begin in enumerate(parts(len(every), workers)):
        share = len(chosen[worker::workers])
        assert {*found[begin : begin + share]} <= {*chosen}
