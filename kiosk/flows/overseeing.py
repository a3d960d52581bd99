"""What the technician's page shows in one look: lights, bins with portions left, shift, orders, stop list, journal."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec

from drivers.fiscal.port import FiscalStatus, Paper
from kiosk.clock import Clock, rfc3339
from kiosk.domain.menu import Menu
from kiosk.domain.readiness import Check, Kitchen, Readiness
from kiosk.domain.reasons import words_of
from kiosk.domain.staff_words import check_words
from kiosk.domain.text import Text
from kiosk.flows.keeping_shift import KeepingShift
from kiosk.flows.reserving import BinView, Reserving
from kiosk.flows.surveying import Surveying
from kiosk.flows.syncing import EndpointView, Syncing
from kiosk.flows.tending import Tending
from kiosk.flows.watching_pages import WatchingPages
from kiosk.flows.watching_registrar import clock_drift, clock_is_off, clock_is_wrong
from kiosk.store import customers, messages, records
from kiosk.store.database import Database

_JOURNAL_LINES = 30
_DRIVE_WARN, _DRIVE_ALARM = timedelta(days=30), timedelta(days=3)
_UNSENT_WARN, _UNSENT_ALARM = timedelta(hours=1), timedelta(hours=24)  # the drive blocks after 30 days
_DISK_WARN_MB, _DISK_ALARM_MB = 2048, 512
_ALWAYS_LIT = ("robot", "fiscal")
_SMS_WARN, _SMS_ALARM = 3, 20
N = TypeVar("N", int, timedelta)
GOOD, WARN, BAD, UNKNOWN = "good", "warn", "bad", "unknown"


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
    """`says`: the reason in a sentence for the technician."""

    sales_open: bool
    reason: str | None
    says: Text | None
    lights: list[Light]
    bins: list[BinLight]
    shift: ShiftState | None
    dishes: list[DishState]
    orders: list[OrderState]
    webhooks: list[EndpointView]
    journal: list[JournalLine]


class Overseeing:
    def __init__(
        self,
        database: Database,
        surveying: Surveying,
        menu: Menu,
        kitchen: Kitchen,
        readiness: Readiness,
        reserving: Reserving,
        keeping_shift: KeepingShift,
        tending: Tending,
        syncing: Syncing,
        watching_pages: WatchingPages,
        zone: ZoneInfo,
        folder: Path,
        clock: Clock,
    ) -> None:
        self._db = database
        self._surveying = surveying
        self._menu = menu
        self._kitchen = kitchen
        self._readiness = readiness
        self._reserving = reserving
        self._keeping_shift = keeping_shift
        self._tending = tending
        self._syncing = syncing
        self._watching_pages = watching_pages
        self._zone = zone
        self._folder = folder
        self._clock = clock
        self._least = _least_taken(menu)

    async def overview(self) -> OverviewView:
        reason = self._readiness.pause_reason()
        rows = await self._db.read(records.read_journal, _JOURNAL_LINES)
        status = self._keeping_shift.status
        return OverviewView(
            sales_open=reason is None,
            reason=reason,
            says=None if reason is None else words_of(reason).technician,
            lights=await self._lights(status),
            bins=[self._bin(row) for row in self._reserving.bins()],
            shift=None if status is None else ShiftState(status.shift, status.shift_open, status.last_document),
            dishes=await self._dishes(),
            orders=[
                OrderState(row.order_id, row.number, row.status, row.failed) for row in await self._tending.orders()
            ],
            webhooks=await self._syncing.endpoints(),
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
        silent = [name for name, word in self._watching_pages.silent().items() if word is not None]
        found.append(Light("pages", BAD if silent else GOOD, len(silent)))
        return found

    def _fiscal_lights(self, status: FiscalStatus | None) -> list[Light]:
        if status is None:
            return [Light(name, UNKNOWN) for name in ("paper", "drive", "ofd", "clock")]
        now = self._clock.now().astimezone(self._zone)
        left = None if status.drive_valid_until is None else status.drive_valid_until - now.date()
        told = status.device_time is not None
        off_s = round(clock_drift(status, now, self._zone).total_seconds()) if told else None
        ofd = self._keeping_shift.ofd(status)
        paper = {Paper.PRESENT: GOOD, Paper.LOW: WARN, Paper.OUT: BAD}[status.paper]
        return [
            Light("paper", paper, None, status.paper.value),
            Light("drive", UNKNOWN)
            if left is None
            else Light("drive", _low(left, _DRIVE_WARN, _DRIVE_ALARM), left.days),
            Light(
                "ofd", self._ofd_level(status, now, ofd.wrong), status.unsent_documents, None, ofd.says, ofd.wrong or ""
            ),
            Light("clock", clock_level(status, now, self._zone), off_s),
        ]

    def _ofd_level(self, status: FiscalStatus, now: datetime, wrong: str | None) -> str:
        sound = GOOD if wrong is None else WARN
        if not status.unsent_documents or status.first_unsent_at is None:
            return sound
        since = status.first_unsent_at
        age = now - (since if since.tzinfo else since.replace(tzinfo=self._zone))
        return BAD if age > _UNSENT_ALARM else WARN if age > _UNSENT_WARN else sound

    async def _bank_light(self) -> Light:
        word = await self._surveying.bank_word()
        return Light("bank", GOOD if word is None else BAD, None, word, _says(Check(word is None, word)))

    async def _sms_light(self, check: Check | None) -> Light:
        if check is not None and not check.ok:
            return Light("sms", BAD, None, check.reason, _says(check), check.detail)
        waiting = await self._db.read(messages.count_waiting, "sms")
        waiting += await self._db.read(customers.count_codes_waiting)
        return Light("sms", _high(waiting, _SMS_WARN, _SMS_ALARM), waiting)

    def _disk_light(self) -> Light:
        free_mb = shutil.disk_usage(self._folder).free // 2**20
        return Light("disk", _low(free_mb, _DISK_WARN_MB, _DISK_ALARM_MB), free_mb)

    def _bin(self, row: BinView) -> BinLight:
        named = self._menu.ingredients.get(row.ingredient or "")
        least = self._least.get(row.ingredient or "")
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
            stopped=row.ingredient in self._kitchen.stopped_ingredients,
        )

    async def _dishes(self) -> list[DishState]:
        stopped = {row.item_id: row.until_at for row in await self._tending.stop_list() if row.item_id is not None}
        return [
            DishState(
                item_id,
                name.into("ru"),
                item_id in stopped,
                None if (until := stopped.get(item_id)) is None else rfc3339(until),
            )
            for item_id, name in self._menu.sold()
        ]


def _least_taken(menu: Menu) -> dict[str, int]:
    """The smallest amount of each ingredient that any dish takes as it stands on the menu."""
    least: dict[str, int] = {}
    for dish in menu.dishes.values():
        for ingredient, amount in dish.default_formula().items():
            least[ingredient] = min(amount, least.get(ingredient, amount))
    return least


def _level(name: str, check: Check) -> str:
    """What concerns a registrar that is not in use can wait."""
    return GOOD if check.ok else WARN if name.startswith("ofd:") else BAD


def _says(check: Check) -> Text | None:
    return None if check.reason is None else check_words(check)


def clock_level(status: FiscalStatus, now: datetime, zone: ZoneInfo) -> str:
    """Red exactly where sales stop, amber where the shift's warnings begin."""
    if clock_is_wrong(status, now, zone):
        return BAD
    return WARN if clock_is_off(status, now, zone) else GOOD


def _low(value: N, warn: N, alarm: N) -> str:
    return BAD if value < alarm else WARN if value < warn else GOOD


def _high(value: int, warn: int, alarm: int) -> str:
    return BAD if value >= alarm else WARN if value >= warn else GOOD
