"""Payment: a card's number is refused, a token that only looks like one is not."""

from __future__ import annotations

import random
import sys
import uuid
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.errors import CardNumberRefused, InvalidRequest
from kiosk.domain.payment.card_number import refuse_card_numbers

TRIED = 20_000
SCHEMES = [
    "4111111111111111", "4222222222222", "5555555555554444", "2223003122003222", "378282246310005", "6304000000000000",
    "2200000000000004", "36227206271667", "6011111111111117", "4000000000000000006",
]  # fmt: skip


def refused(value: object) -> bool:
    try:
        refuse_card_numbers(value)
    except CardNumberRefused:
        return True
    return False


def luhn_digit(body: str) -> str:
    """The check digit that makes `body` valid, by the textbook's right-to-left sum."""
    total = 0
    for place, digit in enumerate(reversed(body)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)


def valid(length: int) -> st.SearchStrategy[str]:
    body = st.text("0123456789", min_size=length - 2, max_size=length - 2)
    return st.tuples(st.sampled_from("23456"), body).map("".join).map(lambda text: text + luhn_digit(text))


numbers = st.integers(13, 19).flatmap(valid)


def fours(number: str, gap: str) -> str:
    return gap.join(number[at : at + 4] for at in range(0, 16, 4))


def amex(number: str, gap: str) -> str:
    return gap.join((number[:4], number[4:10], number[10:]))


@given(numbers, st.sampled_from([lambda n: {"card_token": n}, lambda n: [{"x": int(n)}], lambda n: {n: 1}, str]))
def test_a_value_that_is_a_card_number_is_refused_wherever_it_stands(number: str, body: object) -> None:
    assert callable(body)
    assert refused(body(number))


@given(valid(16), st.sampled_from(" -\u00a0"), st.sampled_from(["%s", " %s ", "card %s 12/28", "12 %s", "№%s;"]))
def test_groups_of_four_are_refused_also_with_something_beside_them(number: str, gap: str, around: str) -> None:
    assert refused({"card_token": around % fours(number, gap)})


@given(valid(15), st.sampled_from(" -"), st.sampled_from(["%s", "card %s 12/28"]))
def test_groups_of_four_six_five_are_refused(number: str, gap: str, around: str) -> None:
    assert refused({"card_token": around % amex(number, gap)})


@pytest.mark.parametrize("text", ["41111111 1111-1111", 4.111111111111111e15, "4111 111111111111", "3782-82246310005"])
def test_groups_may_be_joined(text: object) -> None:
    assert refused({"card_token": text})


GAPS = [*" -_/.", *"\t\u00a0\u2009\u202f\u3000\u200b\u2060\u00ad\u2010\u2011\u2012\u2013\u2014\u2212"]
SCRIPTS = ["０１２３４５６７８９", "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹", "०१२३४५६७८९", "⓪①②③④⑤⑥⑦⑧⑨"]


@pytest.mark.parametrize("gap", GAPS)
@pytest.mark.parametrize("around", ["%s", "card %s 12/28", "(%s)", "%s 123"])
def test_any_single_sign_may_stand_between_the_groups(gap: str, around: str) -> None:
    assert refused({"card_token": around % fours("4111111111111111", gap)})
    assert refused({"card_token": around % amex("378282246310005", gap)})


@given(valid(19), st.sampled_from(GAPS))
def test_groups_of_nineteen_digits_are_refused(number: str, gap: str) -> None:
    assert refused({"card_token": f"{fours(number[:16], gap)}{gap}{number[16:]}"})


@pytest.mark.parametrize("around", ["%s", "card %s 12/28"])
def test_fourteen_digits_as_they_are_embossed_are_refused(around: str) -> None:
    assert refused({"card_token": around % "3056 930902 5904"})


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("around", ["%s", "card %s", "%%B%s^IVANOV/I^26121010000?"])
def test_digits_are_digits_in_every_script(script: str, around: str) -> None:
    number = "4111111111111111".translate(str.maketrans("0123456789", script))
    assert refused({"card_token": around % number})
    assert refused({"card_token": around % fours(number, " ")})


@given(numbers, st.sampled_from(["%%B%s^IVANOV/IVAN^26121010000?", "B%s^^2612", ";%s=26121010000?", "%sD26122010000F"]))
def test_track_of_a_card_is_refused(number: str, track: str) -> None:
    assert refused({"card_token": track % number})


@given(numbers, st.sampled_from("-_#*'\"([{<«~|"), st.sampled_from(["", "-", "_", "'", ")", "]", "?", "."]))
def test_one_sign_around_the_whole_hides_nothing(number: str, before: str, after: str) -> None:
    assert refused({"card_token": before + number + after})
    assert refused({"card_token": number + after})


@pytest.mark.parametrize("number", SCHEMES)
def test_the_card_schemes_own_examples_are_refused(number: str) -> None:
    assert refused({"card_token": number})


@pytest.mark.parametrize("around", [";%s=29121010000", "%s 12/29", "card %s", "(%s)"])
def test_a_number_that_stands_alone_among_other_words_is_refused(around: str) -> None:
    assert refused({"card_token": around % "4111111111111111"})


@given(numbers, st.data())
def test_one_wrong_digit_is_no_card_number(number: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(min_value=0, max_value=len(number) - 1))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != number[place]]))
    assert not refused(number[:place] + other + number[place + 1 :])


@pytest.mark.parametrize(
    "value",
    [
        "f31aeb00-4982-4407-8941-965096ee86ef", "tok_ok", "+79161234567", "0000", "000000000000",
        "20241129-123456", "1732800000000-123456",
        "1000000000000008", "9000000000000001",
        "41-11111111111111", "--4111111111111111", "b4111111111111111", "4111..1111..1111..1111", "4111111111111111f00",
        "411111-1111111111", "a4111-1111-1111-1111",
        "4111-1111-1111-1111x", 411111111111, None, True, 4.5, [], {}, "",
    ],
)  # fmt: skip
def test_what_is_no_card_number_passes(value: object) -> None:
    assert not refused({"card_token": value})


def uuids(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def moments(rng: random.Random) -> str:
    return f"{rng.randrange(1_600_000_000_000, 1_999_999_999_999)}-{rng.randrange(10 ** rng.randint(1, 6))}"


def hex_words(rng: random.Random) -> str:
    return f"{rng.getrandbits(128):032x}"


def capital_hex_words(rng: random.Random) -> str:
    return hex_words(rng).upper()


def snakes(rng: random.Random) -> str:
    return f"tok_{rng.getrandbits(64):016x}_{rng.randrange(10**6)}"


def digits(rng: random.Random) -> str:
    """What the guard cannot tell from a card: every tenth number of the right length and first digit."""
    return str(rng.randrange(2 * 10**15, 7 * 10**15))


def rate(shape: object) -> float:
    assert callable(shape)
    rng = random.Random(17)
    return sum(refused({"card_token": shape(rng)}) for _ in range(TRIED)) / TRIED


@pytest.mark.parametrize("shape", [uuids, moments, hex_words, capital_hex_words, snakes])
def test_tokens_of_gateways_raise_no_alarm(shape: object) -> None:
    assert rate(shape) == 0


def test_the_rate_is_measured_by_something_that_sees_alarms() -> None:
    assert 0.08 < rate(digits) < 0.12


@pytest.mark.parametrize(
    "part",
    [
        "4", "4444 ", "4444-", "4444 444444 ", "4444 4444 ", " ", "-", "4 ", "B4", "B4444 ", "4444444444444444^",
        "4444444444444444D", "1.", "_", "４",
    ],
)  # fmt: skip
def test_twice_the_body_takes_twice_the_steps(part: str) -> None:
    """Counted, not timed: the lines of Python that run, and what the patterns look at is a fixed width."""

    def steps(length: int) -> int:
        seen = 0

        def trace(frame: FrameType, event: str, _: object) -> Any:
            nonlocal seen
            if "/kiosk/" not in frame.f_code.co_filename:
                return None  # not ours: garbage may be collected in the middle of it
            seen += 1
            return trace

        text = {"card_token": part * (length // len(part))}
        sys.settrace(trace)
        try:
            refused(text)
        finally:
            sys.settrace(None)
        return seen

    assert steps(2_000) <= 2.2 * steps(1_000) + 100


@pytest.mark.parametrize("body", [{"card_token": "4 " * 2000}, ["4111"] * 2000, {f"{n}": n for n in range(2000)}])
def test_3_more_text_than_a_payment_has_is_refused_before_it_is_searched(body: object) -> None:
    with pytest.raises(InvalidRequest):
        refuse_card_numbers(body)
