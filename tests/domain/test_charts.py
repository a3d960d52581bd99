"""Process charts: read strictly, put in a cookable order, refused where the robot could not cook them."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.chart import MAX_FORMULA_LINES, MAX_PHASES, OPERATIONS, STATIONS, ChartError, ChartPhase
from tests.domain.dishes import UNITS, Raw, Spoil, chart, phases


def phase(name: str, after: list[str] | None = None) -> Raw:
    return {"id": name, "do": "heat", "station": "wok", "nominal_s": 1, "max_s": 2, "after": after or []}


def add_lines(count: int) -> Spoil:
    def spoil(raw: Raw) -> None:
        raw["formula"] = [{"ingredient": f"i{n}", "amount": 1, "unit": "g"} for n in range(count)]

    return spoil


def test_a_chart_becomes_what_the_robot_stages() -> None:
    compiled = chart(lambda raw: phases(raw)[1].update(params={"temp_c": 190}))
    assert compiled.formula == {"rice": 150}
    assert compiled.phases[1] == ChartPhase(OPERATIONS["heat"], STATIONS["wok"], 190, 60, 90)
    assert compiled.nominal_s == 89


def test_the_fingerprint_names_the_exact_content() -> None:
    assert chart().fingerprint == chart().fingerprint
    assert chart(lambda raw: raw["formula"][0].update(amount=151)).fingerprint != chart().fingerprint
    assert chart(lambda raw: phases(raw)[0].update(max_s=61)).fingerprint != chart().fingerprint
    assert chart(lambda raw: raw["chart"].update(revision=2)).fingerprint != chart().fingerprint


@given(st.permutations(range(6)))
def test_phases_stand_in_a_cookable_order_however_they_are_written(order: list[int]) -> None:
    chain = [phase(f"p{n}", [f"p{n - 1}"] if n else []) for n in range(6)]
    for n, row in enumerate(chain):
        row["nominal_s"] = row["max_s"] = n + 1
    compiled = chart(lambda raw: phases(raw).__setitem__(slice(None), [chain[n] for n in order]))
    assert [row.p2 for row in compiled.phases] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda raw: phases(raw)[0].update(after=["p3"]), "wait for each other"),
        (lambda raw: phases(raw)[1].update(after=["p2"]), "wait for each other"),
        (lambda raw: phases(raw)[1].update(after=["p9"]), "waits for unknown"),
        (lambda raw: phases(raw)[1].update(id="p1", after=[]), "phase ids repeat"),
        (lambda raw: phases(raw)[1].update(station="tandoor"), "unknown operation, station or resource"),
        (lambda raw: phases(raw)[1].update(do="flambe"), "unknown operation, station or resource"),
        (lambda raw: phases(raw)[1].update(needs=["cook"]), "unknown operation, station or resource"),
        (lambda raw: phases(raw)[1].update(params={"a": 1, "b": 2}), "at most one parameter"),
        (lambda raw: phases(raw)[1].update(nominal_s=91), "nominal_s ≤ max_s"),
        (lambda raw: phases(raw)[1].update(nominal_s=0), "nominal_s ≤ max_s"),
        (lambda raw: phases(raw)[1].update(max_s=65536), "nominal_s ≤ max_s"),
        (lambda raw: phases(raw)[1].update(params={"grams": 65536}), "parameter"),
        (lambda raw: phases(raw)[1].update(params={"temp_c": -18}), "parameter"),
        (lambda raw: phases(raw).clear(), "phases, not 0"),
        (lambda raw: phases(raw).extend(phase(f"x{n}") for n in range(MAX_PHASES - 2)), "phases, not 25"),
        (add_lines(0), "formula lines, not 0"),
        (add_lines(MAX_FORMULA_LINES + 1), "formula lines, not 13"),
        (lambda raw: raw["formula"].append(raw["formula"][0]), "stands twice"),
        (lambda raw: raw["formula"][0].update(ingredient="truffle"), "truffle in g is not known"),
        (lambda raw: raw["formula"][0].update(unit="kg"), "rice in kg is not known"),
        (lambda raw: raw["formula"][0].update(amount=65536), "amount of rice"),
        (lambda raw: raw["formula"][0].update(amount=-1), "amount of rice"),
        (lambda raw: raw["chart"].update(code=0), "code must fit"),
        (lambda raw: raw["chart"].update(code=65536), "code must fit"),
    ],
)
def test_what_cannot_be_cooked_is_refused_by_name(spoil: Spoil, why: str) -> None:
    with pytest.raises(ChartError, match=why) as refusal:
        chart(spoil)
    assert "«Рис»" in str(refusal.value)


def test_the_longest_chart_and_the_longest_formula_pass() -> None:
    longest = chart(lambda raw: phases(raw).extend(phase(f"x{n}") for n in range(MAX_PHASES - 3)))
    assert len(longest.phases) == MAX_PHASES
    lines = [{"ingredient": name, "amount": 1, "unit": unit} for name, unit in UNITS.items()]
    assert len(chart(lambda raw: raw.update(formula=lines)).formula) == len(UNITS)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda raw: raw["formula"][0].update(amount=1.5),
        lambda raw: raw["formula"][0].update(amout=1),
        lambda raw: phases(raw)[0].update(nominal_s="20"),
        lambda raw: phases(raw)[0].update(colour="red"),
        lambda raw: raw.pop("formula"),
        lambda raw: raw["chart"].pop("code"),
    ],
)
def test_a_typo_in_a_chart_is_no_chart(spoil: Spoil) -> None:
    with pytest.raises(msgspec.ValidationError):
        chart(spoil)
