"""The rows of the table of operations that the unix socket alone has, and those that tell of the process."""

from __future__ import annotations

from typing import Any

from kiosk import socket_calls
from kiosk.api.admission import ANYONE, SOCKET
from kiosk.api.calls import Operation
from kiosk.api.health import HealthApi
from kiosk.api.http.parameters import AFTER, FROM, ITEM, TO
from kiosk.api.site import BackupRequest, BinsView, SiteApi, WantedIngredients, WantedStatus
from kiosk.api.staff.acts import (
    AvailabilityView,
    CloseShift,
    DevicesApi,
    EnableRequest,
    EndpointsView,
    OpenShift,
    ReplayRequest,
    SellingApi,
)
from kiosk.api.staff.alarms import AlarmsApi
from kiosk.api.staff.status import Pause, Resume, StatusApi
from kiosk.domain import errors
from kiosk.flows.fiscal.audit import AuditView
from kiosk.flows.fiscal.shift_commands import ShiftView
from kiosk.flows.staff.alarms.commands import AlarmsView
from kiosk.flows.staff.commands import StopRequest
from kiosk.flows.staff.order_cards import StaffOrderView
from kiosk.flows.staff.reports.statistics import StatsView
from kiosk.flows.stock.reservations import ReservationView
from kiosk.socket_calls import Address

_JSON = dict[str, Any]

SITE_OPERATIONS: tuple[Operation, ...] = (
    Operation(socket_calls.AVAILABILITY, SiteApi.availability, SOCKET, {200: AvailabilityView}, parameters=(ITEM,)),
    Operation(socket_calls.BINS, SiteApi.list_bins, SOCKET, {200: BinsView}),
    Operation(
        socket_calls.RESERVE, SiteApi.reserve, SOCKET, {200: ReservationView}, body=WantedIngredients,
        refusals=(errors.IngredientsUnavailable,),
    ),
    Operation(socket_calls.RELEASE, SiteApi.release, SOCKET, {204: None}, refusals=(errors.NotFound,)),
    Operation(socket_calls.STATUS, StatusApi.status, SOCKET, {200: _JSON}),
    Operation(socket_calls.DEVICES, StatusApi.devices, SOCKET, {200: _JSON}),
    Operation(socket_calls.PAUSE, StatusApi.switch_sales, SOCKET, {200: _JSON}, body=Pause),
    Operation(socket_calls.RESUME, StatusApi.switch_sales, SOCKET, {200: _JSON}, body=Resume),
    Operation(
        socket_calls.EVENTS, SiteApi.events, SOCKET, {200: _JSON}, parameters=(AFTER,),
        refusals=(errors.InvalidRequest,),
    ),
    Operation(socket_calls.STOP_LIST, SiteApi.list_stopped, SOCKET, {200: _JSON}),
    Operation(
        socket_calls.STOP, SellingApi.stop, SOCKET, {200: AvailabilityView}, body=StopRequest,
        refusals=(errors.NotFound,),
    ),
    Operation(socket_calls.ALARMS, AlarmsApi.list_alarms, SOCKET, {200: AlarmsView}),
    Operation(socket_calls.ORDERS, SiteApi.list_orders, SOCKET, {200: _JSON}),
    Operation(
        socket_calls.ORDER_STATUS, SiteApi.set_status, SOCKET, {200: StaffOrderView}, body=WantedStatus,
        refusals=(errors.NotFound, errors.OrderStateConflict),
    ),
    Operation(
        socket_calls.REPORT, SiteApi.report, SOCKET, {200: StatsView},
        refusals=(errors.InvalidRequest, errors.NotFound),
    ),
    Operation(socket_calls.WEBHOOKS, SellingApi.endpoints, SOCKET, {200: EndpointsView}),
    Operation(
        socket_calls.REPLAY, SellingApi.deliver_again, SOCKET, {200: EndpointsView}, body=ReplayRequest,
        refusals=(errors.NotFound,),
    ),
    Operation(
        socket_calls.ENABLE, SellingApi.deliver_again, SOCKET, {200: EndpointsView}, body=EnableRequest,
        refusals=(errors.NotFound,),
    ),
    Operation(
        socket_calls.BACKUP, SiteApi.backup, SOCKET, {200: _JSON}, body=BackupRequest,
        refusals=(errors.InvalidRequest, errors.NotFound),
    ),
    Operation(
        socket_calls.AUDIT, SiteApi.audit, SOCKET, {200: AuditView}, parameters=(FROM, TO),
        refusals=(errors.InvalidRequest,),
    ),
    Operation(
        socket_calls.OPEN_SHIFT, DevicesApi.switch_shift, SOCKET, {200: ShiftView}, body=OpenShift,
        refusals=(errors.DeviceUnavailable,),
    ),
    Operation(
        socket_calls.CLOSE_SHIFT, DevicesApi.switch_shift, SOCKET, {200: ShiftView}, body=CloseShift,
        refusals=(errors.DeviceUnavailable,),
    ),
    Operation(
        Address("GET", "/healthz"), HealthApi.alive, ANYONE, {200: dict[str, bool]}, summary="Alive", stores=False,
    ),
    Operation(
        Address("GET", "/readyz"), HealthApi.ready, ANYONE, {200: _JSON, 503: _JSON},
        summary="Every check; 503 only while starting, stopping, or when the database cannot write", stores=False,
    ),
    Operation(
        Address("GET", "/metrics"), HealthApi.metrics, ANYONE, {200: str}, summary="Prometheus text",
        media="text/plain",
    ),
)  # fmt: skip
