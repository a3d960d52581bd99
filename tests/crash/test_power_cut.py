"""A power cut at any moment loses no acknowledged commit and leaves the file whole; NORMAL is the planted bug.

Everything a writer process tells the disk is recorded and replayed (database.md#durability).
Condition: the drive honours flush.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash import tally
from tests.crash.power import Disk, Verdict, judge_commits, record, replay
from tests.crash.test_syscalls import strace_works
from tests.restaurant import short_folder

pytestmark = pytest.mark.skipif(not strace_works(), reason="strace is not installed or may not trace here")
_FULL, _NORMAL = 2, 1


@pytest.fixture
def folder() -> Iterator[Path]:
    found = short_folder()
    yield found
    shutil.rmtree(found, ignore_errors=True)


def cut(folder: Path, synchronous: int, commits: int, every: int = 1, seeds: int = 1) -> Verdict:
    steps = record(folder, synchronous, commits)
    total = Verdict()
    for seed in range(1, seeds + 1):
        one = replay(Disk(), steps, folder, judge_commits, every=every, seed=seed)
        total = Verdict(total.images + one.images, total.lost + one.lost, total.damaged + one.damaged)
    broken = total.lost + total.damaged
    tally.record("synchronous=NORMAL" if synchronous == _NORMAL else "", scenarios=total.images, violations=broken)
    return total


def test_4_power_cut_loses_no_acknowledged_commit_and_leaves_the_file_whole(folder: Path) -> None:
    verdict = cut(folder, _FULL, 120, every=4)
    assert verdict.images > 100
    assert (verdict.lost, verdict.damaged) == (0, 0)


def test_4_planted_bug_of_synchronous_normal_loses_acknowledged_commits(folder: Path) -> None:
    verdict = cut(folder, _NORMAL, 120, every=4)
    assert verdict.lost > 0, "the replay does not see lost commits: it proves nothing"
    assert verdict.damaged == 0


@pytest.mark.long
def test_4_power_cut_at_every_syscall_of_a_long_day_loses_nothing(folder: Path) -> None:
    """Long enough for checkpoints of the journal into the file."""
    verdict = cut(folder, _FULL, 1600, every=2, seeds=2)
    assert (verdict.lost, verdict.damaged) == (0, 0)
