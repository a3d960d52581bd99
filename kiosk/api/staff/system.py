"""The process itself at the staff's page: long acts, log, events, what is sent to whoever helps, a test print."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from aiohttp import web

from kiosk.api.calls import BareCall, Call
from kiosk.clock import rfc3339
from kiosk.domain.staff.roles import Person
from kiosk.flows.fiscal.shift_commands import ShiftCommands
from kiosk.flows.staff.commands import StaffCommands
from kiosk.flows.staff.process_commands import ProcessCommands, ProcessView
from kiosk.flows.staff.site_tasks import SiteTasks, SiteTasksView, TrialRequest
from kiosk.flows.staff.support_bundle import SupportBundle
from kiosk.flows.staff.traffic import Traffic, TrafficRequest, TrafficView


class LogView(msgspec.Struct, frozen=True):
    """The last lines of this process, masked, a JSON object each; the newest last."""

    lines: list[str]


class EventRowView(msgspec.Struct, frozen=True):
    sequence: int
    type: str
    at: str
    order_id: str | None
    data: msgspec.Raw


class EventRowsView(msgspec.Struct, frozen=True):
    """The newest first."""

    events: list[EventRowView]


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemApi:
    process: ProcessCommands
    tasks: SiteTasks
    traffic: Traffic
    bundle: SupportBundle
    staff_commands: StaffCommands
    shift: ShiftCommands
    lines: Callable[[], list[str]]

    async def show_process(self, _: BareCall[str]) -> ProcessView:
        return self.process.view()

    async def reload_screens(self, call: BareCall[str]) -> None:
        await self.process.reload_screens(call.by)

    async def restart_browser(self, call: BareCall[str]) -> None:
        await self.process.restart_browser(call.by)

    async def restart(self, call: BareCall[str]) -> None:
        await self.process.restart(call.by)

    async def show_traffic(self, _: BareCall[str]) -> TrafficView:
        return self.traffic.view()

    async def switch_traffic(self, call: Call[str, TrafficRequest]) -> TrafficView:
        return await self.traffic.switch(call.body, call.by)

    async def show_tasks(self, _: BareCall[str]) -> SiteTasksView:
        return await self.tasks.view()

    async def audit(self, call: BareCall[str]) -> SiteTasksView:
        return await self.tasks.audit(call.by)

    async def backup(self, call: BareCall[str]) -> SiteTasksView:
        return await self.tasks.backup(call.by)

    async def trial(self, call: Call[Person, TrialRequest]) -> SiteTasksView:
        return await self.tasks.trial(call.body, call.by)

    async def log(self, _: BareCall[str]) -> LogView:
        return LogView(self.lines())

    async def events(self, _: BareCall[str]) -> EventRowsView:
        rows = await self.staff_commands.newest_events()
        return EventRowsView(
            [
                EventRowView(row.sequence, row.type, rfc3339(row.at), row.order_id, msgspec.Raw(row.data.encode()))
                for row in rows
            ]
        )

    async def support(self, call: BareCall[str]) -> web.Response:
        body = await self.bundle.make(call.by)
        headers = {"Content-Disposition": 'attachment; filename="kiosk-support.zip"'}
        return web.Response(body=body, content_type="application/zip", headers=headers)

    async def print_test(self, call: BareCall[str]) -> None:
        await self.shift.print_test(call.by)
