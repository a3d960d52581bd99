"""The pages' modules without a page: `modules/*.test.mjs` in Node's test runner, and the length of their lines."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from drivers.sim.atol import device as atol
from drivers.sim.atol_web import device as atol_web
from drivers.sim.gateways import http as gateways
from drivers.sim.gateways import yookassa
from drivers.sim.inpas import device as inpas
from drivers.sim.nut import device as nut
from drivers.sim.ofd import device as ofd
from drivers.sim.raif import device as raif
from drivers.sim.robot import device as robot
from drivers.sim.shtrih import device as shtrih
from drivers.sim.smtp import device as smtp
from drivers.sim.tbank import device as tbank
from drivers.sim.vtk import device as vtk

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
NODE = Path(sys.executable).with_name("node")
LONGEST = 120
#: One sentence of a screen is one line, however long.
_SENTENCE = re.compile(r"^\s*(?:\w+:\s*)?(?:\(.*\) =>\s*)?([\"'`]).*\1,?$")


def run(folder: Path, *names: str) -> subprocess.CompletedProcess[str]:
    """Runs the named test files of `folder`, all where none is named."""
    assert NODE.exists(), "no Node.js beside Python: make setup installs it"
    files = [folder / name for name in names] or sorted(folder.glob("*.test.mjs"))
    return subprocess.run([NODE, "--test", *files], capture_output=True, text=True, timeout=120, check=False)


def test_modules_do_what_their_sentences_say() -> None:
    done = run(HERE / "modules")
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.search(r"^\S+ pass (\d+)$", done.stdout, re.MULTILINE)
    sentences = sum(len(re.findall(r"^test\(", path.read_text(), re.M)) for path in HERE.glob("modules/*.test.mjs"))
    assert found, done.stdout
    assert int(found[1]) == sentences > 0, done.stdout


def texts_of(language: str) -> Any:
    """What can be called is left out."""
    module = (ROOT / "web" / "js" / f"staff-texts.{language}.mjs").as_uri()
    script = f"import({module!r}).then((found) => console.log(JSON.stringify(found.{language})))"
    done = subprocess.run([NODE, "-e", script], capture_output=True, text=True, timeout=60, check=True)
    return json.loads(done.stdout)


FAULTS: dict[str, set[str]] = {
    "bank": {*gateways.FAULTS, "forget_keys", *yookassa.FAULTS},
    "sms": {*gateways.FAULTS},
    "push": {*gateways.FAULTS},
    "smtp": {*smtp.FAULTS},
    "ups": {*nut.FAULTS},
    "fiscal": {*shtrih.KNOWN_FAULTS, *atol.KNOWN_FAULTS, *atol_web.KNOWN_FAULTS},
    "robot": {*robot.FAULTS},
    "ofd": {*ofd.FAULTS},
    "terminal": {*vtk.KNOWN_FAULTS, *inpas.FAULTS},
    "sbp": {*tbank.FAULTS, *raif.FAULTS},
}


@pytest.mark.parametrize("language", ["ru", "en"])
def test_each_fault_of_a_simulated_device_has_its_words_and_no_other_has(language: str) -> None:
    told = texts_of(language)["sim"]["faults"]
    assert {device: set(faults) for device, faults in told.items()} == FAULTS
    assert all(name and hint for faults in told.values() for name, hint in faults.values())


PLANTED = [
    ("cart", "cart", "unitPrice(item, line.options) * line.quantity", "unitPrice(item, line.options)"),
    ("combo", "combo", "servedWith(dish)), 0) -", "servedWith(dish)), 0) - 0 *"),
    ("combo", "contents", "Math.floor(value + 0.5)", "Math.floor(value)"),
    ("store", "store", '"restaurant", "offline"]', '"restaurant", "offline", "lines"]'),
    ("store", "store", "Boolean(before.show) === Boolean(show)", "Boolean(before) === true"),
    ("board", "board", "known ? before.readyAt : board.known ? now : null", "now"),
    ("format", "format", "minimumFractionDigits: 2,", "minimumFractionDigits: 1,"),
    ("format", "format", 'form === "many" ? many : few', 'form === "many" ? few : few'),
    ("outcomes", "outcomes", "/unknown|inquir|abandon/", "/inquir|abandon/"),
    ("search", "search", '.replaceAll("ё", "е")', ""),
    ("points", "points", "Math.min(byShare, byRest, balance)", "Math.min(byShare, balance)"),
    ("filters", "filters", "!portion.tags.includes(filter)", "portion.tags.includes(filter)"),
    ("spoken", "spoken", "(?:,(\\\\d\\\\d))?${GAP}", "${GAP}"),
    ("memory", "memory", "storage.clear();", ""),
    ("paying", "paying", "if (!isCurrent(orderId)) return;\n    const order", "const order"),
    ("paying", "paying", "payment.since === since", "payment.since > 0"),
    ("signing", "signing", "if (member()?.visit !== visit) return;", ""),
    ("staff", "desk-words", "says[language]", "says.ru"),
    ("stats", "stats-periods", "later(monday, -7)", "later(monday, -6)"),
    ("menu-editor", "menu-fields", "if (same(base, now)) return mine;", "return mine;"),
    ("stats", "visits", "Math.max(visit?.reached ?? 0, stepOf(state))", "stepOf(state)"),
]


@pytest.mark.parametrize(("tested", "module", "right", "wrong"), PLANTED)
def test_planted_bug_of_each_module_is_caught(tmp_path: Path, tested: str, module: str, right: str, wrong: str) -> None:
    shutil.copytree(ROOT / "web" / "js", tmp_path / "web" / "js")
    shutil.copytree(HERE / "modules", tmp_path / "tests" / "pages" / "modules")
    source = tmp_path / "web" / "js" / f"{module}.mjs"
    text = source.read_text()
    assert text.count(right) == 1
    source.write_text(text.replace(right, wrong))
    done = run(tmp_path / "tests" / "pages" / "modules", f"{tested}.test.mjs")
    assert done.returncode == 1
    assert "AssertionError" in done.stdout


def too_long(text: str) -> list[str]:
    return [line for line in text.split("\n") if len(line) > LONGEST and not _SENTENCE.match(line)]


def test_no_line_is_longer_than_the_formatter_would_make_it() -> None:
    """The formatter leaves markup in templates and comments as they are."""
    files = [*ROOT.glob("web/js/**/*.mjs"), ROOT / "web" / "worker.mjs", *HERE.glob("modules/*.mjs")]
    assert {path.name: found for path in files if (found := too_long(path.read_text()))} == {}


def test_long_line_is_caught_and_a_long_sentence_is_not() -> None:
    assert too_long(f"  return html`<p>{'x' * LONGEST}</p>`;")
    assert not too_long(f'  offline: "{"Слово " * 30}",')
