"""Numbers of ATOL's web server are looked at before they are worked out: a few characters may mean a million digits."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.fiscal.atol_web.archive import kopecks, sign_of, whole

READERS: tuple[Callable[[Any], int], ...] = (kopecks, sign_of, whole)
NO_SUMS: tuple[Any, ...] = (
    True, None, [], {}, "", "x", "NaN", "sNaN", "Infinity", "1e12", "0" * 40, float("inf"), 1e300, 10**20,
)  # fmt: skip
NO_NUMBERS: tuple[Any, ...] = (
    True, None, [], {}, "", "x", "-1", "1_0", " 1", "１２", "9" * 11, 1.5, -1, 2**32, float("nan"), 10**400,
)  # fmt: skip


def _bytes_worked_with(read: Callable[[Any], int], value: Any) -> int:
    tracemalloc.start()
    try:
        read(value)
    except (ValueError, ArithmeticError):
        pass
    finally:
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return most


@given(st.integers(-9, 9), st.integers(-1_000_000, 1_000_000), st.sampled_from(READERS))
def test_3_4_an_exponent_is_never_worked_out(digit: int, exponent: int, read: Callable[[Any], int]) -> None:
    assert _bytes_worked_with(read, f"{digit}e{exponent}") < 16_384


def test_planted_reader_that_works_the_exponent_out_is_caught() -> None:
    assert _bytes_worked_with(lambda told: int(Decimal(told)), "1e100000") > 16_384


@given(st.integers(0, 2**40 - 1))
def test_3_4_every_sum_of_a_drive_is_read_in_each_of_its_forms(found: int) -> None:
    roubles = Decimal(found) / 100
    assert [kopecks(form) for form in (float(roubles), f"{roubles:f}", f"{roubles:e}")] == [found] * 3


@pytest.mark.parametrize("value", NO_SUMS, ids=lambda value: str(value)[:20])
def test_3_4_what_is_no_sum_is_refused(value: Any) -> None:
    with pytest.raises((ValueError, ArithmeticError)):
        kopecks(value)


@pytest.mark.parametrize("value", NO_NUMBERS, ids=lambda value: repr(value)[:20])
def test_3_4_what_is_no_number_of_a_drive_is_refused(value: Any) -> None:
    for read in (whole, sign_of):
        with pytest.raises(ValueError, match="number"):
            read(value)


@pytest.mark.parametrize("value", ["0000-1234567", "00000x1234ab", "0000 1234567", "0000_1234567", "0" * 11 + "٣"])
def test_3_4_a_sign_is_twelve_hex_digits_and_nothing_else(value: str) -> None:
    with pytest.raises(ValueError, match="number"):
        sign_of(value)


@given(st.integers(0, 2**32 - 1), st.sampled_from(["0000", "a1B2"]))
def test_3_4_a_sign_is_the_last_four_of_its_six_bytes(sign: int, head: str) -> None:
    assert sign_of(f"{head}{sign:08x}") == sign_of(f"{head}{sign:08X}") == sign_of(sign) == sign_of(str(sign)) == sign


@pytest.mark.parametrize("roubles", [-1, -0.01, "-1", "-1e3"])
def test_3_4_a_sum_below_nothing_is_no_sum_of_a_drive(roubles: Any) -> None:
    with pytest.raises(ValueError, match="no sum"):
        kopecks(roubles)
