"""What the site's own tools alone ask and do, at the unix socket (http.md#internal-calls)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from kiosk.api.calls import BareCall, Call
from kiosk.api.http.parameters import AFTER, DAY, FROM, ITEM, ORDER_ID, RESERVATION_ID, TO
from kiosk.api.staff.acts import AvailabilityView
from kiosk.clock import rfc3339
from kiosk.domain.errors import InvalidRequest
from kiosk.domain.ordering.order import OrderStatus
from kiosk.flows.fiscal.audit import Audit, AuditView
from kiosk.flows.ordering.menu import MenuBytes
from kiosk.flows.staff.commands import StaffCommands
from kiosk.flows.staff.device_status import DeviceStatus
from kiosk.flows.staff.order_cards import OrderCards, StaffOrderView
from kiosk.flows.staff.reports.statistics import Reports, StatsView
from kiosk.flows.stock.reservations import BinView, Reservations, ReservationView, WantedItem


class WantedIngredients(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    order_id: Annotated[str, msgspec.Meta(min_length=1, max_length=16, pattern=r"^[A-Za-z0-9-]+$")]
    items: Annotated[list[WantedItem], msgspec.Meta(min_length=1, max_length=30)]


class WantedStatus(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    status: OrderStatus


class BackupRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An absolute path on this machine that does not exist yet; `year`: of the archive of that year, not of the
    database."""

    file: Annotated[str, msgspec.Meta(min_length=2, max_length=1024, pattern="^/")]
    year: Annotated[int, msgspec.Meta(ge=2000, le=2099)] | None = None


class BinsView(msgspec.Struct, frozen=True):
    bins: list[BinView]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteApi:
    menu: MenuBytes
    reservations: Reservations
    staff_commands: StaffCommands
    order_cards: OrderCards
    reports: Reports
    audits: Audit
    device_status: DeviceStatus

    async def availability(self, call: BareCall[str]) -> AvailabilityView:
        return AvailabilityView(self.menu.availability(call.request.query.getall(ITEM.name, [])))

    async def list_bins(self, _: BareCall[str]) -> BinsView:
        return BinsView(self.reservations.bins())

    async def reserve(self, call: Call[str, WantedIngredients]) -> ReservationView:
        return await self.reservations.reserve(call.body.order_id, call.body.items)

    async def release(self, call: BareCall[str]) -> None:
        await self.reservations.release(call.read(RESERVATION_ID))

    async def list_orders(self, _: BareCall[str]) -> dict[str, Any]:
        return {"orders": await self.staff_commands.orders()}

    async def set_status(self, call: Call[str, WantedStatus]) -> StaffOrderView:
        await self.staff_commands.set_status(call.read(ORDER_ID), call.body.status, call.by)
        return await self.order_cards.order(call.read(ORDER_ID), "ru")

    async def list_stopped(self, _: BareCall[str]) -> dict[str, Any]:
        return {"stopped": await self.staff_commands.stop_list()}

    async def events(self, call: BareCall[str]) -> dict[str, Any]:
        return {
            "events": [
                {
                    "sequence": row.sequence,
                    "event_id": row.event_id,
                    "type": row.type,
                    "at": rfc3339(row.at),
                    "order_id": row.order_id,
                    "data": msgspec.Raw(row.data.encode()),
                }
                for row in await self.staff_commands.events(call.read(AFTER))
            ]
        }

    async def report(self, call: BareCall[str]) -> StatsView:
        return await self.reports.report(call.read(DAY))

    async def audit(self, call: BareCall[str]) -> AuditView:
        """Of the last month, asking every device; of the days that are named, our own books alone."""
        first, last, today = call.read(FROM), call.read(TO), self.reports.today()
        if first is None and last is None:
            return await self.audits.audit()
        first, last = first or today, last or today
        if first > last:
            raise InvalidRequest.at("from", "not after `to`")
        return await self.audits.audit_of(first, last)

    async def backup(self, call: Call[str, BackupRequest]) -> dict[str, Any]:
        wanted = call.body
        size = await self.staff_commands.backup(wanted.file, wanted.year, call.by)
        others = [row.file for row in self.device_status.archives()] if wanted.year is None else []
        return {"file": wanted.file, "bytes": size, **({"not_in_it": others} if others else {})}
