"""The dashboard and the rules that are shipped ask for what `/metrics` tells, all of it, and lead to what the manual
says."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import yaml
from prometheus_client.parser import text_string_to_metric_families

from drivers.sim.nut.device import nut
from kiosk.domain.staff.stuck import Kind
from tests.receiver import receiver
from tests.restaurant import Restaurant, restaurant
from tests.test_citations import headings

DOCS = Path(__file__).parents[2] / "docs"
RULES: list[dict[str, Any]] = yaml.safe_load((DOCS / "watching/alerts.yml").read_text())["groups"][0]["rules"]
DASHBOARD: dict[str, Any] = json.loads((DOCS / "watching/dashboard.json").read_text())
#: By Prometheus itself.
_ADDED = {"instance", "__name__"}
_ALL_STUCK = "kiosk_stuck_"
_NAME = re.compile(r"\b(kiosk_[a-z_]+)")
_LABEL = re.compile(r"\{\{ ?(?:\$labels\.)?([a-z_]+) ?\}\}")


def questions() -> Iterator[str]:
    for rule in RULES:
        yield rule["expr"]
    for panel in DASHBOARD["panels"]:
        yield from (target["expr"] for target in panel["targets"])


def worded() -> Iterator[tuple[str, str]]:
    """A question, and the words in which its labels are told."""
    for rule in RULES:
        yield rule["expr"], rule["annotations"]["summary"]
    for panel in DASHBOARD["panels"]:
        yield from ((target["expr"], target["legendFormat"]) for target in panel["targets"])


def asked(of: Iterable[str]) -> set[str]:
    names = {name for question in of for name in _NAME.findall(question)}
    return {f"kiosk_stuck_{kind}" for kind in Kind} | names - {_ALL_STUCK} if _ALL_STUCK in names else names


@asynccontextmanager
async def whole_kiosk(folder: Path) -> AsyncIterator[Restaurant]:
    """With everything that tells something of itself."""
    async with nut(0, state=folder / "s", ledger=folder / "l") as ups, receiver() as cloud:
        (folder / "hook.secret").write_text(cloud.secrets[0])
        tail = f'[[webhooks]]\nurl = "{cloud.url}"\nsecret_file = "{folder}/hook.secret"\n'
        extra = f'[power]\nups = "ups@127.0.0.1:{ups.port}"\n[standby]\nfolder = "{folder}/other"\n'
        async with restaurant(extra, tail=tail) as place:
            yield place


async def test_dashboard_and_rules_ask_for_what_the_kiosk_tells_and_for_all_of_it(tmp_path: Path) -> None:
    async with whole_kiosk(tmp_path) as place:
        text = (await place.call("GET", "/metrics")).body.decode()
    told = {family.name: {label for row in family.samples for label in row.labels}
            for family in text_string_to_metric_families(text)}  # fmt: skip
    assert asked(questions()) == told.keys()
    for question, words in worded():
        labels = set().union(*(told[name] for name in asked([question])))
        assert set(_LABEL.findall(words)) <= labels | _ADDED, question


def test_every_kind_of_what_is_stuck_calls_somebody() -> None:
    assert {f"kiosk_stuck_{kind}" for kind in Kind} <= {name for rule in RULES for name in _NAME.findall(rule["expr"])}


def test_each_rule_leads_to_a_heading_of_the_manual() -> None:
    names = [rule["alert"] for rule in RULES]
    assert len(set(names)) == len(names)
    for rule in RULES:
        document, _, heading = rule["annotations"]["runbook"].partition("#")
        assert heading in headings(DOCS / document), rule["alert"]
        assert rule["labels"]["severity"] in ("critical", "warning")


def test_panels_do_not_cover_one_another() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        squares = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                   for y in range(place["y"], place["y"] + place["h"])}  # fmt: skip
        assert not squares & taken, panel["title"]
        assert all(x < 24 for x, _ in squares), panel["title"]
        taken |= squares
