"""The calls of the staff's pages and of the simulated devices, as OpenAPI tells them."""

from __future__ import annotations

from kiosk.api.describing import Operation
from kiosk.api.service import (
    PinRequest,
    Refill,
    Replay,
    SalesSwitch,
    ShiftSwitch,
    StatusView,
    StuckView,
)
from kiosk.api.sim import FaultSwitch, SimView
from kiosk.api.wire import Nothing
from kiosk.domain import errors
from kiosk.flows.choosing_portions import RefundRequest
from kiosk.flows.closing_day import ShiftReportView
from kiosk.flows.estimating_refunds import RefundEstimate, RefundEstimateRequest
from kiosk.flows.guests import TokenView
from kiosk.flows.naming import Decision
from kiosk.flows.overseeing import OverviewView
from kiosk.flows.reporting import StatsView
from kiosk.flows.tending import StopRequest
from kiosk.flows.tending_cells import CellRequest, CellsView, PickupCodeView
from kiosk.flows.views import RefundView

STAFF_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        method="POST",
        path="/api/service/session",
        summary="Open the staff's pages by PIN",
        body=PinRequest,
        answers={201: TokenView},
        refusals=(errors.StaffOnly, errors.TooManyRequests, errors.NotFound),
        stores=False,
    ),
    Operation(
        method="DELETE",
        path="/api/service/session",
        summary="Leave: the session is dead",
        session="required",
        answers={204: None},
    ),
    Operation(
        method="GET",
        path="/api/service/stats",
        summary="Statistics of a period, for staff",
        session="required",
        parameters=("from", "to"),
        answers={200: StatsView},
        refusals=(errors.InvalidRequest,),
    ),
    Operation(
        method="GET",
        path="/api/service/status",
        summary="Why sales are open or paused, for staff",
        session="required",
        answers={200: StatusView},
        stores=False,
    ),
    Operation(
        method="GET",
        path="/api/service/overview",
        summary="Lights, bins, shift, orders in work, stop list, webhooks, journal: the technician's page in one look",
        session="required",
        answers={200: OverviewView},
    ),
    Operation(
        method="POST",
        path="/api/service/sales",
        summary="Pause or resume sales, by staff",
        body=SalesSwitch,
        session="required",
        answers={204: None},
    ),
    Operation(
        method="POST",
        path="/api/service/shift",
        summary="Open the fiscal shift, or close it with the Z report, by staff",
        body=ShiftSwitch,
        session="required",
        answers={204: None},
        refusals=(errors.DeviceUnavailable,),
    ),
    Operation(
        method="POST",
        path="/api/service/x-report",
        summary="Print the shift's totals, keep them and compare them with the books; nothing is closed",
        body=Nothing,
        body_optional=True,
        session="required",
        answers={200: ShiftReportView},
        refusals=(errors.DeviceUnavailable,),
    ),
    Operation(
        method="POST",
        path="/api/service/refill",
        summary="A bin was filled up to this amount",
        body=Refill,
        session="required",
        answers={204: None},
        refusals=(errors.DeviceUnavailable,),
    ),
    Operation(
        method="POST",
        path="/api/service/robot/acknowledge",
        summary="After an emergency stop: a person has looked and released the button",
        body=Nothing,
        body_optional=True,
        session="required",
        answers={204: None},
        refusals=(errors.DeviceUnavailable,),
    ),
    Operation(
        method="GET",
        path="/api/service/cells",
        summary="What each cell holds, and whose it is",
        session="required",
        answers={200: CellsView},
        refusals=(errors.DeviceUnavailable,),
    ),
    Operation(
        method="POST",
        path="/api/service/cells/{cell}",
        summary="Open a cell, give its food out by hand, or write it off with a reason; answers with all cells",
        body=CellRequest,
        session="required",
        parameters=("cell",),
        answers={200: CellsView},
        refusals=(errors.NotFound, errors.CellStateConflict, errors.DeviceUnavailable),
    ),
    Operation(
        method="POST",
        path="/api/service/orders/{order_id}/pickup-code",
        summary="A new pick-up code; the old one is dead",
        body=Nothing,
        body_optional=True,
        session="required",
        parameters=("order_id",),
        answers={200: PickupCodeView},
        refusals=(errors.NotFound, errors.OrderStateConflict),
    ),
    Operation(
        method="POST",
        path="/api/service/stop-list",
        summary="Take a dish off sale, or put it back",
        body=StopRequest,
        session="required",
        answers={204: None},
        refusals=(errors.NotFound,),
    ),
    Operation(
        method="POST",
        path="/api/service/orders/{order_id}/refund",
        summary="Give the money back, whole or by dishes, with a reason; the order by id, number or receipt",
        body=RefundRequest,
        session="required",
        parameters=("order_id",),
        answers={202: RefundView},
        refusals=(errors.NotFound, errors.OrderStateConflict),
    ),
    Operation(
        method="POST",
        path="/api/service/orders/{order_id}/refund/estimate",
        summary="What of an order can still go back, and what the chosen part comes to; writes nothing",
        body=RefundEstimateRequest,
        body_optional=True,
        session="required",
        parameters=("order_id",),
        answers={200: RefundEstimate},
        refusals=(errors.NotFound, errors.OrderStateConflict),
        stores=False,
    ),
    Operation(
        method="GET",
        path="/api/service/stuck",
        summary="What waits for a person, with the moves that are safe",
        session="required",
        answers={200: StuckView},
    ),
    Operation(
        method="POST",
        path="/api/service/stuck/{stuck_id}",
        summary="One of the safe moves; answers with what is left",
        body=Decision,
        session="required",
        parameters=("stuck_id",),
        answers={200: StuckView},
        refusals=(errors.NotFound, errors.OrderStateConflict, errors.DeviceUnavailable),
    ),
    Operation(
        method="POST",
        path="/api/service/webhooks",
        summary="Wake an endpoint that was given up, or deliver again from a sequence on",
        body=Replay,
        session="required",
        answers={204: None},
        refusals=(errors.NotFound,),
    ),
    Operation(
        method="GET",
        path="/api/sim",
        summary="The simulated devices and their faults; 404 where every device is real",
        answers={200: SimView},
        refusals=(errors.NotFound,),
        stores=False,
    ),
    Operation(
        method="POST",
        path="/api/sim",
        summary="Switch a fault of a simulated device, for training",
        body=FaultSwitch,
        answers={200: SimView},
        refusals=(errors.NotFound,),
        stores=False,
    ),
)
