"""The rows of the table of operations for staff about the process itself, at the page behind the PIN alone."""

from __future__ import annotations

from kiosk.api.admission import PERSON, STAFF
from kiosk.api.calls import Operation
from kiosk.api.staff.system import EventRowsView, LogView, SystemApi
from kiosk.domain import errors
from kiosk.domain.staff import refusals
from kiosk.domain.staff.roles import EVERY_ROLE, MANAGING, SERVICING
from kiosk.flows.staff.process_commands import ProcessView
from kiosk.flows.staff.site_tasks import SiteTasksView, TrialRequest
from kiosk.flows.staff.traffic import TrafficRequest, TrafficView
from kiosk.socket_calls import Address

SYSTEM_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        Address("GET", "/api/service/process"), SystemApi.show_process, STAFF, {200: ProcessView},
        summary="The process: its version, since when it runs, whether it may be restarted here", stores=False,
        may=SERVICING,
    ),
    Operation(
        Address("POST", "/api/service/screens/reload"), SystemApi.reload_screens, STAFF, {204: None},
        summary="Guest screens load anew, each as soon as nobody stands before it", may=SERVICING,
    ),
    Operation(
        Address("POST", "/api/service/process/restart"), SystemApi.restart, STAFF, {204: None},
        summary="End the process, which systemd brings back; 404 where nobody would", refusals=(errors.NotFound,),
        may=SERVICING,
    ),
    Operation(
        Address("POST", "/api/service/browser/restart"), SystemApi.restart_browser, STAFF, {204: None},
        summary="Restart the browser of this machine, which systemd does; 404 without it",
        refusals=(errors.NotFound, refusals.BrowserNotRestarted), may=SERVICING,
    ),
    Operation(
        Address("GET", "/api/service/traffic"), SystemApi.show_traffic, STAFF, {200: TrafficView},
        summary="What went over the lines of registrars and robot, in hex, as far as somebody listens", stores=False,
        may=SERVICING,
    ),
    Operation(
        Address("POST", "/api/service/traffic"), SystemApi.switch_traffic, STAFF, {200: TrafficView},
        summary="Listen to a line for ten minutes, or no more", body=TrafficRequest, refusals=(errors.NotFound,),
        may=SERVICING,
    ),
    Operation(
        Address("GET", "/api/service/tasks"), SystemApi.show_tasks, STAFF, {200: SiteTasksView},
        summary="Acts that take long: how far the last audit and backup are, and what came of them", stores=False,
        may=SERVICING,
    ),
    Operation(
        Address("POST", "/api/service/tasks/audit"), SystemApi.audit, STAFF, {202: SiteTasksView},
        summary="Compare our books with bank, registrar and robot; goes on when the page is left", may=SERVICING,
    ),
    Operation(
        Address("POST", "/api/service/tasks/backup"), SystemApi.backup, STAFF, {202: SiteTasksView},
        summary="Copy the database while it is used, beside the standby copy or the database; goes on by itself",
        may=SERVICING,
    ),
    Operation(
        Address("POST", "/api/service/tasks/trial"), SystemApi.trial, PERSON, {202: SiteTasksView},
        summary="Sell the cheapest dish for a trial and give the money back; goes on by itself", body=TrialRequest,
        may=MANAGING,
    ),
    Operation(
        Address("GET", "/api/service/log"), SystemApi.log, STAFF, {200: LogView},
        summary="The last lines of this process's log, masked", stores=False, may=SERVICING,
    ),
    Operation(
        Address("GET", "/api/service/events"), SystemApi.events, STAFF, {200: EventRowsView},
        summary="The newest events of the outbox", may=SERVICING,
    ),
    Operation(
        Address("POST", "/api/service/support-bundle"), SystemApi.support, STAFF, {200: bytes},
        summary="A zip archive for whoever helps: settings without secrets, checks, log, journal, figures",
        media="application/zip", may=SERVICING,
    ),
    Operation(
        Address("POST", "/api/service/test-print"), SystemApi.print_test, STAFF, {204: None},
        summary="Print some lines that are no document", refusals=(errors.DeviceUnavailable,), may=EVERY_ROLE,
    ),
)  # fmt: skip
