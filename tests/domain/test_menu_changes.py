"""Whatever an editor sends: a readable document comes of it, checked to its end, or a refusal that names its place."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kiosk.domain.menu.bundle import Bundle, encoded, look_through
from kiosk.domain.menu.changes import Change, apply
from kiosk.domain.menu.differences import differences
from kiosk.domain.menu.menu import MenuFile
from tests.domain.dishes import CHART, COMPLEX, MENU

START = msgspec.convert({"menu": copy.deepcopy(MENU), "charts": {"rice": copy.deepcopy(CHART)}}, Bundle)
TABLES = [
    "items",
    "combos",
    "categories",
    "modifier_groups",
    "ingredients",
    "allergens",
    "dayparts",
    "hours",
    "holidays",
]
IDS = ["", "fried-rice", "rice", "egg", "spice", "extra", "2026-12-31", "новый"]
FIELDS = sorted(
    {"id", "date", "mon", "options", "slots", "prices", "dayparts", "unit", "hours"} | set(MENU["items"][0])
    | set(MENU["ingredients"][1])
)  # fmt: skip
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8) | st.sampled_from(["rice", "egg", "10:00-22:00", "g", "plant"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*FIELDS, "ru", "en", "from"]), inner),
    max_leaves=6,
)  # fmt: skip
CHANGES = st.builds(
    Change,
    table=st.sampled_from(TABLES),
    id=st.sampled_from(IDS),
    set=st.none() | st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=4),
    remove=st.booleans(),
    move_to=st.none() | st.integers(0, 10_000),
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(CHANGES, min_size=1, max_size=4))
def test_any_change_leaves_a_document_or_is_refused_with_its_place(changes: list[Change]) -> None:
    refusal = ""
    menu = START.menu
    try:
        menu = apply(START.menu, changes)
    except ValueError as error:
        refusal = str(error)
    assert refusal.startswith("$.changes" if refusal else "")
    bundle = msgspec.structs.replace(START, menu=menu)
    looked = look_through(bundle, COMPLEX)
    assert (looked.menu is None) == bool(looked.findings)
    assert all(row.text.ru and row.text.en for row in looked.findings)
    again = msgspec.json.decode(encoded(bundle), type=Bundle)
    assert encoded(again) == encoded(bundle)
    assert bool(differences(START, again)) == (encoded(bundle) != encoded(START))


def test_the_document_that_was_there_is_left_as_it_was() -> None:
    before = msgspec.json.encode(START.menu)
    apply(START.menu, [Change("items", "fried-rice", remove=True), Change("ingredients", "egg", set={"code": 9})])
    assert msgspec.json.encode(START.menu) == before
    assert isinstance(START.menu, MenuFile)


def test_hours_of_the_menu_are_set_day_by_day_and_taken_back_as_a_whole() -> None:
    menu = apply(START.menu, [Change("hours", set={"mon": "10:00-22:00"}), Change("hours", set={"tue": "12:00-20:00"})])
    assert menu.hours is not None
    kept = apply(menu, [Change("holidays", "2027-01-01", set={"hours": ""})])
    assert [row.date for row in kept.holidays] == ["2027-01-01"]
    back = apply(kept, [Change("hours", remove=True), Change("holidays", "2027-01-01", remove=True)])
    assert msgspec.json.encode(back) == msgspec.json.encode(START.menu)
