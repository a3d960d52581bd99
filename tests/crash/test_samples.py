"""What the short forms of the sweeps leave to the long ones: never a point that no other sweep takes."""

from __future__ import annotations

from kiosk.checkpoints import PAPER_POINTS, POINTS, QR_POINTS, READER_POINTS, TILL_POINTS
from tests.crash.test_inpas import SOME_AFTER, SOME_FIRST
from tests.crash.test_paper_first import SOME_AT_THE_TILL as SOME_PAPER_AT_THE_TILL
from tests.crash.test_paper_first import SOME_BY_TOKEN
from tests.crash.test_qr_payments import SOME_BY_CODE
from tests.crash.test_ways_to_pay import SOME_AT_THE_READER
from tests.crash.test_yookassa import SOME_HELD
from tests.samples import some

_SEEDS = range(60)


def test_3_points_that_only_one_way_to_pay_has_are_struck_whatever_the_seed() -> None:
    assert {*READER_POINTS} <= {*SOME_AT_THE_READER}
    assert {*READER_POINTS} <= {*SOME_HELD}
    assert {*QR_POINTS} <= {*SOME_BY_CODE}
    assert {*TILL_POINTS, PAPER_POINTS[0]} <= {*SOME_PAPER_AT_THE_TILL}
    assert PAPER_POINTS[0] in {*SOME_BY_TOKEN} & {*SOME_FIRST}
    assert "numbers.ready" in SOME_AFTER


def test_3_a_sample_is_of_its_seed_and_every_point_has_its_turn() -> None:
    samples = [some(POINTS, 3, "a", always=("t3.after",), seed=seed) for seed in _SEEDS]
    assert all(len(sample) == 4 and "t3.after" in sample for sample in samples)
    assert samples == [some(POINTS, 3, "a", always=("t3.after",), seed=seed) for seed in _SEEDS]
    assert {name for sample in samples for name in sample} == {*POINTS}
    assert samples != [some(POINTS, 3, "b", always=("t3.after",), seed=seed) for seed in _SEEDS]
    assert all([*sample] == sorted(sample, key=POINTS.index) for sample in samples)
