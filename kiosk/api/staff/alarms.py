"""Alarms for staff, by either door: what stands, who sees to it, whether a channel works."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.api.calls import BareCall
from kiosk.api.http.parameters import ALARM_ID, CHANNEL
from kiosk.flows.staff.alarms.commands import AlarmCommands, AlarmsView, ChannelView


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmsApi:
    alarm_commands: AlarmCommands

    async def list_alarms(self, _: BareCall[str]) -> AlarmsView:
        return await self.alarm_commands.view()

    async def show_alarms(self, _: BareCall[str]) -> AlarmsView:
        """On a page: whoever asks has them before their eyes."""
        return await self.alarm_commands.view(on_page=True)

    async def acknowledge(self, call: BareCall[str]) -> AlarmsView:
        await self.alarm_commands.acknowledge(call.read(ALARM_ID), call.by)
        return await self.alarm_commands.view()

    async def test_channel(self, call: BareCall[str]) -> ChannelView:
        return await self.alarm_commands.test(call.read(CHANNEL), call.by)
