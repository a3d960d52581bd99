"""What code and documents name can be found: every citation leads to a heading, every link and path to a file.

One form of citation in docstrings, comments and texts: `NAME.md` or `NAME.md#heading`, where NAME.md is a file below
docs/, whose names are unique, or at the root. The heading is spelled as its link is: small letters, hyphens. Steps of
the seed, laws, RFCs and vendors' papers are cited by their own names; only they have a §.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("kiosk", "drivers", "tests", "web", "systemd", "debian", ".ci")
KINDS = {".py", ".mjs", ".js", ".html", ".css", ".toml", ".sql", ".service", ".rules", ""}
DOCUMENTS = [*sorted((ROOT / "docs").rglob("*.md")), *sorted(ROOT.glob("*.md"))]
CODE = [
    path
    for folder in FOLDERS
    for path in sorted((ROOT / folder).rglob("*"))
    if path.is_file() and path.suffix in KINDS and not {"vendor", "__pycache__"} & {*path.parts}
]
CITATION = re.compile(r"(?P<name>[A-Za-z0-9_*.{}/-]+\.md)\b(?:#(?P<heading>[\w-]+))?")
#: Of nobody else's document is a section named.
SECTION = re.compile(r"§")
FOREIGN_SECTION = re.compile(r"(RFC \d+|AVIF [\d.]+|ISO[\w/ -]* [\d-]+|WCAG [\d.]+|EN 301 549) §")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
PATH = re.compile(r"`((?:kiosk|drivers|tests|web|systemd|docs)/[a-z0-9_./-]+)`")


def anchor(heading: str) -> str:
    """As a forge spells the link of a heading: letters, digits and hyphens."""
    return re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).strip().replace(" ", "-")


def headings(document: Path) -> set[str]:
    text = FENCED.sub("", document.read_text("utf-8"))
    return {anchor(heading) for heading in HEADING.findall(text)}


PLACES = {document.name: headings(document) for document in DOCUMENTS}


def texts() -> Iterator[tuple[Path, str]]:
    """Every file of code but this one, which makes wrong citations up."""
    yield from ((path, path.read_text("utf-8", "replace")) for path in CODE if path != Path(__file__))


def complaints(text: str) -> Iterator[str]:
    """Every citation of `text` that leads nowhere."""
    for found in CITATION.finditer(text):
        name, heading = Path(found["name"]).name, found["heading"]
        if name not in PLACES:
            yield f"{found[0]}: no such document"
        elif heading and heading not in PLACES[name]:
            yield f"{found[0]}: no such heading"
    for line in text.splitlines():
        if len(SECTION.findall(line)) > len(FOREIGN_SECTION.findall(line)):
            yield f"{line.strip()}: a section of what?"


def test_names_of_documents_are_unique() -> None:
    assert len(PLACES) == len(DOCUMENTS)


def test_every_citation_in_code_leads_to_a_heading() -> None:
    found = {str(path.relative_to(ROOT)): list(complaints(text)) for path, text in texts()}
    assert {path: wrong for path, wrong in found.items() if wrong} == {}


def test_code_cites_at_all() -> None:
    assert len([hit for _, text in texts() for hit in CITATION.finditer(text) if hit["heading"]]) > 100


@pytest.mark.parametrize(
    "planted",
    [
        "# once only (shtrih.md#dout)",
        "# once only (protocols/shtrihm.md#doubt)",
        "# once only (protocols/shtrih.md §3)",
        "# once only (contract §3)",
        "# once only (§3)",
    ],
)
def test_a_wrong_citation_is_caught(planted: str) -> None:
    assert list(complaints(planted))


@pytest.mark.parametrize("right", ["# seed 3.4", "# RFC 9110 §10.2.3", "# shtrih.md#doubt, atol.md#doubt", "# 54-FZ"])
def test_a_right_citation_is_none(right: str) -> None:
    assert list(complaints(right)) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_of_a_document_leads_somewhere(document: Path) -> None:
    text = FENCED.sub("", document.read_text("utf-8"))
    for target in LINK.findall(text):
        if "://" in target:
            continue
        file, _, heading = target.partition("#")
        place = (document.parent / file).resolve() if file else document
        assert place.exists(), target
        assert not heading or heading in headings(place), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_path_that_a_document_names_exists(document: Path) -> None:
    if document.name == "CHANGELOG.md":  # what was true then
        return
    for named in PATH.findall(document.read_text("utf-8")):
        assert (ROOT / named).exists() or list(ROOT.glob(f"{named}*")), named
