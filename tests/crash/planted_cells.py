"""Variants of the kitchen with bugs about cells that several portions share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from drivers.robot.port import Cell, CookingOrder, Job
from kiosk.kitchen.controller import KitchenLine
from kiosk.kitchen.holding import Holding
from kiosk.store.ordering import cooking
from kiosk.wiring import Parts


class _RemembersWhatBelongsTogether(KitchenLine):
    """How many portions of an order are still to come is kept in memory: the next life does not know it."""

    def __init__(self, *args: Any, **parts: Any) -> None:
        super().__init__(*args, **parts)
        self._first: set[str] = set()

    async def _claim(self, looked: cooking.WorkRow) -> int | None:
        share = await super()._claim(looked)
        rows = await self._db.read(cooking.read_work)
        others = [row for row in rows if row.order_id == looked.order_id and row.portion_id != looked.portion_id]
        if all(row.status == "waiting" for row in others):
            self._first.add(looked.order_id)
        return share if share is None or looked.order_id in self._first else 0


def remembers_together() -> Parts:
    return Parts(kitchen_line=_RemembersWhatBelongsTogether)


class _ThrowsAwayOneByOne(Holding):
    """Each portion of a cell by a commit of its own."""

    async def _spoil(self, rows: Sequence[cooking.WorkRow], cell: int, cause: str, now: datetime) -> None:
        for row in rows:
            await super()._spoil([row], cell, cause, now)


def throws_away_one_by_one() -> Parts:
    return Parts(holding=_ThrowsAwayOneByOne)


class _OneLabelARound(KitchenLine):
    """What is given to the robot in one round goes under the label of one order."""

    _label = ""

    async def _submit(self, work: list[cooking.WorkRow], jobs: dict[int, Job], slots: int) -> None:
        self._label = ""
        await super()._submit(work, jobs, slots)

    def _cooking_order(self, row: cooking.WorkRow, share: int, codes: Mapping[str, int]) -> CookingOrder:
        order = super()._cooking_order(row, share, codes)
        self._label = self._label or order.order_id
        return replace(order, order_id=self._label)


def stranger_let_in() -> Parts:
    """A portion of another order comes to an occupied cell, where that has room."""
    return Parts(kitchen_line=_OneLabelARound)


class _LooksAtTheFirstOnly(KitchenLine):
    """Of each cell it sees the job that got its place first, as the block of cells for one portion tells it."""

    async def _look_at_cells(self, work: dict[int, cooking.WorkRow], cells: tuple[Cell, ...]) -> None:
        await super()._look_at_cells(work, tuple(replace(cell, jobs=cell.jobs[:1]) for cell in cells))


def freed_with_food_in_it() -> Parts:
    """A cell counts as fetched while another portion of it lies there."""
    return Parts(kitchen_line=_LooksAtTheFirstOnly)
