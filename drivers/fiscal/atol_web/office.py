"""What a fiscal day asks of ATOL's web server besides receipts: state, clock (atol_web.md#tasks)."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from drivers.errors import DeviceRefused, DeviceUnreachable, OutcomeUnknown
from drivers.fiscal.atol_web.archive import drive_of, minute_of, moment_of, read, whole
from drivers.fiscal.atol_web.client import AtolWebServer, Fate, Task, fate_of
from drivers.fiscal.atol_web.compose import TAX_SYSTEMS
from drivers.fiscal.port import (
    DEVICE,
    FiscalStatus,
    Paper,
    Registration,
    Vat,
)

_LONGEST_REQUISITE = 256
_OPENED, _EXPIRED = "opened", "expired"
_WARNINGS = {
    "needReplacement": "drive_replace_now",
    "resourceExhausted": "drive_replace_soon",
    "memoryOverflow": "drive_memory_low",
    "ofdTimeout": "ofd_timeout",
}


@dataclass(frozen=True, slots=True)
class WebOffice:
    """Questions and commands through one server."""

    server: AtolWebServer

    async def status(self) -> FiscalStatus:
        answers = await self.server.ask(
            {"type": "getDeviceStatus"},
            {"type": "getShiftStatus"},
            {"type": "getFnInfo"},
            {"type": "getFnStatus"},
            {"type": "ofdExchangeStatus"},
        )
        return read(_status, *answers)

    async def do(self, task: Task) -> DeviceRefused | None:
        """Give a command that is proved by what can be seen afterwards; the refusal, if it was one.

        `OutcomeUnknown`: it is still under way, or nobody answers any more.
        """
        uuid = str(uuid4())
        with contextlib.suppress(OutcomeUnknown):  # it may be queued: the next look shows it
            await self.server.post(uuid, (task,))
        try:
            results = await self.server.wait(uuid, self.server.timeouts.task_s)
            fate = Fate.FAILED if results is None else fate_of(results)
            if fate is Fate.BLOCKED:
                await self.server.release(uuid)
        except (DeviceUnreachable, OutcomeUnknown) as error:
            raise OutcomeUnknown(DEVICE, error.code, error.detail) from error
        if fate is Fate.PENDING:
            raise OutcomeUnknown(DEVICE, "in_progress", uuid)
        if fate is Fate.READY:
            return None
        return results[0].refusal if results else DeviceRefused(DEVICE, "not_taken", uuid)

    async def registration(self) -> Registration:
        return read(
            _registration,
            *await self.server.ask({"type": "getRegistrationInfo"}, {"type": "getDeviceInfo"}, {"type": "getFnInfo"}),
        )

    async def ffd(self) -> str:
        (info,) = await self.server.ask({"type": "getFnInfo"})
        return read(lambda answer: str(answer["fnInfo"]["ffdVersion"]), info)

    async def set_time(self, now: datetime) -> None:
        if (await self.status()).shift_open:
            raise DeviceRefused(DEVICE, "shift_open")
        refusal = await self.do({"type": "setDateTime", "dateTime": now.strftime("%Y.%m.%d %H:%M:%S")})
        if refusal is not None:
            raise refusal


def _status(device: Any, shift: Any, info: Any, drive: Any, exchange: Any) -> FiscalStatus:
    device, shift, info = device["deviceStatus"], shift["shiftStatus"], info["fnInfo"]
    drive, queue = drive["fnStatus"], exchange["status"]
    unsent = whole(queue["notSentCount"])
    flags = info.get("warnings") or {}
    return FiscalStatus(
        drive_number=drive_of(info["serial"]),
        last_document=whole(drive["fiscalDocumentNumber"]),
        shift=whole(shift["number"]),
        shift_open=shift["state"] in (_OPENED, _EXPIRED),
        shift_expired=shift["state"] == _EXPIRED,
        paper=Paper.PRESENT if device["paperPresent"] else Paper.OUT,
        document_open=False,  # the server cancels what it could not close
        unsent_documents=unsent,
        first_unsent_at=moment_of(str(queue["notSentFirstDocDateTime"])) if unsent else None,
        device_time=_time(device["currentDateTime"]),
        blocked=_blocked(device, info, flags),
        drive_valid_until=_day(info.get("validityDate")),
        warnings=tuple(word for name, word in _WARNINGS.items() if flags.get(name)),
    )


def _blocked(device: Any, info: Any, flags: Any) -> str | None:
    if device["coverOpened"]:
        return "cover_open"
    if not device["fnPresent"]:
        return "drive_no_answer"
    if not device["fiscal"] or info.get("livePhase") not in (None, "fiscalMode"):
        return "not_fiscalised"
    if flags.get("criticalError"):
        return "drive_full" if flags.get("memoryOverflow") else "drive_failure"
    return "device_blocked" if device["blocked"] else None


def _time(text: Any) -> datetime | None:
    """A clock that was reset shows no time of a fiscal drive."""
    try:
        return moment_of(str(text))
    except ValueError:
        return None


def _day(text: Any) -> date | None:
    return minute_of(str(text)).date() if text else None


def _registration(info: Any, device: Any, drive: Any) -> Registration:
    own, owner = info["device"], info["organization"]
    words = owner.get("taxationTypes")
    return Registration(
        device_serial=_text(device["deviceInfo"]["serial"]) or "",
        drive_number=drive_of(drive["fnInfo"]["serial"]),
        registration_number=_text(own["registrationNumber"]) or "",
        inn=_text(owner["vatin"]) or "",
        ffd=_text(own.get("ffdVersion")),
        tax_systems=None if words is None else frozenset(TAX_SYSTEMS[word] for word in words if word in TAX_SYSTEMS),
        automatic=_flag(own.get("autoMode")),
        internet=_flag(own.get("internet")),
        address=_text(owner.get("address")),
        place=_text(own.get("paymentsAddress")),
        vats=frozenset(Vat),
    )


def _text(told: Any) -> str | None:
    """A requisite of the registration: the longest have 256 characters. Raises `ValueError`."""
    found = None if told is None else str(told).strip()
    if found and len(found) > _LONGEST_REQUISITE:
        raise ValueError(f"{found[:30]}… is no requisite")
    return found


def _flag(told: Any) -> bool | None:
    return told if isinstance(told, bool) else None
