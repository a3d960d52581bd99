"""Why sales are open or paused, how every device is, and the switch of sales: for staff, by either door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import msgspec

from kiosk.api.calls import BareCall, Call, Nothing
from kiosk.api.restaurant import SalesView
from kiosk.domain.kitchen.readiness import Check, Readiness
from kiosk.domain.reasons import hint_of
from kiosk.domain.staff.staff_words import check_words
from kiosk.flows.staff.commands import StaffCommands
from kiosk.flows.staff.device_status import DeviceStatus


class StatusView(msgspec.Struct, frozen=True):
    """Sales, and every check by its name."""

    sales: SalesView
    checks: dict[str, Check]


class SalesSwitch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`reason`: of a pause, for the journal and the page."""

    open: bool
    reason: Annotated[str, msgspec.Meta(max_length=200)] = ""


class Resume(Nothing, frozen=True):
    open: ClassVar[bool] = True
    reason: ClassVar[str] = ""


class Pause(Nothing, frozen=True):
    open: ClassVar[bool] = False
    reason: Annotated[str, msgspec.Meta(max_length=200)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusApi:
    staff_commands: StaffCommands
    device_status: DeviceStatus
    readiness: Readiness

    async def sales(self, _: BareCall[str]) -> StatusView:
        """For the page, which has its own words."""
        reason = self.readiness.pause_reason()
        return StatusView(SalesView(reason is None, reason), dict(self.readiness.checks()))

    async def status(self, call: Call[str, object]) -> dict[str, Any]:
        return self._look(await self.device_status.checks(), call.language)

    async def devices(self, call: BareCall[str]) -> dict[str, Any]:
        return self._look(await self.device_status.devices(), call.language)

    def _look(self, checks: Mapping[str, Check], language: str) -> dict[str, Any]:
        reason = self.readiness.pause_reason()
        says = {name: check_words(check).into(language) for name, check in checks.items() if check.reason is not None}
        own = {name: check.detail for name, check in checks.items() if check.detail}
        return {
            "sales": {"open": reason is None, "reason": reason, **_hint(reason, language)},
            "checks": {name: {"ok": check.ok, "reason": check.reason} for name, check in checks.items()},
            **({"says": says} if says else {}),
            **({"own": own} if own else {}),
            "file": self.device_status.file(),
            "archives": self.device_status.archives(),
        }

    async def switch_sales(self, call: Call[str, SalesSwitch | Resume | Pause]) -> dict[str, Any]:
        await self.staff_commands.pause(not call.body.open, call.body.reason.strip(), call.by)
        return await self.status(call)


def _hint(reason: str | None, language: str) -> dict[str, str]:
    """What to do about it, for whoever is called."""
    found = None if reason is None else hint_of(reason)
    return {} if found is None else {"hint": found.into(language)}
