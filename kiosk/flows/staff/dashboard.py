"""What the technician's page shows in one look: lights, bins with portions left, shift, orders, stop list, journal."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from drivers.fiscal.port import FiscalStatus
from kiosk.clock import Clock, rfc3339
from kiosk.domain.kitchen.readiness import Check, Readiness
from kiosk.domain.kitchen.state import Kitchen
from kiosk.domain.menu.current import CurrentMenu
from kiosk.domain.reasons import LOT_EXPIRING, words_of
from kiosk.domain.staff.staff_words import check_words
from kiosk.domain.text import Text
from kiosk.flows.fiscal import thresholds
from kiosk.flows.fiscal.shift import ShiftKeeper
from kiosk.flows.fiscal.thresholds import Level
from kiosk.flows.guards import archive
from kiosk.flows.guards.disk import ALARM_MB, LOW_MB
from kiosk.flows.guards.pages import PageWatch
from kiosk.flows.payment import settlement
from kiosk.flows.staff.commands import StaffCommands
from kiosk.flows.staff.device_status import DeviceStatus
from kiosk.flows.staff.endpoints import EndpointCommands, EndpointView
from kiosk.flows.stock.reservations import BinView, Reservations
from kiosk.store import journal
from kiosk.store.database import Database
from kiosk.store.identity import customers
from kiosk.store.ordering import messages

_JOURNAL_LINES = 30
_ALWAYS_LIT = ("robot", "fiscal", settlement.CHECK)
_SMS_WARN, _SMS_ALARM = 3, 20
GOOD, WARN, BAD, UNKNOWN = "good", "warn", "bad", "unknown"
LAMPS = {Level.GOOD: GOOD, Level.WARNING: WARN, Level.ALARM: BAD, Level.STOP: BAD}


class Light(msgspec.Struct, frozen=True):
    """`level`: good, warn, bad, unknown; `value` a number for the words of the page, `word` a stable word;
    `says`: the word in a sentence for the technician; `own`: the device's code and text, for its service."""

    name: str
    level: str
    value: int | None = None
    word: str | None = None
    says: Text | None = None
    own: str = ""


class BinLight(msgspec.Struct, frozen=True):
    """`portions_left`: of the dish that takes the least of it; null where no dish takes it."""

    bin: int
    ingredient: str | None
    name: str
    unit: str
    level: int
    capacity: int
    reserved: int
    portions_left: int | None
    stopped: bool  # with every dish that needs it


class ShiftState(msgspec.Struct, frozen=True):
    number: int
    open: bool
    last_document: int


class DishState(msgspec.Struct, frozen=True):
    item_id: str
    name: str
    stopped: bool
    until: str | None


class OrderState(msgspec.Struct, frozen=True):
    order_id: str
    number: str
    status: str
    failed: int


class JournalLine(msgspec.Struct, frozen=True):
    at: str
    actor: str
    action: str
    detail: str


class OverviewView(msgspec.Struct, frozen=True):
    """`says`: the reason in a sentence for the technician; `paused_for`: why staff paused sales, in their words."""

    sales_open: bool
    reason: str | None
    says: Text | None
    paused_for: str
    lights: list[Light]
    bins: list[BinLight]
    shift: ShiftState | None
    dishes: list[DishState]
    orders: list[OrderState]
    webhooks: list[EndpointView]
    journal: list[JournalLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Whom the dashboard asks."""

    device_status: DeviceStatus
    reservations: Reservations
    shift_keeper: ShiftKeeper
    staff_commands: StaffCommands
    endpoint_commands: EndpointCommands
    page_watch: PageWatch


class Dashboard:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        menu: CurrentMenu,
        kitchen: Kitchen,
        readiness: Readiness,
        shown: Shown,
        zone: ZoneInfo,
        folder: Path,
    ) -> None:
        """`folder`: whose disk is looked at."""
        self._db = database
        self._device_status = shown.device_status
        self._menu = menu
        self._kitchen = kitchen
        self._readiness = readiness
        self._reservations = shown.reservations
        self._shift_keeper = shown.shift_keeper
        self._staff_commands = shown.staff_commands
        self._endpoint_commands = shown.endpoint_commands
        self._page_watch = shown.page_watch
        self._zone = zone
        self._folder = folder
        self._clock = clock

    async def overview(self) -> OverviewView:
        reason = self._readiness.pause_reason()
        rows = await self._db.read(journal.read, _JOURNAL_LINES)
        status = self._shift_keeper.status
        return OverviewView(
            sales_open=reason is None,
            reason=reason,
            says=None if reason is None else words_of(reason).technician,
            paused_for=checks["sales"].detail if "sales" in (checks := self._readiness.checks()) else "",
            lights=await self._lights(status),
            bins=[self._bin(row) for row in self._reservations.bins()],
            shift=None if status is None else ShiftState(status.shift, status.shift_open, status.last_document),
            dishes=await self._dishes(),
            orders=[
                OrderState(row.order_id, row.number, row.status, row.failed)
                for row in await self._staff_commands.orders()
            ],
            webhooks=await self._endpoint_commands.endpoints(),
            journal=[JournalLine(rfc3339(row.at), row.actor, row.action, row.detail) for row in rows],
        )

    async def _lights(self, status: FiscalStatus | None) -> list[Light]:
        checks = self._readiness.checks()
        own = {"books", "sales", "shift", "disk", "sms", "bank", "ofd"}  # they have lamps or lines of their own
        found = [
            Light(name, _level(name, check), None, check.reason, _says(check), check.detail)
            for name, check in checks.items()
            if name in _ALWAYS_LIT or (name not in own and not check.ok)
        ]
        found += self._fiscal_lights(status)
        found += [await self._bank_light(), await self._sms_light(checks.get("sms")), self._disk_light()]
        silent = [name for name, word in self._page_watch.silent().items() if word is not None]
        found.append(Light("pages", BAD if silent else GOOD, len(silent)))
        return found

    def _fiscal_lights(self, status: FiscalStatus | None) -> list[Light]:
        if status is None:
            return [Light(name, UNKNOWN) for name in ("paper", "drive", "ofd", "clock")]
        now, zone, ofd = self._clock.now(), self._zone, self._shift_keeper.ofd(status)
        left, drive = thresholds.drive_days_left(status, now, zone), thresholds.drive(status, now, zone)
        told = status.device_time is not None
        off_s = round(thresholds.clock_drift(status, now, zone).total_seconds()) if told else None
        unsent = thresholds.unsent(status, now, zone).level
        waits = LAMPS[unsent if ofd.wrong is None else max(unsent, Level.WARNING)]
        return [
            Light("paper", LAMPS[thresholds.paper(status).level], None, status.paper.value),
            Light("drive", UNKNOWN if left is None and drive.word is None else LAMPS[drive.level], left),
            Light("ofd", waits, status.unsent_documents, None, ofd.says, ofd.wrong or ""),
            Light("clock", LAMPS[thresholds.clock(status, now, zone).level], off_s),
        ]

    async def _bank_light(self) -> Light:
        word = await self._device_status.bank_word()
        return Light("bank", GOOD if word is None else BAD, None, word, _says(Check(word is None, word)))

    async def _sms_light(self, check: Check | None) -> Light:
        if check is not None and not check.ok:
            return Light("sms", BAD, None, check.reason, _says(check), check.detail)
        waiting = await self._db.read(messages.count_waiting, "sms")
        waiting += await self._db.read(customers.count_codes_waiting)
        return Light("sms", _high(waiting, _SMS_WARN, _SMS_ALARM), waiting)

    def _disk_light(self) -> Light:
        free_mb = shutil.disk_usage(self._folder).free // 2**20
        return Light("disk", _low(free_mb, LOW_MB, ALARM_MB), free_mb)

    def _bin(self, row: BinView) -> BinLight:
        menu = self._menu.now
        named = menu.ingredients.get(row.ingredient or "")
        least = menu.least_taken.get(row.ingredient or "")
        free = max(0, row.level - row.committed - row.reserved)
        return BinLight(
            bin=row.bin,
            ingredient=row.ingredient,
            name=named.name.into("ru") if named else "",
            unit=row.unit,
            level=row.level,
            capacity=row.capacity,
            reserved=row.reserved,
            portions_left=free // least if least else None,
            stopped=row.ingredient in self._kitchen.now.stopped_ingredients,
        )

    async def _dishes(self) -> list[DishState]:
        stopped = {
            row.item_id: row.until_at for row in await self._staff_commands.stop_list() if row.item_id is not None
        }
        return [
            DishState(
                item_id,
                name.into("ru"),
                item_id in stopped,
                None if (until := stopped.get(item_id)) is None else rfc3339(until),
            )
            for item_id, name in self._menu.now.sold()
        ]


def _level(name: str, check: Check) -> str:
    """What concerns a registrar that is not in use, a past year, the reader's day or food that is still good, can
    wait."""
    can_wait = name.startswith("ofd:") or name in (archive.CHECK, settlement.CHECK) or check.reason == LOT_EXPIRING
    return GOOD if check.ok else WARN if can_wait else BAD


def _says(check: Check) -> Text | None:
    return None if check.reason is None else check_words(check)


def _low(value: int, warn: int, alarm: int) -> str:
    return BAD if value < alarm else WARN if value < warn else GOOD


def _high(value: int, warn: int, alarm: int) -> str:
    return BAD if value >= alarm else WARN if value >= warn else GOOD
