"""What is going on in the kitchen, for eyes: the hall's show, and the technician's view of the same. No I/O."""

from __future__ import annotations

import msgspec

from kiosk.domain.text import Text


class ShownDish(msgspec.Struct, frozen=True):
    """A portion at a station. `image`: its picture's address; `held`: it stands still there."""

    number: str
    image: str
    held: bool


class ShownStation(msgspec.Struct, frozen=True):
    """`state`: `free`, `busy` or `closed`; `arm`: something at it needs what stations share."""

    station: int
    name: Text
    state: str
    arm: bool
    dishes: list[ShownDish]


class ShownCell(msgspec.Struct, frozen=True):
    """`state`: `free`, `reserved`, `filled`, `open` or `closed`; `number`: of the order whose food it is for;
    `portions`: how many of it lie there, of the `size` that fit."""

    cell: int
    state: str
    number: str | None
    portions: int = 0
    size: int = 1


class ShownOrder(msgspec.Struct, frozen=True):
    """An order that is not ready. `left_s`: as on the hall board; `begun`: the robot has begun a part of it."""

    number: str
    left_s: int
    begun: bool


class KitchenShow(msgspec.Struct, frozen=True):
    """The whole picture. `reason`: why nothing is cooked now, None while it is; `orders`: as they were paid."""

    reason: str | None = "starting"
    stations: list[ShownStation] = []
    cells: list[ShownCell] = []
    orders: list[ShownOrder] = []


class JobShown(msgspec.Struct, frozen=True):
    """A portion that the robot has. `state`: `queued`, `cooking`, `between` (two phases), `held`, `ready`, `picked_up`,
    `failed`, `interrupted` or `cancelled`; `phase` of `phases`, from 1, 0 before; `operation`, `station`: where it is;
    `left_s`: what the robot says; `says`: its fault in words."""

    portion_id: int
    number: str
    item_id: str
    attempt: int
    state: str
    phase: int
    phases: int
    operation: int | None
    station: int | None
    left_s: int
    cell: int | None
    says: Text | None


class WaitingShown(msgspec.Struct, frozen=True):
    """A portion that was not given to the robot. `why`: `turn`, `station` (closed; its number) or `given_back`."""

    portion_id: int
    number: str
    item_id: str
    why: str
    station: int | None


class LineShown(msgspec.Struct, frozen=True):
    """The line to the robot in the last minute: what was asked, what nothing or something foreign came back for, and
    the share of the time that something was under way, 0 to 1000."""

    asked: int = 0
    unanswered: int = 0
    foreign: int = 0
    busy_permille: int = 0


class KitchenDetail(msgspec.Struct, frozen=True):
    """`state`: the complex's own word for what it does (PackML), "" while it is silent."""

    state: str = ""
    jobs: list[JobShown] = []
    waiting: list[WaitingShown] = []
    line: LineShown = LineShown()
