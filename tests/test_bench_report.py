"""What the bench says of its figures: budgets, comparisons, the README's table, charts, and the devices' own time."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.bench import compare, figures
from tests.bench.__main__ import PARTS, arguments, main
from tests.bench.charts import charts
from tests.bench.figures import Budget, Figure, budgets, read_json, rows, write_json, write_readme
from tests.bench.relay import Turns, within

RATIO = Figure("orders.creation_32.ratio", "… of the limit", "×", [0.3, 0.26, 0.28])
SLOWER = Figure("orders.creation_32.ratio", "… of the limit", "×", [0.2, 0.24, 0.21])
MADE_BY = re.compile(r'f?"([a-z]+)\.')


def test_budget_is_kept_by_the_median_and_said_in_words() -> None:
    assert rows([RATIO]) == [("… of the limit", "0.28× (0.26–0.30)", "≥ 0.25×", "yes")]
    assert rows([SLOWER])[0][3] == "**no**"
    assert not Budget(at_most=1.0).kept(1.01)
    assert Budget(at_most=15).shown("ms") == "≤ 15 ms"


def test_every_budget_belongs_to_a_figure_that_is_measured() -> None:
    sources = "".join(file.read_text() for file in Path(figures.__file__).parent.glob("*.py"))
    kinds = set(MADE_BY.findall(sources)) | {"growth"}
    assert {key.split(".")[0] for key in budgets()} <= kinds
    for key in budgets():
        last = key.rpartition(".")[2]
        assert re.search(rf'\.{last}"|_{last.rpartition("_")[2]}"', sources), key


def test_figures_come_back_from_their_file_and_another_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "a.json"
    write_json(file, [RATIO])
    told, found = read_json(file)
    assert found == [RATIO]
    assert set(told) == {"at", "machine", "load"}
    file.write_text('{"rows": []}')
    with pytest.raises(ValueError, match="was not written by the bench"):
        read_json(file)


def test_comparison_names_what_changed_what_is_new_and_what_is_no_longer_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, after = tmp_path / "a.json", tmp_path / "b.json"
    menu = Figure("orders.menu", "menu", "ms", [0.4])
    write_json(before, [RATIO, menu])
    write_json(after, [SLOWER])
    assert compare.main([str(before), str(after)]) == 1
    out = capsys.readouterr().out
    assert "no longer kept, changed" in out
    assert "| menu | 0.4 ms | | | gone |" in out
    assert compare.main([str(after), str(before)]) == 0
    assert "| menu | | 0.4 ms | | new |" in capsys.readouterr().out
    assert compare.main([str(before), str(tmp_path / "none.json")]) == 2


def test_rounds_that_overlap_are_no_change() -> None:
    assert not compare.changed(RATIO, Figure(RATIO.key, RATIO.text, "×", [0.27, 0.35]))
    assert compare.changed(RATIO, SLOWER)


def test_readme_and_document_are_filled_between_their_marks_and_nowhere_else(tmp_path: Path) -> None:
    readme, document = tmp_path / "README.md", tmp_path / "bench.md"
    for file in (readme, document):
        file.write_text("before\n<!-- bench -->\nold\n<!-- /bench -->\nafter\n")
    unwanted = Figure("of.no.budget", "only to know", "ms", [1.0])
    told = {"at": "2026-11-29 17:00Z", "machine": "2 cores", "load": "1"}
    write_readme(told, [RATIO, unwanted], readme, document)
    for file in (readme, document):
        text = file.read_text()
        assert text.startswith("before\n<!-- bench -->\n`make bench` on 2026-11-29: 2 cores")
        assert text.endswith("|\n<!-- /bench -->\nafter\n")
        assert "| ≥ 0.25× | yes |\n" in text
        assert "old" not in text
    assert "only to know" in document.read_text()
    assert "only to know" not in readme.read_text()
    readme.write_text("no marks")
    with pytest.raises(ValueError, match="no place"):
        write_readme(told, [RATIO], readme, document)


@pytest.mark.parametrize("file", [figures.README, figures.DOCUMENT])
def test_documents_of_the_repository_have_the_place(file: Path) -> None:
    text = file.read_text()
    assert all(text.count(mark) == 1 for mark in figures.MARKS)


def test_charts_are_svg_with_a_bar_for_every_size_in_order() -> None:
    sizes = (1_000, 1_000_000, 100_000)
    found = charts([Figure(f"growth.{size}.creation", str(size), "/s", [size / 100]) for size in sizes])
    (name,) = found
    assert name == "bench-growth-creation.svg"
    texts = [node.text for node in ElementTree.fromstring(found[name]).iter() if node.tag.endswith("text")]
    assert [text for text in texts if text in ("1,000", "100,000", "1,000,000")] == ["1,000", "100,000", "1,000,000"]


def test_devices_time_counts_what_overlaps_once_and_only_within_the_call() -> None:
    assert within([(0.0, 2.0), (1.0, 3.0), (5.0, 9.0)], 0.5, 6.0) == pytest.approx(2.5 + 1.0)
    assert within([], 0.0, 1.0) == 0.0


def test_device_has_the_word_from_the_first_byte_of_a_request_to_the_last_of_its_answer() -> None:
    moments = iter([1.0, 1.2, 1.7, 2.0])  # asked, acknowledged, answered; asked again
    turns = Turns(lambda: next(moments))
    turns.host()
    turns.device()
    turns.device()
    turns.host()
    assert turns.spans == [(1.0, 1.7)]


def test_file_that_is_not_there_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--from", str(tmp_path / "none.json")]) == 2
    assert "none.json" in capsys.readouterr().err


def test_parts_are_chosen_by_name_and_an_unknown_one_is_refused() -> None:
    assert arguments(["orders", "lunch", "--lunch-min", "0.5"]).parts == ["orders", "lunch"]
    assert arguments([]).parts == []
    with pytest.raises(SystemExit):
        arguments(["ordrs"])
    assert next(iter(PARTS)) == "orders"
