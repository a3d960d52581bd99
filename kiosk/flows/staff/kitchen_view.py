"""The kitchen as the technician sees it: jobs and where they are, what waits and why, the line, and what was made."""

from __future__ import annotations

from datetime import datetime

import msgspec

from kiosk.domain.kitchen.show import JobShown, LineShown, WaitingShown
from kiosk.domain.kitchen.state import Kitchen
from kiosk.domain.menu.current import CurrentMenu
from kiosk.domain.staff.staff_words import stuck_words
from kiosk.domain.staff.stuck import Kind
from kiosk.domain.text import Text
from kiosk.store.database import Database
from kiosk.store.ordering import cooking

_LOG = 20


class MadeView(msgspec.Struct, frozen=True):
    """A portion of late, the newest first. `status` as of portions; `says`: why it failed or was thrown away."""

    portion_id: int
    order_id: str
    number: str
    item_id: str
    status: str
    attempt: int
    cell: int | None
    cooking_at: datetime | None
    ready_at: datetime | None
    says: Text | None


class KitchenView(msgspec.Struct, frozen=True):
    """`state`: the complex's own word (PackML), "" while it is silent; `reason`: why nothing is cooked; `dishes`,
    `stations` and `operations`: what the others name, by id or number."""

    state: str
    reason: str | None
    jobs: list[JobShown]
    waiting: list[WaitingShown]
    line: LineShown
    log: list[MadeView]
    dishes: dict[str, Text]
    stations: dict[str, Text]
    operations: dict[str, str]


class KitchenReport:
    def __init__(self, database: Database, menu: CurrentMenu, kitchen: Kitchen) -> None:
        self._db = database
        self._kitchen = kitchen
        self._menu = menu
        equipment = menu.now.equipment
        self._stations = {n: Text(row.name.ru, row.name.en) for n, row in equipment.by_number.items()}
        self._operations = {str(number): name for number, name in equipment.operation_names.items()}

    async def view(self) -> KitchenView:
        """As it is now; of the log the last portions."""
        made = await self._db.read(cooking.read_latest, _LOG)
        state = self._kitchen.now
        detail = state.detail
        return KitchenView(
            state=detail.state,
            reason=state.show.reason,
            jobs=detail.jobs,
            waiting=detail.waiting,
            line=detail.line,
            log=[self._made(row) for row in made],
            dishes=dict(self._menu.now.sold()),
            stations={str(number): name for number, name in self._stations.items()},
            operations=self._operations,
        )

    def _made(self, row: cooking.LatestRow) -> MadeView:
        return MadeView(
            portion_id=row.portion_id,
            order_id=row.order_id,
            number=row.number,
            item_id=row.item_id,
            status=row.status.value,
            attempt=row.attempt,
            cell=row.cell,
            cooking_at=row.cooking_at,
            ready_at=row.ready_at,
            says=None if row.fault is None else stuck_words(Kind.PORTION_LOST, row.fault, self._stations),
        )
