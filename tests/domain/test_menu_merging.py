"""Two menus made of one: what one of them changed is taken over, what both changed otherwise is asked."""

from __future__ import annotations

import copy
from collections.abc import Callable

import msgspec

from kiosk.domain.menu.bundle import Bundle
from kiosk.domain.menu.differences import plain
from kiosk.domain.menu.merging import Choose, Merged, merged
from tests.domain.dishes import CHART, MENU, Raw

Act = Callable[[Raw], object]
NAME = {"ru": "Суп", "en": "Soup"}


def of(act: Act) -> Bundle:
    raw = {"menu": copy.deepcopy(MENU), "charts": {"rice": copy.deepcopy(CHART)}}
    for row_id in ("soup", "tea"):
        raw["menu"]["items"].append({**copy.deepcopy(raw["menu"]["items"][0]), "id": row_id, "name": NAME})
    act(raw)
    return msgspec.convert(raw, Bundle)


def nothing(_: Raw) -> None:
    return None


def both(mine: Act, theirs: Act, choose: Choose = lambda *_: None) -> Merged:
    return merged(of(nothing), of(mine), of(theirs), choose)


def places(found: Merged) -> list[tuple[str, str, str]]:
    return [(row.table, row.id, row.field) for row in found.conflicts]


def ids(found: Merged) -> list[str]:
    return [row.id for row in found.bundle.menu.items]


def move_tea(raw: Raw) -> None:
    raw["menu"]["items"].insert(0, raw["menu"]["items"].pop())


def move_soup(raw: Raw) -> None:
    raw["menu"]["items"].insert(0, raw["menu"]["items"].pop(1))


def add(row_id: str) -> Act:
    return lambda raw: raw["menu"]["items"].insert(1, {**raw["menu"]["items"][0], "id": row_id})


def open_on_monday(raw: Raw) -> None:
    raw["menu"]["hours"] = {"mon": "9:00-21:00"}


def remove(raw: Raw) -> None:
    del raw["menu"]["items"][1]


def dearer(kopecks: int) -> Act:
    return lambda raw: raw["menu"]["items"][1].update(price_kopecks=kopecks)


def test_whatever_only_one_of_them_did_is_done() -> None:
    whats: list[Act] = [
        move_tea,
        add("egg-soup"),
        remove,
        dearer(500),
        open_on_monday,
    ]
    for what in whats:
        for found in (both(what, nothing), both(nothing, what), both(what, what)):
            assert (plain(found.bundle), found.conflicts) == (plain(of(what)), [])


def test_what_each_did_elsewhere_is_done_too() -> None:
    assert ids(both(add("mine"), add("theirs"))) == ["fried-rice", "theirs", "mine", "soup", "tea"]
    assert ids(both(move_tea, remove)) == ["tea", "fried-rice"]
    assert ids(both(remove, move_tea)) == ["tea", "fried-rice"]
    assert ids(both(add("bowl"), move_tea)) == ["tea", "fried-rice", "bowl", "soup"]
    row = both(dearer(500), lambda raw: raw["menu"]["items"][1].update(image="b.webp")).bundle.menu.items[1]
    assert (row.price_kopecks, row.image) == (500, "b.webp")


def test_what_both_did_otherwise_is_a_conflict_at_its_place_and_goes_by_what_is_chosen() -> None:
    def soup_again(raw: Raw) -> None:
        add("egg-soup")(raw)
        raw["menu"]["items"][1]["price_kopecks"] = 1

    cases: list[tuple[Act, Act, tuple[str, str, str]]] = [
        (dearer(500), dearer(600), ("items", "soup", "price_kopecks")),
        (remove, dearer(600), ("items", "soup", "")),
        (dearer(600), remove, ("items", "soup", "")),
        (move_tea, move_soup, ("items", "", "order")),
        (add("egg-soup"), soup_again, ("items", "egg-soup", "price_kopecks")),
        (
            lambda raw: raw["charts"]["rice"]["chart"].update(code=5),
            lambda raw: raw["charts"].clear(),
            ("charts", "rice", ""),
        ),
    ]
    for mine, theirs, place in cases:
        found = both(mine, theirs)
        assert (places(found), plain(found.bundle)) == ([place], plain(of(mine)))
        assert plain(both(mine, theirs, lambda *_: "mine").bundle) == plain(of(mine))
        taken = both(mine, theirs, lambda *_: "theirs")
        assert (plain(taken.bundle), taken.conflicts) == (plain(of(theirs)), [])


def test_of_a_row_that_each_made_anew_nothing_is_mixed_unasked() -> None:
    def with_nuts(raw: Raw) -> None:
        add("egg-soup")(raw)
        raw["menu"]["items"][1]["allergens"] = ["egg"]

    found = both(with_nuts, add("egg-soup"))
    assert places(found) == [("items", "egg-soup", "allergens")]
    assert found.conflicts[0].before is None
    assert plain(both(with_nuts, add("egg-soup"), lambda *_: "theirs").bundle) == plain(of(add("egg-soup")))
