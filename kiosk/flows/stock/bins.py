"""Staff gives a bin another level: food of a lot was put in, or taken out.

The robot's level and our lots change one after the other, so what is meant is written first (`bin_act`): after a kill
the robot's level tells what became of it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec

from drivers.errors import DeviceError, DeviceRefused
from drivers.robot.port import Bin, CookingComplex
from kiosk.checkpoints import pass_by
from kiosk.clock import Clock
from kiosk.domain.errors import InvalidRequest, NotFound
from kiosk.domain.kitchen.lots import BadLabel, LotRules, clean_name, expiry_of
from kiosk.domain.kitchen.state import Kitchen
from kiosk.domain.menu.current import CurrentMenu
from kiosk.domain.text import Text
from kiosk.flows.guards.not_done import not_done
from kiosk.store import journal
from kiosk.store.database import Database
from kiosk.store.stock import lots, recalls
from kiosk.store.transaction import Tx

_DEMANDED = Text(
    "здесь не засыпают ничего без партии и срока годности", "here no food is put in without its lot and its expiry"
)
_UNKNOWN = Text("меню не знает, что в этом бункере", "the menu does not know what this bin holds")
_IN_HAND = Text(
    "этот бункер сейчас пополняет кто-то ещё: посмотрите и повторите",
    "somebody is filling this bin just now: look, then try again",
)
Amount = Annotated[int, msgspec.Meta(ge=0, le=65535)]
Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Refill(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`amount`: what the bin holds after the refill, in its unit; what is more than before is of `lot`, as on the
    package, and may be used until `expires_at`: a day (to its end, by the restaurant's clock) or a moment with its
    zone."""

    bin: Annotated[int, msgspec.Meta(ge=1, le=24)]
    amount: Amount
    lot: Annotated[str, msgspec.Meta(max_length=256)] | None = None
    expires_at: Annotated[str, msgspec.Meta(max_length=64)] | None = None


class WriteOff(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So much of a lot was taken out of its bin and thrown away; without `amount` all that is left of it."""

    reason: Reason
    amount: Annotated[int, msgspec.Meta(ge=1, le=65535)] | None = None


class BinCommands:
    """The robot is told within `bins_in_hand`: the kitchen's loop leaves these bins alone meanwhile."""

    def __init__(
        self,
        database: Database,
        robot: CookingComplex,
        menu: CurrentMenu,
        kitchen: Kitchen,
        clock: Clock,
        rules: LotRules,
        *,
        zone: ZoneInfo,
        checkpoint: Callable[[str], None] = pass_by,
    ) -> None:
        self._db = database
        self._robot = robot
        self._kitchen = kitchen
        self._clock = clock
        self._rules = rules
        self._zone = zone
        self._cp = checkpoint
        self._menu = menu

    async def refill(self, wanted: Refill, actor: str) -> None:
        """Staff has filled a bin up to `amount`, or found it to hold less. Raises `InvalidRequest`,
        `DeviceUnavailable`."""
        now = self._clock.now()
        name, expires_at = self._label(wanted, now)
        if name and await self._db.read(recalls.standing, name) is not None:
            raise refused(
                "$.lot", Text("эта партия отозвана: её не засыпают", "this lot is recalled: it is not put in")
            )
        with self._in_hand(wanted.bin):
            row = await self._look(wanted.bin)
            if wanted.amount > row.capacity:
                raise refused(
                    "$.amount", Text(f"в бункер входит {row.capacity}", f"the bin holds {row.capacity} at most")
                )
            self._require_label(wanted, row, name, expires_at)
            act = self._act(row, wanted.amount, actor, now, name=name, expires_at=expires_at)
            await self._carry_out(act)

    def _label(self, wanted: Refill, now: datetime) -> tuple[str, datetime | None]:
        """The lot as it is kept, and its end. Raises `InvalidRequest`."""
        try:
            name = "" if wanted.lot is None else clean_name(wanted.lot)
        except BadLabel as error:
            raise refused("$.lot", error.says) from error
        try:
            return name, None if wanted.expires_at is None else expiry_of(wanted.expires_at, self._zone, now)
        except BadLabel as error:
            raise refused("$.expires_at", error.says) from error

    def _require_label(self, wanted: Refill, row: Bin, name: str, expires_at: datetime | None) -> None:
        """A lot is of what was put in, and is named where the house demands it."""
        if (name or expires_at is not None) and wanted.amount <= row.level:
            raise refused(
                "$.amount",
                Text(
                    f"это сколько в бункере после пополнения, а было уже {row.level}",
                    f"it is what the bin holds after the refill, and it held {row.level} before",
                ),
            )
        if self._rules.required and wanted.amount > row.level:
            for path, given in (("$.lot", name), ("$.expires_at", expires_at)):
                if not given:
                    raise refused(path, _DEMANDED)

    async def write_off(self, lot_id: int, wanted: WriteOff, actor: str) -> None:
        """A person has taken food of a lot out of its bin. A portion that is begun in this very moment may leave the
        robot's level too high by its food: that shows as left of a lot, and is written off again. Raises `NotFound`,
        `InvalidRequest`, `DeviceUnavailable`."""
        now = self._clock.now()
        lot = await self._db.read(lots.get, lot_id)
        if lot is None or not lot.remaining:
            raise NotFound
        amount = lot.remaining if wanted.amount is None else wanted.amount
        if amount > lot.remaining:
            raise refused(
                "$.amount", Text(f"этой партии осталось {lot.remaining}", f"of this lot {lot.remaining} are left")
            )
        with self._in_hand(lot.bin):
            row = await self._look(lot.bin)
            after = max(0, row.level - amount)
            act = self._act(row, after, actor, now, name=lot.name, lot_id=lot_id, reason=wanted.reason.strip())
            await self._carry_out(act)

    def _act(
        self, row: Bin, level_after: int, actor: str, now: datetime, *, name: str, lot_id: int | None = None,
        expires_at: datetime | None = None, reason: str = "",
    ) -> lots.Act:  # fmt: skip
        ingredient = self._menu.now.by_code.get(row.ingredient)
        if ingredient is None:
            raise refused("$.bin", _UNKNOWN)
        return lots.Act(
            bin=row.bin,
            ingredient=ingredient.id,
            level_before=row.level,
            level_after=level_after,
            held_before=0,
            name=name,
            expires_at=expires_at,
            lot_id=lot_id,
            reason=reason,
            actor=actor,
            at=now,
        )

    async def _look(self, bin_number: int) -> Bin:
        """The bin as it is now; an act whose end nobody knows is settled by it first. Raises `InvalidRequest`,
        `DeviceUnavailable`."""
        try:
            rows = {row.bin: row for row in await self._robot.bins()}
        except DeviceError as error:
            raise not_done("robot", error) from error
        if bin_number not in rows:
            raise refused("$.bin", Text(f"бункеры есть от 1 до {len(rows)}", f"there are bins 1 to {len(rows)}"))
        await self._db.write(settle, bin_number, rows[bin_number].level, self._clock.now())
        return rows[bin_number]

    async def _carry_out(self, act: lots.Act) -> None:
        """In the books that it is meant, at the robot, in the books that it is so."""
        await self._db.write(_intend, act)
        self._cp("bin.meant")
        try:
            await self._robot.set_bin(act.bin, act.level_after)
        except DeviceError as error:
            if isinstance(error, DeviceRefused):
                await self._db.write(lots.forget, act.bin)
            raise not_done("robot", error) from error
        self._cp("bin.set")
        await self._db.write(_finish, act.bin, self._clock.now())
        self._cp("bin.done")

    @contextlib.contextmanager
    def _in_hand(self, bin_number: int) -> Iterator[None]:
        if bin_number in self._kitchen.now.bins_in_hand:
            raise refused("$.bin", _IN_HAND)
        self._kitchen.publish(bins_in_hand=self._kitchen.now.bins_in_hand | {bin_number})
        try:
            yield
        finally:
            self._kitchen.publish(bins_in_hand=self._kitchen.now.bins_in_hand - {bin_number})


def refused(path: str, says: Text) -> InvalidRequest:
    """What staff typed cannot be, in a sentence for whoever typed it."""
    return InvalidRequest(says, errors=[{"path": path, "message": says.en}])


def _intend(tx: Tx, act: lots.Act) -> None:
    lots.intend(tx, msgspec.structs.replace(act, held_before=lots.held_in(tx, act.bin)))


def _finish(tx: Tx, bin_number: int, now: datetime) -> None:
    act = lots.carry_out(tx, bin_number, now)
    if act is not None:
        journal.add(tx, act.actor, *lots.journalled(act), now)


def settle(tx: Tx, bin_number: int, level: int, now: datetime) -> None:
    """What became of an act that nobody wrote the end of."""
    act = lots.settle(tx, bin_number, level, now)
    if act is not None:
        journal.add(tx, act.actor, *lots.journalled(act), now)
