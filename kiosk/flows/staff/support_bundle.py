"""What whoever helps from afar is sent: settings, versions, checks, last log lines, journal, figures; nobody's data."""

from __future__ import annotations

import io
import platform
import zipfile
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import msgspec

from kiosk import version
from kiosk.clock import Clock, rfc3339
from kiosk.flows.staff.device_status import DeviceStatus
from kiosk.store import journal
from kiosk.store.database import Database

_JOURNAL_LINES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Whom the bundle asks. `settings`: without secrets and contacts; `lines`: of the log, masked; `figures`: as
    `/metrics` has them."""

    settings: Callable[[], Mapping[str, object]]
    lines: Callable[[], list[str]]
    figures: Callable[[], Awaitable[bytes]]


class SupportBundle:
    def __init__(self, database: Database, devices: DeviceStatus, clock: Clock, told: Told) -> None:
        self._db = database
        self._devices = devices
        self._clock = clock
        self._told = told

    async def make(self, actor: str) -> bytes:
        """A zip archive; some hundred kilobytes."""
        now = self._clock.now()
        await self._db.write(journal.add, actor, "support_bundle", "", now)
        rows = await self._db.read(journal.read, _JOURNAL_LINES)
        checks = await self._devices.devices()
        return _zipped(
            {
                "versions.json": _json(
                    {"kiosk": version(), "python": platform.python_version(), "system": platform.platform(),
                     "at": rfc3339(now)}
                ),
                "settings.json": _json(self._told.settings()),
                "checks.json": _json({"checks": checks, "file": self._devices.file()}),
                "journal.json": _json(
                    [{"at": rfc3339(row.at), "by": _kind(row.actor), "action": row.action} for row in rows]
                ),
                "log.jsonl": "\n".join(self._told.lines()).encode(),
                "metrics.txt": await self._told.figures(),
            }
        )  # fmt: skip


def _kind(actor: str) -> str:
    """Without the name: `person:3`, `pin`, `peer`, `kiosk`."""
    kind, _, rest = actor.partition(":")
    return f"{kind}:{rest.partition(':')[0]}" if kind == "person" else kind


def _json(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=1)


def _zipped(files: Mapping[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return made.getvalue()
