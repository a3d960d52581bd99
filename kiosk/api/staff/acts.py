"""What staff may do and look at by either door: the page behind the PIN and the unix socket. An act has its actor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import msgspec
from aiohttp import web

from kiosk.api.calls import BareCall, Call, Nothing
from kiosk.api.http.parameters import CELL, FROM, ORDER_ID, REQUEST_ID, STUCK_ID, TILL_CODE, TO
from kiosk.api.sim import Simulators
from kiosk.domain.staff.roles import Person
from kiosk.domain.staff.spreadsheet import csv_bytes, xlsx_bytes
from kiosk.domain.staff.stuck import Stuck
from kiosk.flows.fiscal.day import ShiftReportView
from kiosk.flows.fiscal.doubts import Decision
from kiosk.flows.fiscal.shift_commands import ShiftCommands, ShiftView
from kiosk.flows.ordering.availability import Availability
from kiosk.flows.ordering.menu import MenuBytes
from kiosk.flows.ordering.pickup import Pickup
from kiosk.flows.ordering.views import RefundView, refund_view
from kiosk.flows.payment.portions import RefundRequest
from kiosk.flows.payment.settlement import Settlement, SettlementView
from kiosk.flows.payment.till import (
    ChoiceRequest,
    PracticeRequest,
    Till,
    TillRequest,
    TillView,
    TillWaiting,
    WaitingView,
)
from kiosk.flows.staff.cells import CellCommands, CellRequest, CellsView, PickupCodeView
from kiosk.flows.staff.commands import StaffCommands, StopRequest
from kiosk.flows.staff.endpoints import EndpointCommands, EndpointView
from kiosk.flows.staff.kitchen_view import KitchenReport, KitchenView
from kiosk.flows.staff.reports.statistics import Reports, StatsView
from kiosk.flows.staff.reports.tables import TablesView, tables_of
from kiosk.flows.staff.second_person import RefundConfirmation, RefundRequestsView, SecondPerson
from kiosk.flows.staff.stuck import StuckMoves

CSV, XLSX = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class ShiftSwitch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    open: bool


class OpenShift(Nothing, frozen=True):
    open: ClassVar[bool] = True


class CloseShift(Nothing, frozen=True):
    open: ClassVar[bool] = False


class Replay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Deliver again from `sequence`; null: only wake an endpoint that was given up."""

    url: Annotated[str, msgspec.Meta(min_length=1, max_length=2048)]
    sequence: Annotated[int, msgspec.Meta(ge=1, le=2**53)] | None = None


class ReplayRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Deliver again from `sequence`; to every endpoint where none is named."""

    sequence: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    url: str | None = None


class EnableRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    url: str
    sequence: ClassVar[None] = None


class AvailabilityView(msgspec.Struct, frozen=True):
    items: list[Availability]


class StuckView(msgspec.Struct, frozen=True):
    stuck: list[Stuck]


class EndpointsView(msgspec.Struct, frozen=True):
    webhooks: list[EndpointView]


@dataclass(frozen=True, slots=True, kw_only=True)
class SellingApi:
    """Stop list, money back, what is stuck, figures, and the ways out of the outbox."""

    menu: MenuBytes
    staff_commands: StaffCommands
    second_person: SecondPerson
    stuck_moves: StuckMoves
    reports: Reports
    endpoint_commands: EndpointCommands
    till: Till

    async def till_waiting(self, _: BareCall[str]) -> TillWaiting:
        return await self.till.waiting()

    async def take_at_till(self, call: Call[str, TillRequest]) -> TillView:
        return await self.till.take(call.read(TILL_CODE), call.body, call.by)

    async def announce_at_till(self, call: Call[str, ChoiceRequest]) -> WaitingView:
        return await self.till.announce(call.read(TILL_CODE), call.body, call.by)

    async def refuse_at_till(self, call: BareCall[str]) -> WaitingView:
        return await self.till.refuse(call.read(TILL_CODE), call.by)

    async def practise_at_till(self, call: Call[Simulators, PracticeRequest]) -> None:
        await self.till.practise(call.read(TILL_CODE), call.body)

    async def stop(self, call: Call[str, StopRequest]) -> AvailabilityView:
        return AvailabilityView(self.menu.availability(await self.staff_commands.stop(call.body, call.by)))

    async def refund(self, call: Call[Person, RefundRequest]) -> RefundView:
        return refund_view(await self.second_person.refund(call.read(ORDER_ID), call.body, call.by))

    async def refund_requests(self, call: BareCall[Person]) -> RefundRequestsView:
        return await self.second_person.waiting(call.by)

    async def confirm_refund(self, call: Call[Person, RefundConfirmation]) -> RefundView:
        address = call.request.remote or ""
        confirmed = await self.second_person.confirm(call.read(REQUEST_ID), call.body, call.by, address)
        return refund_view(confirmed)

    async def refuse_refund(self, call: BareCall[Person]) -> RefundRequestsView:
        await self.second_person.refuse(call.read(REQUEST_ID), call.by)
        return await self.second_person.waiting(call.by)

    async def stuck(self, _: BareCall[str]) -> StuckView:
        return StuckView(await self.stuck_moves.stuck())

    async def decide(self, call: Call[Person, Decision]) -> StuckView:
        return StuckView(await self.stuck_moves.move(call.read(STUCK_ID), call.body, call.by))

    async def stats(self, call: BareCall[str]) -> StatsView:
        return await self.reports.named(call.read(FROM), call.read(TO))

    async def stats_tables(self, call: BareCall[str]) -> TablesView:
        view = await self.reports.named(call.read(FROM), call.read(TO))
        return TablesView(view, tables_of(view, call.language))

    async def stats_csv(self, call: BareCall[str]) -> web.Response:
        view = await self.reports.named(call.read(FROM), call.read(TO))
        return _file(view, "csv", CSV, csv_bytes(tables_of(view, call.language)))

    async def stats_xlsx(self, call: BareCall[str]) -> web.Response:
        view = await self.reports.named(call.read(FROM), call.read(TO))
        return _file(view, "xlsx", XLSX, xlsx_bytes(tables_of(view, call.language)))

    async def endpoints(self, _: Call[str, object]) -> EndpointsView:
        return EndpointsView(await self.endpoint_commands.endpoints())

    async def deliver_again(self, call: Call[str, Replay | ReplayRequest | EnableRequest]) -> EndpointsView:
        url, sequence = call.body.url, call.body.sequence
        if sequence is not None:
            await self.endpoint_commands.replay(sequence, url, call.by)
        elif url is not None:
            await self.endpoint_commands.enable(url, call.by)
        return await self.endpoints(call)


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicesApi:
    """Shift, card reader, bins, robot and cells."""

    shift: ShiftCommands
    settlement: Settlement
    pickup: Pickup
    cell_commands: CellCommands
    kitchen_report: KitchenReport

    async def switch_shift(self, call: Call[str, ShiftSwitch | OpenShift | CloseShift]) -> ShiftView:
        return await (self.shift.open(call.by) if call.body.open else self.shift.close(call.by))

    async def show_terminal(self, _: BareCall[str]) -> SettlementView:
        return await self.settlement.view()

    async def settle(self, call: BareCall[str]) -> SettlementView:
        return await self.settlement.settle(call.by)

    async def x_report(self, call: BareCall[str]) -> ShiftReportView:
        return await self.shift.x_report(call.by)

    async def acknowledge(self, call: BareCall[str]) -> None:
        await self.pickup.acknowledge(call.by)

    async def kitchen(self, _: BareCall[str]) -> KitchenView:
        return await self.kitchen_report.view()

    async def cells(self, _: BareCall[str]) -> CellsView:
        return await self.cell_commands.cells()

    async def tend_cell(self, call: Call[str, CellRequest]) -> CellsView:
        return await self.cell_commands.act(call.read(CELL), call.body, call.by)

    async def new_code(self, call: BareCall[str]) -> PickupCodeView:
        return await self.cell_commands.new_code(call.read(ORDER_ID), call.by)


def _file(view: StatsView, ending: str, media: str, body: bytes) -> web.Response:
    """To be kept under the name of its period."""
    name = f"kiosk-{view.first_day}-{view.last_day}.{ending}"
    return web.Response(
        body=body, content_type=media, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
