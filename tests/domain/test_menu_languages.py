"""A menu may be written in more languages than ours; what is not translated is English, and a receipt is Russian."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from kiosk.api.http.app import application
from kiosk.api.http.problems import language_of, menu_language_of
from kiosk.catalogue import load_complex, load_menu
from kiosk.domain.menu.rows import MenuError, place
from kiosk.domain.menu.wording import check_name
from kiosk.domain.text import FURTHER_LANGUAGES, LANGUAGES, Text, Wording
from kiosk.wiring.preconditions import menu_remark
from tests.own_menu import own_menu


def wording(**words: str) -> Wording:
    return msgspec.convert({"ru": "чай", "en": "tea", **words}, Wording)


def test_words_fall_back_to_english_and_our_own_words_too() -> None:
    tea = wording(kk="шай", zh="茶")
    assert [tea.into(language) for language in ("ru", "en", "kk", "zh", "de")] == ["чай", "tea", "шай", "茶", "tea"]
    assert [Text("да", "yes").into(language) for language in ("ru", "en", "kk")] == ["да", "yes", "yes"]
    assert msgspec.json.decode(msgspec.json.encode(tea)) == {"ru": "чай", "en": "tea", "kk": "шай", "zh": "茶"}
    assert not set(LANGUAGES) & set(FURTHER_LANGUAGES)


@pytest.mark.parametrize("words", ["", "  "])
def test_russian_and_english_must_be_there_and_what_is_there_must_be_shown(words: str) -> None:
    with pytest.raises(MenuError, match="kk"):
        check_name(place("items", "tea"), wording(kk=words or "ша\u202eй"))
    with pytest.raises(MenuError, match="en is empty"):
        check_name(place("items", "tea"), msgspec.convert({"ru": "чай", "en": words}, Wording))
    with pytest.raises(msgspec.ValidationError, match="unknown field `kz`"):
        wording(kz="шай")


ASKED = (
    ("kk-KZ,kk;q=0.9,ru;q=0.8", "kk", "en"),
    ("de-DE,de;q=0.9,en;q=0.5", "en", "en"),
    ("de", "ru", "ru"),
    ("ru,kk;q=0.9", "ru", "ru"),
    ("into, LANGUAGES", "ru", "ru"),
    ("", "ru", "ru"),
)


@pytest.mark.parametrize(("header", "menu", "own"), ASKED)
def test_a_call_is_answered_in_a_language_that_is_offered(header: str, menu: str, own: str) -> None:
    app = application((), languages=("ru", "en", "kk"))
    request = make_mocked_request("GET", "/", headers={"Accept-Language": header}, app=app)
    assert (menu_language_of(request), language_of(request)) == (menu, own)
    two: web.Request = make_mocked_request("GET", "/", headers={"Accept-Language": "kk"}, app=application(()))
    assert menu_language_of(two) == "ru"


def test_a_check_tells_how_many_words_a_language_lacks(tmp_path: Path) -> None:
    file = own_menu(tmp_path, lambda text: text.replace('en = "Tea"', 'en = "Tea", kk = "Шай"'))
    menu = load_menu(file, load_complex(None))
    words = list(menu.words())
    told = menu_remark(menu, ["ru", "en", "kk"])
    there = sum(bool(getattr(word, "kk", "")) for word in words)
    assert there >= 1
    assert told == f"{len(menu.dishes)} dishes; kk: {len(words) - there} of {len(words)} names and descriptions missing"
    assert menu_remark(menu, ["ru", "en"]) == f"{len(menu.dishes)} dishes"
