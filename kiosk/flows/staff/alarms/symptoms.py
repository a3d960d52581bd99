"""What may call a person, as it is known now, from pictures that others publish, without asking any device."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from drivers.fiscal.port import FiscalStatus
from kiosk.clock import Clock
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.domain.menu.current import CurrentMenu
from kiosk.domain.reasons import LOT_EXPIRING, PIN_GUESSED, SETTLEMENT_FAILED, SETTLEMENT_WAITS, UPS_TROUBLE, words_of
from kiosk.domain.staff.alarm import Seen
from kiosk.domain.staff.alarm_rules import (
    COPY_LATE,
    LOT_UNFIT,
    MENU_BEHIND,
    REGISTRAR_OFF,
    ROBOT_HELD,
    UPKEEP,
    AlarmRules,
    rule_of_pause,
)
from kiosk.domain.staff.alarm_words import NOTHING_MORE
from kiosk.domain.staff.stuck import Kind, Stuck
from kiosk.domain.text import Text
from kiosk.flows.fiscal import thresholds
from kiosk.flows.fiscal.shift import ShiftKeeper
from kiosk.flows.fiscal.thresholds import Level
from kiosk.flows.guards.disk import ALARM_MB, DiskGuard
from kiosk.flows.guards.pages import PageWatch
from kiosk.flows.staff.device_status import COLLECTOR
from kiosk.flows.staff.endpoints import EndpointCommands
from kiosk.flows.staff.stuck import StuckMoves
from kiosk.flows.stock.reservations import BinView, Reservations

#: Of the present rate: what was taken out of a bin in the time that is looked back on.
_LOOK_BACK_S = 3600.0
_LEAST_LOOK_BACK_S = 300.0
_EMPTY_WITHIN_S = 1800.0
#: Fewer portions of the dish that takes least are low at any rate.
_FEW_PORTIONS = 2
_MEGABYTE = 2**20
_OF_FOOD: Mapping[Kind, str] = {
    Kind.FOOD_FORGOTTEN: "food_forgotten",
    Kind.CELL_LOCKED: "food_forgotten",
    Kind.FOOD_UNSAFE: "food_unsafe",
}
#: Reasons of a check that pause nothing, each told in its own words.
_OF_CHECKS: Mapping[str, str] = {
    **dict.fromkeys((*UPS_TROUBLE, SETTLEMENT_FAILED, SETTLEMENT_WAITS), "device_off"),
    **dict.fromkeys(COPY_LATE, "copy_late"),
    **dict.fromkeys(MENU_BEHIND, "menu_behind"),
}
#: Devices whose silence has a rule of its own, or none: a gateway of guests' notices wakes nobody.
_HAVE_THEIR_OWN = ("fiscal", "robot", "sms", "receipts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """Where it is read."""

    readiness: Readiness
    stuck_moves: StuckMoves
    shift_keeper: ShiftKeeper
    reservations: Reservations
    disk_guard: DiskGuard
    endpoint_commands: EndpointCommands
    page_watch: PageWatch


class Consumption:
    """Levels of bins as they were, to reckon how soon one is empty; a refill is no negative consumption. In memory:
    after a start a rate is known in minutes."""

    def __init__(self) -> None:
        self._seen: dict[int, deque[tuple[float, int, int]]] = {}  # by bin: when, its level, all that was taken

    def note(self, bin_number: int, level: int, now_s: float) -> None:
        rows = self._seen.setdefault(bin_number, deque())
        taken = rows[-1][2] + max(0, rows[-1][1] - level) if rows else 0
        rows.append((now_s, level, taken))
        while len(rows) > 2 and now_s - rows[1][0] > _LOOK_BACK_S:
            rows.popleft()

    def per_s(self, bin_number: int) -> float:
        """In the bin's unit; 0 where too little was seen."""
        rows = self._seen.get(bin_number)
        if not rows or (span_s := rows[-1][0] - rows[0][0]) < _LEAST_LOOK_BACK_S:
            return 0.0
        return (rows[-1][2] - rows[0][2]) / span_s


class Symptoms:
    """`seen()`: every condition of the rules that holds now, each subject once."""

    def __init__(self, pictures: Pictures, menu: CurrentMenu, rules: AlarmRules, zone: ZoneInfo, clock: Clock) -> None:
        self._of = pictures
        self._menu = menu
        self._rules = rules
        self._zone = zone
        self._clock = clock
        self._consumption = Consumption()

    @property
    def starting(self) -> bool:
        """Some device has not spoken since the start: what is not seen may only not be known."""
        return self._of.readiness.starting

    async def seen(self) -> list[Seen]:
        endpoints = await self._of.endpoint_commands.endpoints()
        found = [
            *self._sales(),
            *self._stuck(),
            *self._registrar(self._of.shift_keeper.status),
            *self._bins(self._of.reservations.bins()),
            *self._machine(),
        ]
        found += [
            Seen("webhook_suspended", row.url, _same(_host_of(row.url)))
            for row in endpoints
            if row.state in ("suspended", "disabled") and not row.url.startswith(COLLECTOR)
        ]
        return list({row.key: row for row in found}.values())

    def _sales(self) -> Iterator[Seen]:
        """The cause of the pause, and what does not pause everything."""
        checks, blocked = self._of.readiness.checks(), self._of.readiness.blocked()
        if blocked is not None and (rule := rule_of_pause(blocked[1], self._rules)) is not None:
            yield Seen(rule, blocked[1], _closed_words(blocked[1]) if rule == "sales_closed" else NOTHING_MORE)
        for name, check in checks.items():
            if check.reason in REGISTRAR_OFF:
                yield Seen("registrar_off", check.reason, NOTHING_MORE)
            if check.reason in ROBOT_HELD:
                yield Seen("robot_held", check.reason, NOTHING_MORE)
            if check.reason == PIN_GUESSED:
                yield Seen("pin_guessed", name, NOTHING_MORE)
            if (rule := _OF_CHECKS.get(check.reason or "")) is not None:
                yield Seen(rule, name, words_of(check.reason or "").technician)
            if check.reason == LOT_EXPIRING:
                yield Seen("lot_expiring", name, check.told or NOTHING_MORE)
            if check.reason in UPKEEP:
                yield Seen("upkeep_due", name, check.told or NOTHING_MORE)
            if check.reason in LOT_UNFIT:
                yield Seen("lot_unfit", name, check.told or NOTHING_MORE)

    def _stuck(self) -> Iterator[Seen]:
        blocked = self._of.readiness.blocked()
        for row in self._of.stuck_moves.now:
            if row.kind is not Kind.DEVICE_TRIPPED:
                yield Seen(_OF_FOOD.get(row.kind, "money_held"), row.stuck_id, _stuck_words(row))
            elif (device := row.stuck_id.removeprefix("device-")) not in _HAVE_THEIR_OWN and (
                blocked is None or blocked[0] != device
            ):
                yield Seen("device_off", device, row.says or _same(device))

    def _registrar(self, status: FiscalStatus | None) -> Iterator[Seen]:
        """By the table of thresholds, from the warning on; what waits for the operator from a day on."""
        if status is None:
            return
        now, zone = self._clock.now(), self._zone
        drive, unsent = thresholds.drive(status, now, zone), thresholds.unsent(status, now, zone)
        if drive.level >= Level.WARNING:
            left = thresholds.drive_days_left(status, now, zone)
            known = left is not None and left <= thresholds.DRIVE[-1][0]  # else the register's flag is the newer word
            days = NOTHING_MORE if not known else Text(f"дней осталось {left}", f"days left {left}")
            yield Seen("drive_expiring", drive.word or "drive", days, urgent=drive.level >= Level.ALARM)
        if unsent.level >= Level.ALARM:
            count = status.unsent_documents
            yield Seen(
                "documents_unsent",
                "ofd",
                Text(f"ждут {count}", f"{count} wait"),
                urgent=unsent.word == "unsent_72h",
            )
        if thresholds.clock(status, now, zone).level >= Level.WARNING:
            yield Seen("clock", "registrar", NOTHING_MORE)

    def _bins(self, rows: list[BinView]) -> Iterator[Seen]:
        menu, now_s = self._menu.now, self._clock.monotonic()
        for row in rows:
            self._consumption.note(row.bin, row.level, now_s)
            least = menu.least_taken.get(row.ingredient or "")
            if least is None:
                continue
            free = max(0, row.level - row.committed - row.reserved)
            if free // least < _FEW_PORTIONS or free < self._consumption.per_s(row.bin) * _EMPTY_WITHIN_S:
                named = menu.ingredients[row.ingredient or ""].name
                portions = free // least
                yield Seen(
                    "bin_low",
                    str(row.bin),
                    Text(
                        f"{named.ru}, бункер {row.bin}, порций {portions}",
                        f"{named.en}, bin {row.bin}, portions {portions}",
                    ),
                )

    def _machine(self) -> Iterator[Seen]:
        free_bytes = self._of.disk_guard.free_bytes
        if 0 < free_bytes < ALARM_MB * _MEGABYTE:
            yield Seen("disk", "disk", _same(f"{free_bytes // _MEGABYTE} MB"))
        for name, word in self._of.page_watch.silent().items():
            if word is not None:
                yield Seen("page_silent", name, _same(name.removeprefix("page:")))


def _closed_words(reason: str) -> Text:
    words = words_of(reason).guest
    return Text(words.ru.rstrip("."), words.en.rstrip("."))


def _stuck_words(row: Stuck) -> Text:
    """With the order's number; the kind alone where nothing else is known."""
    says = row.says or _same(row.kind.value)
    return says if row.number is None else Text(f"{says.ru}, заказ {row.number}", f"{says.en}, order {row.number}")


def _same(text: str) -> Text:
    return Text(text, text)


def _host_of(url: str) -> str:
    """What people know it by; a path may hold a secret."""
    return url.partition("://")[2].partition("/")[0] or url
