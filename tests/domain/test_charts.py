"""Process charts: read strictly, put in a cookable order, refused where the robot could not cook them."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.menu.chart import MAX_FORMULA_LINES, MAX_PHASES, Chart, ChartError, ChartPhase
from tests.domain.dishes import COMPLEX, UNITS, Raw, Spoil, chart, phases


def phase(name: str, after: list[str] | None = None) -> Raw:
    return {"id": name, "do": "heat", "station": "wok", "nominal_s": 1, "max_s": 2, "after": after or []}


def add_lines(count: int) -> Spoil:
    def spoil(raw: Raw) -> None:
        raw["formula"] = [{"ingredient": f"i{n}", "amount": 1, "unit": "g"} for n in range(count)]

    return spoil


def test_a_chart_becomes_what_the_robot_stages() -> None:
    compiled = chart(lambda raw: phases(raw)[1].update(params={"temp_c": 190}))
    assert compiled.formula == {"rice": 150}
    heat, wok = COMPLEX.operations["heat"], COMPLEX.stations["wok"].number
    assert compiled.phases[1] == ChartPhase(heat, wok, 190, 60, 90, after=(0,))
    assert compiled.nominal_s == 89


def test_the_fingerprint_names_the_exact_content() -> None:
    assert chart().fingerprint == chart().fingerprint
    assert chart(lambda raw: raw["formula"][0].update(amount=151)).fingerprint != chart().fingerprint
    assert chart(lambda raw: phases(raw)[0].update(max_s=61)).fingerprint != chart().fingerprint
    assert chart(lambda raw: raw["chart"].update(revision=2)).fingerprint != chart().fingerprint


@given(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF))
def test_what_is_left_is_told_in_whatever_phase_a_robot_says_it_is(begun: int, left_s: int) -> None:
    compiled = chart()
    steps = compiled.work(lambda phase: phase.p2, begun, left_s)
    assert len(steps) == max(1, len(compiled.phases) - max(begun - 1, 0))
    assert sum(step.most_s for step in steps) <= compiled.nominal_s
    if begun >= len(compiled.phases):
        assert [step.most_s for step in steps] == [min(left_s, compiled.phases[-1].p2)]


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
        (lambda raw: phases(raw)[1].update(station="tandoor"), "no station 'tandoor'"),
        (lambda raw: phases(raw)[1].update(do="flambe"), "station wok cannot 'flambe'"),
        (lambda raw: phases(raw)[1].update(needs=["cook"]), "no resource 'cook'"),
        (lambda raw: phases(raw)[1].update(needs=["fryer"]), "no resource 'fryer'"),
        (lambda raw: phases(raw)[1].update(max_wait_s=-1), "max_wait_s must fit"),
        (lambda raw: phases(raw)[0].update(max_wait_s=5), "nothing before it"),
        (lambda raw: phases(raw)[1].update(params={"temp_c": 190, "rpm": 2}), "heat at wok has no parameter 'rpm'"),
        (lambda raw: phases(raw)[1].update(nominal_s=91), "nominal_s ≤ max_s"),
        (lambda raw: phases(raw)[1].update(nominal_s=0), "nominal_s ≤ max_s"),
        (lambda raw: phases(raw)[1].update(max_s=65536), "nominal_s ≤ max_s"),
        (lambda raw: phases(raw)[0].update(params={"grams": 65536}), "parameter grams at dispenser is 1…2000 g"),
        (lambda raw: phases(raw)[1].update(params={"temp_c": 300}), "parameter temp_c at wok is 40…260 °C"),
        (lambda raw: phases(raw).clear(), "phases, not 0"),
        (lambda raw: phases(raw).extend(phase(f"x{n}") for n in range(MAX_PHASES - 2)), "phases, not 25"),
        (add_lines(0), "formula lines, not 0"),
        (add_lines(MAX_FORMULA_LINES + 1), "formula lines, not 13"),
        (lambda raw: raw["formula"].append(raw["formula"][0]), "stands twice"),
        (lambda raw: raw["formula"][0].update(ingredient="truffle"), "truffle in g is not known"),
        (lambda raw: raw["formula"][0].update(unit="kg"), "rice in kg is not known"),
        (lambda raw: raw["formula"][0].update(amount=65536), "amount of rice"),
        (lambda raw: raw["formula"][0].update(amount=-1), "amount of rice"),
        (lambda raw: raw["formula"][0].update(tolerance=151), "tolerance of rice"),
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


def test_everything_that_a_chart_says_of_a_phase_reaches_what_is_made_of_it() -> None:
    def branches(raw: Raw) -> None:
        raw["formula"][0]["tolerance"] = 7
        phases(raw)[0].update(needs=["arm"], irreversible=True)
        phases(raw)[1].update(max_wait_s=30)
        phases(raw).insert(1, {**phase("side", ["p1"]), "station": "fryer", "do": "fry", "nominal_s": 40, "max_s": 50})
        phases(raw)[3].update(after=["p2", "side"], max_wait_s=0, needs=["arm"])

    compiled = chart(branches)
    by_station = {row.station: row for row in compiled.phases}
    first, wok, fryer, plating = (by_station[COMPLEX.stations[name].number] for name in _PLACES)
    assert (first.after, first.resources, first.irreversible, first.max_wait_s) == ((), (1,), True, None)
    assert (wok.after, wok.max_wait_s, fryer.after, fryer.max_wait_s) == ((0,), 30, (0,), None)
    assert (plating.after, plating.max_wait_s, plating.resources) == ((1, 2), 0, (1,))
    assert compiled.tolerance == {"rice": 7}
    assert not compiled.is_chain


_PLACES = ("dispenser", "wok", "fryer", "plating")


def test_a_chart_of_old_reads_as_it_was_sold_and_is_cooked_phase_by_phase() -> None:
    body = b'{"code":1,"revision":1,"name":"x","formula":{"rice":1},"phases":[%s]}' % b",".join(
        [b'{"operation":1,"station":1,"p1":290,"p2":30,"max_s":60}'] * 3
    )
    old = msgspec.json.decode(body, type=Chart)
    assert msgspec.json.encode(old) == body  # and so has the fingerprint it was ordered with
    assert [old.after(index) for index in range(3)] == [(), (0,), (1,)]
    assert old.is_chain
    assert all(phase.irreversible for phase in old.phases)


def test_what_is_begun_is_planned_for_what_is_left_of_it() -> None:
    whole = chart().work(lambda phase: phase.p2)
    assert [step.most_s for step in whole] == [20, 60, 9]
    assert [step.most_s for step in chart().work(lambda phase: phase.p2, 2, 29.0)] == [20, 9]
    assert [step.after for step in chart().work(lambda phase: phase.p2, 2, 29.0)] == [(), (0,)]
