"""What all rows of a menu share: they are read strictly, and a menu that must not be sold is refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from kiosk.domain.text import Text

LEAST_KOPECKS, MAX_PRICE_KOPECKS = 100, 10_000_000


class MenuError(ValueError):
    """A menu that must not be sold; the line names the place. `text`: the same for staff, said of `field` of the row
    `row_id` of `table` as the document has them; empty where it is said of all."""

    def __init__(
        self, line: str, text: Text | None = None, *, table: str = "", row_id: str = "", field: str = ""
    ) -> None:
        super().__init__(line)
        self.text = text or Text(line, line)
        self.table = table
        self.row_id = row_id
        self.field = field


@dataclass(frozen=True, slots=True)
class Place:
    """A row that something may be wrong with: `called` in a line, `table` and `row_id` in the document; `within` the
    row, where it is a part of one."""

    called: str
    table: str
    row_id: str
    within: str = ""

    def part(self, called: str, within: str) -> Place:
        """A part of the row that has a name of its own."""
        return Place(called, self.table, self.row_id, f"{within}.")

    def wrong(self, field: str, ru: str, en: str) -> MenuError:
        """`en` stands in the line too; of both, a sentence about `field`."""
        return MenuError(
            f"{self.called}: {en}",
            Text(ru, en),
            table=self.table,
            row_id=self.row_id,
            field=f"{self.within}{field}".rstrip("."),
        )


#: How a line calls the rows of a table.
_CALLED = {
    "ingredients": "ingredient",
    "allergens": "allergen",
    "categories": "category",
    "modifier_groups": "modifier group",
    "items": "item",
    "combos": "combo",
    "dayparts": "daypart",
    "holidays": "holiday",
    "charts": "chart",
}


def place(table: str, row_id: str) -> Place:
    """Of a row of the document."""
    return Place(f"{_CALLED.get(table, table)} {row_id}", table, row_id)


def option_place(group_id: str, option_id: str) -> Place:
    """Of an option of a modifier group."""
    return place("modifier_groups", group_id).part(f"option {option_id}", f"options.{option_id}")


def slot_place(combo_id: str, slot_id: str) -> Place:
    """Of a place of a combo."""
    return place("combos", combo_id).part(f"place {slot_id}", f"slots.{slot_id}")


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class HasId(Protocol):
    """Anything a customer picks by its id."""

    @property
    def id(self) -> str: ...


def check_wanted(wanted: Sequence[str], chosen: Iterable[HasId]) -> None:
    """Every wish was met, none stands twice. Raises `MenuError`."""
    if len(set(wanted)) != len(wanted) or not set(wanted) <= {one.id for one in chosen}:
        raise MenuError("an option is unknown to this item or stands twice")
