"""What the banks' APIs of QR payments share: a date as they read it, what a failed question and a status say, and how
much of an answer is kept (protocols/sbp.md#what-is-the-same-everywhere)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

from drivers.errors import DeviceUnreachable, OutcomeUnknown
from drivers.http import REFUSES_US

DEVICE = "sbp"
#: Of a word or a number that is kept.
LONGEST_TEXT = 64
LONGEST_QR = 1024
_MOSCOW = timezone(timedelta(hours=3))


def due_text(moment: datetime) -> str:
    """Until when money is taken, to the second, in Moscow's time."""
    return moment.astimezone(UTC).astimezone(_MOSCOW).isoformat(timespec="seconds")


@contextlib.contextmanager
def questioning() -> Iterator[None]:
    """A question that stays without an answer has changed nothing: `DeviceUnreachable`."""
    try:
        yield
    except OutcomeUnknown as error:
        raise DeviceUnreachable(DEVICE, error.code, error.detail) from error


@contextlib.contextmanager
def acting() -> Iterator[None]:
    """A question that is asked to learn what an act has done: without its answer that is unknown."""
    try:
        yield
    except DeviceUnreachable as error:
        raise OutcomeUnknown(DEVICE, error.code, error.detail) from error


def require_heard(status: int) -> None:
    """Raises `DeviceUnreachable` where the bank looks at nothing of ours."""
    if status in REFUSES_US:
        raise DeviceUnreachable(DEVICE, "unauthorized", f"HTTP {status}")


def nobody_there(status: int) -> DeviceUnreachable:
    """Another server, or another path, than the bank's."""
    return DeviceUnreachable(DEVICE, "wrong_address", f"HTTP {status}")


def shown_code(text: str | None) -> str:
    """What is drawn. Raises `DeviceUnreachable` for none."""
    if not text or len(text) > LONGEST_QR:
        raise DeviceUnreachable(DEVICE, "unreadable_answer", "no QR code")
    return text
