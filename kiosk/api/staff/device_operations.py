"""The rows of the table of operations for staff at the devices: shift, reader, robot, bins, lots, cells, upkeep; at the
page behind the PIN, and where the socket has the same. `may` says whose act it is (access.md#roles)."""

from __future__ import annotations

from kiosk import socket_calls
from kiosk.api.admission import STAFF
from kiosk.api.calls import Operation
from kiosk.api.http.parameters import DRIVE, LOT, OF_DAY
from kiosk.api.staff.acts import DevicesApi, ShiftSwitch
from kiosk.api.staff.fiscal import FiscalApi, ReplaceDriveRequest, UseRegistrarRequest
from kiosk.api.staff.food import FoodApi
from kiosk.domain import errors
from kiosk.domain.staff.roles import EVERY_ROLE, MANAGING, SERVICING, SERVING
from kiosk.flows.fiscal.corrections import CorrectRequest, CorrectView
from kiosk.flows.fiscal.day import KeptReportsView, ShiftReportView
from kiosk.flows.fiscal.shift_commands import DriveView, RegistrarsView, ShiftView
from kiosk.flows.payment.settlement import SettlementView
from kiosk.flows.staff.cell_journal import CellJournalView
from kiosk.flows.staff.cells import CellRequest, CellsView
from kiosk.flows.staff.kitchen_view import KitchenView
from kiosk.flows.staff.temperatures import TemperaturesView
from kiosk.flows.staff.upkeep import UpkeepDone, UpkeepJournalView, UpkeepView
from kiosk.flows.stock.bins import Refill, WriteOff
from kiosk.flows.stock.lots import LotJournalView, LotName, LotsView, Relabel, TraceView
from kiosk.socket_calls import Address

DEVICE_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        Address("POST", "/api/service/shift"), DevicesApi.switch_shift, STAFF, {204: None},
        summary="Open the fiscal shift, or close it with the Z report, by staff", body=ShiftSwitch,
        refusals=(errors.DeviceUnavailable,), may=EVERY_ROLE,
    ),
    Operation(
        Address("POST", "/api/service/x-report"), DevicesApi.x_report, STAFF, {200: ShiftReportView},
        summary="Print the shift's totals, keep them and compare them with the books; nothing is closed",
        socket=socket_calls.X_REPORT, refusals=(errors.DeviceUnavailable,), may=EVERY_ROLE,
    ),
    Operation(
        Address("GET", "/api/service/shift"), FiscalApi.show_shift, STAFF, {200: ShiftView},
        summary="The shift, the drive and what is not sent to the operator, as the registrar tells it now",
        socket=socket_calls.SHIFT, refusals=(errors.DeviceUnavailable,), may=EVERY_ROLE,
    ),
    Operation(
        Address("GET", "/api/service/shift/reports"), FiscalApi.kept_reports, STAFF, {200: KeptReportsView},
        summary="The Z reports that are kept, the newest first", may=EVERY_ROLE,
    ),
    Operation(
        Address("GET", "/api/service/shift/reports/{shift}"), FiscalApi.shift_report, STAFF, {200: ShiftReportView},
        summary="One kept Z report, with its text for a print", parameters=(DRIVE,), socket=socket_calls.SHIFT_REPORT,
        refusals=(errors.InvalidRequest, errors.NotFound), may=EVERY_ROLE,
    ),
    Operation(
        Address("GET", "/api/service/registrars"), FiscalApi.registrars, STAFF, {200: RegistrarsView},
        summary="The registrars of this kiosk, and through which it sells", socket=socket_calls.REGISTRARS,
        stores=False, may=EVERY_ROLE,
    ),
    Operation(
        Address("POST", "/api/service/registrars/use"), FiscalApi.use_registrar, STAFF, {200: RegistrarsView},
        summary="Sell through another registrar from now on", body=UseRegistrarRequest,
        socket=socket_calls.USE_REGISTRAR, refusals=(errors.NotFound, errors.DeviceUnavailable), may=SERVICING,
    ),
    Operation(
        Address("POST", "/api/service/registrars/replace-drive"), FiscalApi.replace_drive, STAFF, {200: DriveView},
        summary="Before another fiscal drive is put in, and again after it", body=ReplaceDriveRequest,
        socket=socket_calls.REPLACE_DRIVE, refusals=(errors.DeviceUnavailable,), may=SERVICING,
    ),
    Operation(
        Address("POST", "/api/service/corrections"), FiscalApi.correct, STAFF, {202: CorrectView},
        summary="Take a receipt with wrong rates back and make it right", body=CorrectRequest,
        socket=socket_calls.CORRECT, refusals=(errors.NotFound, errors.OrderStateConflict, errors.ArchiveBroken),
        may=SERVICING,
    ),
    Operation(
        Address("GET", "/api/service/corrections/{order_id}"), FiscalApi.estimate_correction, STAFF,
        {200: CorrectView}, summary="What a correction of an order's receipt would change; writes nothing",
        refusals=(errors.NotFound, errors.OrderStateConflict, errors.ArchiveBroken), may=SERVICING,
    ),
    Operation(
        Address("GET", "/api/service/terminal"), DevicesApi.show_terminal, STAFF, {200: SettlementView},
        summary="What became of the card reader's last settlement, and when the next is due",
        socket=socket_calls.TERMINAL, may=EVERY_ROLE,
    ),
    Operation(
        Address("POST", "/api/service/terminal/settle"), DevicesApi.settle, STAFF, {200: SettlementView},
        summary="Close the card reader's day at its bank now; refused beside a payment, a refund or a receipt",
        socket=socket_calls.SETTLE, refusals=(errors.DeviceUnavailable,), may=EVERY_ROLE,
    ),
    Operation(
        Address("POST", "/api/service/refill"), FoodApi.refill, STAFF, {204: None},
        summary="A bin was filled up to this amount, with a lot where one is named", body=Refill,
        socket=socket_calls.REFILL, refusals=(errors.InvalidRequest, errors.DeviceUnavailable), may=EVERY_ROLE,
    ),
    Operation(
        Address("GET", "/api/service/lots"), FoodApi.show_lots, STAFF, {200: LotsView},
        summary="What lies in the bins by lot, the next to be used first, and the recalls that stand",
        socket=socket_calls.LOTS, may=EVERY_ROLE,
    ),
    Operation(
        Address("GET", "/api/service/lots/journal"), FoodApi.show_journal, STAFF, {200: LotJournalView},
        summary="Lots that were received, written off, relabelled or recalled on a day", parameters=(OF_DAY,),
        socket=socket_calls.LOT_JOURNAL, refusals=(errors.InvalidRequest,), may=EVERY_ROLE,
    ),
    Operation(
        Address("GET", "/api/service/lots/trace"), FoodApi.trace, STAFF, {200: TraceView},
        summary="One lot: what lies in the bins, which portions were made of it, how their guests are reached",
        parameters=(LOT,), socket=socket_calls.LOT_TRACE, stores=False,
        refusals=(errors.InvalidRequest, errors.NotFound), may=MANAGING,
    ),
    Operation(
        Address("POST", "/api/service/lots/recall"), FoodApi.recall, STAFF, {200: TraceView},
        summary="Everything of a lot is unsellable at once, what waits of it is given back; again changes nothing",
        body=LotName, socket=socket_calls.RECALL_LOT, refusals=(errors.InvalidRequest, errors.NotFound), may=MANAGING,
    ),
    Operation(
        Address("POST", "/api/service/lots/lift"), FoodApi.lift, STAFF, {200: TraceView},
        summary="Take the recall of a lot back", body=LotName, socket=socket_calls.LIFT_RECALL,
        refusals=(errors.InvalidRequest, errors.NotFound), may=MANAGING,
    ),
    Operation(
        Address("POST", "/api/service/lots/{lot_id}/write-off"), FoodApi.write_off, STAFF, {200: LotsView},
        summary="So much of a lot was taken out of its bin and thrown away; answers with what is left", body=WriteOff,
        socket=socket_calls.WRITE_OFF_LOT,
        refusals=(errors.NotFound, errors.InvalidRequest, errors.DeviceUnavailable), may=SERVING,
    ),
    Operation(
        Address("POST", "/api/service/lots/{lot_id}/expiry"), FoodApi.relabel, STAFF, {200: LotsView},
        summary="The package of a lot says another date than was typed", body=Relabel, socket=socket_calls.RELABEL_LOT,
        refusals=(errors.NotFound, errors.InvalidRequest), may=SERVING,
    ),
    Operation(
        Address("POST", "/api/service/robot/acknowledge"), DevicesApi.acknowledge, STAFF, {204: None},
        summary="After an emergency stop: a person has looked and released the button", socket=socket_calls.ACKNOWLEDGE,
        refusals=(errors.DeviceUnavailable,), may=EVERY_ROLE,
    ),
    Operation(
        Address("GET", "/api/service/kitchen"), DevicesApi.kitchen, STAFF, {200: KitchenView},
        summary="What the robot does: jobs with phase and station, what waits and why, the line, what was made of late",
        socket=socket_calls.KITCHEN, may=EVERY_ROLE,
    ),
    Operation(
        Address("GET", "/api/service/temperatures"), FoodApi.show_temperatures, STAFF, {200: TemperaturesView},
        summary="Temperatures of bins, stations and cells on a day, by hour, with their limits", parameters=(OF_DAY,),
        socket=socket_calls.TEMPERATURES, refusals=(errors.InvalidRequest,), may=EVERY_ROLE,
    ),
    Operation(
        Address("GET", "/api/service/upkeep"), FoodApi.show_upkeep, STAFF, {200: UpkeepView},
        summary="Cleaning and oil: what is due when at which station, and who did it", socket=socket_calls.UPKEEP,
        may=EVERY_ROLE,
    ),
    Operation(
        Address("GET", "/api/service/upkeep/journal"), FoodApi.show_upkeep_journal, STAFF, {200: UpkeepJournalView},
        summary="Cleaning and oil that was done on a day, and by whom", parameters=(OF_DAY,),
        socket=socket_calls.UPKEEP_JOURNAL, refusals=(errors.InvalidRequest,), may=EVERY_ROLE,
    ),
    Operation(
        Address("POST", "/api/service/upkeep/{upkeep_id}/done"), FoodApi.upkeep_done, STAFF, {200: UpkeepView},
        summary="It was done just now: the count begins anew, the station's dishes are sold again", body=UpkeepDone,
        socket=socket_calls.UPKEEP_DONE, refusals=(errors.NotFound,), may=EVERY_ROLE,
    ),
    Operation(
        Address("GET", "/api/service/cells"), DevicesApi.cells, STAFF, {200: CellsView},
        summary="What each cell holds, and whose it is", socket=socket_calls.CELLS,
        refusals=(errors.DeviceUnavailable,), may=EVERY_ROLE,
    ),
    Operation(
        Address("GET", "/api/service/cells/journal"), FoodApi.show_cell_journal, STAFF, {200: CellJournalView},
        summary="Portions that came into cells on a day: chart, lots, temperatures, and what became of them",
        parameters=(OF_DAY,), socket=socket_calls.CELL_JOURNAL, refusals=(errors.InvalidRequest,), may=EVERY_ROLE,
    ),
    Operation(
        Address("POST", "/api/service/cells/{cell}"), DevicesApi.tend_cell, STAFF, {200: CellsView},
        summary="Open a cell, give its food out by hand, or write it off with a reason; answers with all cells",
        body=CellRequest, socket=socket_calls.TEND_CELL,
        refusals=(errors.NotFound, errors.CellStateConflict, errors.DeviceUnavailable), may=SERVING,
    ),
)  # fmt: skip
