"""Whatever is batched together, each function's outcome is its own: against a model, with random batches."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from kiosk.domain.errors import NotFound
from kiosk.store.database import Database, _Request
from kiosk.store.transaction import Tx
from tests.store.test_database import batch, keys

_BATCHES = 60


@dataclass(frozen=True)
class Asked:
    """Rows to be written under its name; then it raises, or not."""

    name: str
    rows: int
    raises: bool

    def __call__(self, tx: Tx) -> str:
        for number in range(self.rows):
            tx.insert("meta", key=f"{self.name}-{number}", value="")
        if self.raises:
            raise NotFound
        return self.name

    @property
    def keys(self) -> list[str]:
        return [] if self.raises else [f"{self.name}-{number}" for number in range(self.rows)]


class NeverRunAnew(Database):
    """Planted: what was written before an error stays."""

    def _leaves_nothing(self, request: _Request) -> bool:
        super()._leaves_nothing(request)
        return True


async def _differences(path: Path, kind: type[Database], seed: int) -> list[str]:
    told: list[str] = []
    database = await kind.open(path, told.append)
    draw, wanted = random.Random(seed), []
    try:
        for number in range(_BATCHES):
            asked = [
                Asked(f"{number:02}-{place}", draw.choice((0, 0, 1, 3)), draw.random() < 0.2)
                for place in range(draw.randint(1, 8))
            ]
            answers = await batch(database, *asked)
            wanted += [key for one in asked for key in one.keys]
            for one, answer in zip(asked, answers, strict=True):
                if (answer == one.name) is one.raises or isinstance(answer, NotFound) is not one.raises:
                    told.append(f"{one} was answered {answer!r}")
        if sorted(wanted) != await keys(database):
            told.append("rows of a function that raised stand, or others are missing")
    finally:
        await database.close()
    return told


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_what_a_function_raises_undoes_all_of_it_and_nothing_else(tmp_path: Path, seed: int) -> None:
    assert await _differences(tmp_path / "kiosk.db", Database, seed) == []


async def test_a_planted_batch_that_is_never_run_anew_is_caught(tmp_path: Path) -> None:
    assert await _differences(tmp_path / "kiosk.db", NeverRunAnew, 1)


async def test_a_function_that_raises_before_it_writes_lets_the_others_run_once(tmp_path: Path) -> None:
    runs: list[str] = []

    def noted(name: str, run: Callable[[Tx], object]) -> Callable[[Tx], object]:
        def note(tx: Tx) -> object:
            runs.append(name)
            return run(tx)

        return note

    database = await Database.open(tmp_path / "kiosk.db", runs.append)
    try:
        await batch(
            database,
            *(
                noted(one.name, one)
                for one in (Asked("a", 1, raises=False), Asked("b", 0, raises=True), Asked("c", 1, raises=False))
            ),
        )
        assert runs == ["a", "b", "c"]
        await batch(
            database, *(noted(one.name, one) for one in (Asked("d", 1, raises=False), Asked("e", 1, raises=True)))
        )
        assert runs == ["a", "b", "c", "d", "e", "d", "e"]
    finally:
        await database.close()
    assert runs[-1] == "e", "no fault was told"
