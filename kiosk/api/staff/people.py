"""What a person may ask for about their own data, through staff, by either door. Numbers stand in bodies: paths are
logged."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.api.calls import BareCall, Call
from kiosk.flows.staff.customers import CustomerCommands
from kiosk.flows.staff.person_views import (
    BlockRequest,
    ContactRequest,
    CustomersView,
    ErasedView,
    ExportView,
    PersonView,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleApi:
    customers: CustomerCommands

    async def newest(self, _: BareCall[str]) -> CustomersView:
        return await self.customers.newest()

    async def find(self, call: Call[str, ContactRequest]) -> PersonView:
        return await self.customers.find(call.body)

    async def export(self, call: Call[str, ContactRequest]) -> ExportView:
        return await self.customers.export(call.body, call.by)

    async def erase(self, call: Call[str, ContactRequest]) -> ErasedView:
        return await self.customers.erase(call.body, call.by)

    async def block(self, call: Call[str, BlockRequest]) -> PersonView:
        return await self.customers.block(call.body, call.by)

    async def unblock(self, call: Call[str, ContactRequest]) -> PersonView:
        return await self.customers.unblock(call.body, call.by)
