"""Files that settings name, as a stranger or an accident would leave them: each ends in one sentence and exit 2, never
in a traceback or a wait."""

from __future__ import annotations

import copy
import math
import os
import shutil
import sqlite3
import tomllib
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kiosk import cli
from kiosk.catalogue import load_complex, load_menu, load_notices
from kiosk.config import load, problem
from kiosk.domain.fiscal.receipt import receipt_lines
from kiosk.domain.menu.chart import ChartError
from kiosk.domain.menu.combo import Combo
from kiosk.domain.menu.dish import Dish
from kiosk.domain.menu.menu import Menu, MenuFile
from kiosk.domain.menu.rows import MenuError
from kiosk.domain.ordering.notice import Notices
from kiosk.files import Unreadable, read_file, toml_of
from tests.domain.dishes import build_menu
from tests.restaurant import short_folder

DEMO = Path(str(files("kiosk") / "demo"))
RAW: dict[str, Any] = tomllib.loads((DEMO / "menu.toml").read_text("utf-8"))
NOTICES: dict[str, Any] = tomllib.loads((DEMO / "notices.toml").read_text("utf-8"))
KAFKA = '[broker]\nkind = "kafka"\nbootstrap = "b.example:9"\ntopic = "t"\n'

#: Every file a setting names, with what else must be said for it to be read, and where the problem is told.
NAMED = {
    "menu": ('[menu]\nfile = "{file}"\n', "$.menu.file: "),
    "token": ('[auth]\nsecret_file = "{file}"\n', "$.auth.secret_file: "),
    "bank": ('[bank]\nmerchant_key_file = "{file}"\n', "$.bank.merchant_key_file: "),
    "sms": ('[sms]\nkey_file = "{file}"\n', "$.sms.key_file: "),
    "pin": ('[service]\npin_file = "{file}"\n', "$.service.pin_file: "),
    "authorities": (KAFKA + 'ca_file = "{file}"\n', "$.broker.ca_file: "),
    "password": (KAFKA + 'user = "u"\npassword_file = "{file}"\n', "$.broker.password_file: "),
    "cloud": ('[menu]\nurl = "https://a.example"\nsecret_file = "{file}"\n', "$.menu.secret_file: "),
    "webhook": ('[[webhooks]]\nurl = "https://a.example"\nsecret_file = "{file}"\n', "$.webhooks[0].secret_file: "),
    "registrar": (
        '[fiscal]\ndriver = "atol-web"\nurl = "http://127.0.0.1:1"\nkey_file = "{file}"\n',
        "$.fiscal.key_file: ",
    ),
}


def a_link_to(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


def a_file_of(content: bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_bytes(content)

    return write


def a_long_file(path: Path) -> None:
    """A gigabyte that takes no room."""
    with path.open("wb") as file:
        file.truncate(2**30)


FORMS: dict[str, Callable[[Path], None]] = {
    "nothing": lambda path: None,
    "a folder": Path.mkdir,
    "a pipe": os.mkfifo,
    "a device without end": a_link_to("/dev/zero"),
    "a device without content": a_link_to("/dev/null"),
    "a terminal": a_link_to("/dev/tty"),
    "a link to itself": a_link_to("file"),
    "a link to nothing": a_link_to("nowhere"),
    "a gigabyte": a_long_file,
    "empty": Path.touch,
    "no text": a_file_of(b"\xff\xfe\x00\x80" * 20),
    "controls": a_file_of(b"\x1b]0;owned\x07" * 10),
}


@pytest.fixture
def folder() -> Iterator[Path]:
    found = short_folder()
    yield found
    shutil.rmtree(found)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("named", NAMED)
def test_a_file_that_settings_name_and_that_is_none_ends_in_a_sentence(
    named: str, form: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, where = NAMED[named]
    FORMS[form](folder / "file")
    if named == "token" and form in ("nothing", "no text", "controls"):
        return  # a development run makes it, and any bytes are a key
    (folder / "config.toml").write_text(text.format(file="file"))
    assert cli.main(["check", "--config", str(folder / "config.toml")]) == cli.USAGE
    out, err = capsys.readouterr()
    assert (out, err.count("\n"), err[: len(where)]) == ("", 1, where)
    assert err[:-1].isprintable()
    assert len(err) < 1200


@pytest.mark.parametrize("named", NAMED)
def test_a_name_with_a_zero_byte_ends_in_a_sentence(
    named: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, where = NAMED[named]
    (folder / "config.toml").write_text(text.format(file="a\\u0000b"))
    assert cli.main(["check", "--config", str(folder / "config.toml")]) == cli.USAGE
    assert capsys.readouterr().err.startswith(where)
    with pytest.raises(Unreadable, match="null byte"):
        read_file("a\0b", 10)


@pytest.mark.parametrize("form", [name for name in FORMS if name not in ("nothing", "empty")])
def test_charts_and_notices_beside_a_menu_are_looked_at_alike(
    form: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("charts/tea.toml", "notices.toml"):
        shutil.rmtree(folder / "own", ignore_errors=True)
        shutil.copytree(DEMO, folder / "own")
        (folder / "config.toml").write_text('[menu]\nfile = "own/menu.toml"\n')
        (folder / "own" / name).unlink()
        FORMS[form](folder / "own" / name)
        code = cli.main(["check", "--config", str(folder / "config.toml")])
        out, err = capsys.readouterr()
        if (name, form) in (("notices.toml", "a link to itself"), ("notices.toml", "a link to nothing")):
            continue  # as if there were none: a chart is needed, notices are not
        assert (code, out, err.count("\n"), err[:14]) == (cli.USAGE, "", 1, "$.menu.file: /")


# What a menu may hold.


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of everything in the tables."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inside:
        yield (*path, key)
        yield from leaves(part, (*path, key))


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    found = copy.deepcopy(value)
    inner = found
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = new
    return found


PATHS = sorted(leaves(RAW), key=str)
COMPLEX = load_complex(None)
CHARTS = load_menu(None).charts()
CODES = {path.stem: tomllib.loads(path.read_text())["chart"]["code"] for path in (DEMO / "charts").glob("*.toml")}
BY_STEM = {stem: chart for stem, code in CODES.items() for chart in CHARTS if chart.code == code}
ODD: st.SearchStrategy[object] = st.one_of(
    st.sampled_from([
        0, -1, 1, 99, 100, 65535, 65536, 2**31, 2**53, 2**63, -(2**63), 10**400, 1e308, -1e308, math.nan, math.inf,
        -math.inf, 5e-324, "", " ", "x", "x" * 5000, "\x1b[2J", "a\nb", "\u202etxt", "a\u200bb", "../../etc/passwd",
        "\x00", "🍜", "tea", "sets", True, None, [], {}, [[]], [{}], ["tea"] * 3, {"ru": "a", "en": "b"},
    ]),
    st.integers(),
    st.floats(),
    st.text(max_size=10),
)  # fmt: skip


def sold(menu: Menu) -> None:
    """What a kiosk does with a menu that was taken: show it, price it, write it down, print it."""
    rows: list[Dish | Combo] = [*menu.dishes.values(), *menu.combos.values()]
    with sqlite3.connect(":memory:") as file:
        for row in rows:
            for text in (row.item.name.ru, row.item.name.en, row.item.image, *getattr(row.item, "tags", ())):
                assert text.isprintable() or text.replace("\xa0", "").isprintable(), text
            assert file.execute("SELECT ?", (row.item.price_kopecks,)).fetchone() == (row.item.price_kopecks,)
    for dish in menu.dishes.values():
        contents = dish.contents(dish.choose(()))
        msgspec.json.encode(contents)
        assert math.isfinite(contents.weight_g + contents.nutrition.kcal)
        assert 100 <= dish.default_price_kopecks() <= 2**40
    for combo in menu.combos.values():
        parts = combo.parts(combo.choose())
        assert sum(part.price_kopecks for part in parts) == combo.price_kopecks(combo.choose())
        assert all(part.price_kopecks >= 100 for part in parts)
    assert receipt_lines([], 0) == []


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(PATHS), ODD), min_size=1, max_size=2))
def test_any_value_anywhere_in_a_menu_is_refused_by_name_or_can_be_sold(changes: list[tuple[Any, Any]]) -> None:
    raw = RAW
    for path, value in changes:
        try:
            raw = put(raw, path, value)
        except (TypeError, KeyError, IndexError):  # the first change took the place of the second
            continue
    try:
        menu = build_menu(msgspec.convert(raw, MenuFile), BY_STEM, COMPLEX)
    except (msgspec.ValidationError, MenuError, ChartError):
        return
    sold(menu)


def many(table: str, count: int, **changes: Any) -> Callable[[dict[str, Any]], None]:
    def spoil(raw: dict[str, Any]) -> None:
        first = raw[table][0]
        raw[table] += [{**copy.deepcopy(first), "id": f"n{n}", **changes} for n in range(count)]

    return spoil


def options(count: int) -> Callable[[dict[str, Any]], None]:
    def spoil(raw: dict[str, Any]) -> None:
        group = raw["modifier_groups"][0]
        group["options"] += [{**copy.deepcopy(group["options"][0]), "id": f"o{n}"} for n in range(count)]

    return spoil


def a_combo_of_combos(raw: dict[str, Any]) -> None:
    raw["combos"][0]["slots"][0]["options"][0]["item"] = raw["combos"][0]["id"]


def a_wide_combo(raw: dict[str, Any]) -> None:
    slot = raw["combos"][0]["slots"][0]
    raw["combos"][0]["slots"] += [
        {**slot, "id": f"s{n}", "options": [{**option, "id": f"s{n}-{option['id']}"} for option in slot["options"]]}
        for n in range(400)
    ]


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (many("items", 10_000), "items: at most 1000"),
        (many("combos", 10_000), "combos: at most 1000"),
        (many("ingredients", 10_000), "ingredients: at most 1000"),
        (many("categories", 10_000), "categories: at most 1000"),
        (options(5000), "options: at most 40"),
        (a_wide_combo, "slots: at most 10"),
        (a_combo_of_combos, "not sold"),
        (lambda raw: raw["items"][0].update(modifier_groups=["spice"] * 5000), "modifier_groups: at most 10"),
        (lambda raw: raw["items"][0].update(tags=["\x1b[2J"]), "an id is"),
        (lambda raw: raw["items"][0].update(image="../secret.png"), "image is the name of a file"),
        (lambda raw: raw["items"][0].update(price_kopecks=10**18), "at most 10000000 kopecks"),
    ],
)
def test_a_menu_without_measure_is_refused_at_once(spoil: Callable[[dict[str, Any]], None], why: str) -> None:
    raw = copy.deepcopy(RAW)
    spoil(raw)
    with pytest.raises(MenuError, match=why):
        build_menu(msgspec.convert(raw, MenuFile), BY_STEM, COMPLEX)


@pytest.mark.parametrize(
    "raw",
    [
        b"a." * 400_000 + b"b = 1", b"[" + b"a." * 400_000 + b"b]", b"a = " + b"[" * 300_000,
        b"a = " + b"{b = " * 150_000, b"a = " + b"9" * 900_000, b"a = 2026-02-30", b"\xff", b"\x00",
        b"[[a]]\n" * 150_000, b"a = '''" + b"x" * 1_000_000,
    ],
)  # fmt: skip
def test_what_is_hardly_toml_is_refused_and_nobody_waits_for_it(raw: bytes) -> None:
    with pytest.raises((Unreadable, msgspec.ValidationError)) as refusal:
        msgspec.convert(toml_of("menu.toml", raw), MenuFile)
    assert len(problem("$.menu.file", refusal.value)) < 1200


@pytest.mark.parametrize(
    "words",
    ["{number:>1000000000}", "{number!r}", "{number.__class__}", "{0}", "{", "\x1b[2J", "a\u202eb", "x" * 2000],
)
def test_a_notice_that_would_fill_the_memory_or_a_phone_is_refused(words: str, tmp_path: Path) -> None:
    raw = put(NOTICES, ("ready", "body", "ru"), words)
    with pytest.raises(ValueError, match="ready: "):
        msgspec.convert(raw, Notices).check()
    load_notices(None).check()
    assert load(tmp_path / "none.toml").menu.file == ""
