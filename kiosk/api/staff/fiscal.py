"""Shift, kept reports, registrars, their drives and corrections, by either door."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec

from kiosk.api.calls import BareCall, Call
from kiosk.api.http.parameters import DRIVE, ORDER_ID, SHIFT
from kiosk.flows.fiscal.corrections import Corrections, CorrectRequest, CorrectView
from kiosk.flows.fiscal.day import DayClose, KeptReportsView, ShiftReportView
from kiosk.flows.fiscal.shift_commands import DriveView, RegistrarsView, ShiftCommands, ShiftView


class UseRegistrarRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class ReplaceDriveRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class FiscalApi:
    shift: ShiftCommands
    day_close: DayClose
    corrections: Corrections

    async def show_shift(self, _: BareCall[str]) -> ShiftView:
        return await self.shift.view()

    async def kept_reports(self, _: BareCall[str]) -> KeptReportsView:
        return await self.day_close.kept()

    async def shift_report(self, call: BareCall[str]) -> ShiftReportView:
        return await self.day_close.report(call.read(SHIFT), call.read(DRIVE))

    async def registrars(self, _: BareCall[str]) -> RegistrarsView:
        return await self.shift.registrars()

    async def use_registrar(self, call: Call[str, UseRegistrarRequest]) -> RegistrarsView:
        return await self.shift.use(call.body.name, call.by)

    async def estimate_correction(self, call: BareCall[str]) -> CorrectView:
        return await self.corrections.estimate(call.read(ORDER_ID))

    async def correct(self, call: Call[str, CorrectRequest]) -> CorrectView:
        return await self.corrections.request(call.body, call.by)

    async def replace_drive(self, call: Call[str, ReplaceDriveRequest]) -> DriveView:
        return await self.shift.replace_drive(call.body.reason, call.by)
