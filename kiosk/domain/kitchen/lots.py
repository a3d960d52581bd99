"""Lots of food in the bins: what each holds, until when it may be used, which goes first. No I/O."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from kiosk.domain.reasons import LOT_EXPIRED, LOT_RECALLED
from kiosk.domain.text import Text

LONGEST_NAME = 64
_FURTHEST = timedelta(days=3660)


class BadLabel(Exception):
    """What was typed is on no package; `says` why."""

    def __init__(self, says: Text) -> None:
        super().__init__(says.en)
        self.says = says


class Lot(msgspec.Struct, frozen=True):
    """What is in a bin of one delivery, in the bin's unit. `name`: as on the package, empty where nobody told it;
    `remaining` of the `amount` that came; `missing`: what the robot's level does not show though nothing took it;
    `expired_at`: it was seen past its time, whatever a clock says later."""

    lot_id: int
    bin: int
    ingredient: str
    name: str
    expires_at: datetime | None
    arrived_at: datetime
    amount: int
    remaining: int
    missing: int
    expired_at: datetime | None
    recalled: bool

    def is_over(self, now: datetime) -> bool:
        """Past its time: nothing may be begun with it."""
        return self.expired_at is not None or (self.expires_at is not None and now >= self.expires_at)


@dataclass(frozen=True, slots=True)
class LotRules:
    """`required`: a refill names its lot and its expiry; `warn_s`: so long before that staff is told; `last_sale_s`: so
    long before it sales of it end, so that what is paid is begun in time; `recall_days`: how far a recall looks
    back."""

    required: bool = False
    warn_s: int = 86_400
    last_sale_s: int = 900
    recall_days: int = 30


def lot_key(name: str) -> str:
    """What a lot is compared by: two spellings of one print are one lot. Empty for one that nobody named."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def clean_name(text: str) -> str:
    """As it is kept and shown. Raises `BadLabel` for what no package bears: nothing, a control, too long a text."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not lot_key(name):
        raise BadLabel(Text("у партии есть имя, как на упаковке", "a lot has a name, as on the package"))
    if any(unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn") for letter in name):
        raise BadLabel(
            Text("в имени партии только буквы, цифры и знаки", "a lot's name has letters, digits and signs only")
        )
    if len(name) > LONGEST_NAME or len(lot_key(name)) > LONGEST_NAME:
        raise BadLabel(
            Text(f"имя партии не длиннее {LONGEST_NAME} знаков", f"a lot's name has up to {LONGEST_NAME} characters")
        )
    return name


def expiry_of(text: str, zone: ZoneInfo, now: datetime) -> datetime:
    """Of a package that says a day (`2026-12-05`: to its end, by the restaurant's clock) or a moment with its zone.
    Raises `BadLabel` for what is neither, is over, or is ten years ahead."""
    found = _moment_of(text, zone)
    if found <= now:
        raise BadLabel(
            Text("срок уже вышел: такое не засыпают", "it is over already: food past its time is not put in")
        )
    if found - now > _FURTHEST:
        raise BadLabel(Text("дальше десяти лет: проверьте год", "more than ten years ahead: look at the year"))
    return found


def _moment_of(text: str, zone: ZoneInfo) -> datetime:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    try:
        if day is not None:
            after = day + timedelta(days=1)
            return datetime(after.year, after.month, after.day, tzinfo=zone)
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise BadLabel(
            Text("день вида 2026-12-05 или время с поясом", "a day like 2026-12-05, or a moment with its zone")
        ) from error
    if found.tzinfo is None:
        raise BadLabel(
            Text("времени нужен пояс: 2026-12-05T18:00:00+03:00", "a moment needs its zone: 2026-12-05T18:00:00+03:00")
        )
    return found


def label_of(expires_at: datetime, zone: ZoneInfo) -> str:
    """As a package says it, by the restaurant's clock: its last day where it ends with that, else day and time."""
    local = expires_at.astimezone(zone)
    if (local.hour, local.minute, local.second) == (0, 0, 0):
        return (local.date() - timedelta(days=1)).isoformat()
    return local.strftime("%Y-%m-%d %H:%M")


def in_order(lots: Iterable[Lot]) -> list[Lot]:
    """The next to be used first: by expiry, then by arrival; what has none comes last."""
    return sorted(lots, key=lambda lot: (lot.expires_at is None, lot.expires_at or lot.arrived_at, lot.lot_id))


def sums(lots: Iterable[Lot]) -> dict[int, int]:
    """What the lots of each bin come to."""
    found: dict[int, int] = {}
    for lot in lots:
        found[lot.bin] = found.get(lot.bin, 0) + lot.remaining
    return found


def drawn(lots: Sequence[Lot], amount: int) -> list[tuple[Lot, int]]:
    """So much taken out of a bin's lots, from which how much; less where they do not hold it."""
    found, left = [], amount
    for lot in in_order(lots):
        if left and lot.remaining:
            found.append((lot, min(left, lot.remaining)))
            left -= found[-1][1]
    return found


def closed_for_sale(lots: Iterable[Lot], rules: LotRules, now: datetime) -> Mapping[str, str]:
    """Ingredients that nothing is sold of, each with its reason. A robot cannot take food from beside what lies in its
    bin, nor be told which of two bins to leave: one bad lot closes the ingredient until it is out."""
    found: dict[str, str] = {}
    for lot in lots:
        if lot.remaining and lot.recalled:
            found[lot.ingredient] = LOT_RECALLED
        elif lot.remaining and lot.is_over(now + timedelta(seconds=rules.last_sale_s)):
            found.setdefault(lot.ingredient, LOT_EXPIRED)
    return found


def unfit(lots: Iterable[Lot], now: datetime) -> Mapping[str, str]:
    """Ingredients that nothing more may be begun with, each with its reason."""
    found: dict[str, str] = {}
    for lot in lots:
        if lot.remaining and lot.recalled:
            found[lot.ingredient] = LOT_RECALLED
        elif lot.remaining and lot.is_over(now):
            found.setdefault(lot.ingredient, LOT_EXPIRED)
    return found
