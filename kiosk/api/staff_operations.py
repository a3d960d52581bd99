"""The rows of the table of operations for staff: at the page behind the PIN, and where the socket has the same."""

from __future__ import annotations

from kiosk import socket_calls
from kiosk.api.admission import AT_THE_PIN, STAFF, TRAINEES
from kiosk.api.alarms import AlarmsApi
from kiosk.api.calls import Operation
from kiosk.api.food import FoodApi
from kiosk.api.http.parameters import FROM, LOT, OF_DAY, TO
from kiosk.api.people import PeopleApi
from kiosk.api.sim import FaultSwitch, SimApi, SimView
from kiosk.api.staff import DevicesApi, Replay, SellingApi, ShiftSwitch, StuckView
from kiosk.api.staff_pages import PinRequest, StaffPagesApi
from kiosk.api.status import SalesSwitch, StatusApi, StatusView
from kiosk.domain import errors
from kiosk.flows.fiscal.day import ShiftReportView
from kiosk.flows.fiscal.doubts import Decision
from kiosk.flows.identity.guests import TokenView
from kiosk.flows.ordering.views import RefundView
from kiosk.flows.payment.portions import RefundRequest
from kiosk.flows.payment.refund_estimate import RefundEstimate, RefundEstimateRequest
from kiosk.flows.payment.settlement import SettlementView
from kiosk.flows.payment.till import ChoiceRequest, PracticeRequest, TillRequest, TillView, TillWaiting, WaitingView
from kiosk.flows.staff.alarm_commands import AlarmsView, ChannelView
from kiosk.flows.staff.cell_journal import CellJournalView
from kiosk.flows.staff.cells import CellRequest, CellsView, PickupCodeView
from kiosk.flows.staff.commands import StopRequest
from kiosk.flows.staff.dashboard import OverviewView
from kiosk.flows.staff.kitchen_view import KitchenView
from kiosk.flows.staff.person_views import (
    BlockRequest,
    ContactRequest,
    CustomersView,
    ErasedView,
    ExportView,
    PersonView,
)
from kiosk.flows.staff.portion_records import OrderRecordView
from kiosk.flows.staff.statistics import StatsView
from kiosk.flows.staff.temperatures import TemperaturesView
from kiosk.flows.staff.upkeep import UpkeepDone, UpkeepJournalView, UpkeepView
from kiosk.flows.stock.bins import Refill, WriteOff
from kiosk.flows.stock.lots import LotJournalView, LotName, LotsView, Relabel, TraceView
from kiosk.socket_calls import Address

STAFF_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        Address("POST", "/api/service/session"), StaffPagesApi.open_session, AT_THE_PIN, {201: TokenView},
        summary="Open the staff's pages by PIN", body=PinRequest, stores=False,
        refusals=(errors.StaffOnly, errors.TooManyRequests, errors.NotFound),
    ),
    Operation(
        Address("DELETE", "/api/service/session"), StaffPagesApi.close_session, STAFF, {204: None},
        summary="Leave: the session is dead",
    ),
    Operation(
        Address("GET", "/api/service/stats"), SellingApi.stats, STAFF, {200: StatsView},
        summary="Statistics of a period, for staff", parameters=(FROM, TO), socket=socket_calls.STATS,
        refusals=(errors.InvalidRequest,),
    ),
    Operation(
        Address("GET", "/api/service/status"), StatusApi.sales, STAFF, {200: StatusView},
        summary="Why sales are open or paused, for staff", stores=False,
    ),
    Operation(
        Address("GET", "/api/service/overview"), StaffPagesApi.overview, STAFF, {200: OverviewView},
        summary="Lights, bins, shift, orders in work, stop list, webhooks, journal: the staff's page in one look",
    ),
    Operation(
        Address("GET", "/api/service/alarms"), AlarmsApi.show_alarms, STAFF, {200: AlarmsView},
        summary="Alarms that stand, the last that are over, and who is called; a page that asks has shown them",
    ),
    Operation(
        Address("POST", "/api/service/alarms/{alarm_id}/acknowledge"), AlarmsApi.acknowledge, STAFF, {200: AlarmsView},
        summary="Somebody sees to an alarm: nobody else is called for it", socket=socket_calls.ACK_ALARM,
        refusals=(errors.NotFound, errors.OrderStateConflict),
    ),
    Operation(
        Address("POST", "/api/service/alarm-channels/{channel}/test"), AlarmsApi.test_channel, STAFF,
        {200: ChannelView}, summary="Send a test by a channel now, and tell what became of it",
        socket=socket_calls.TEST_CHANNEL, refusals=(errors.NotFound,),
    ),
    Operation(
        Address("POST", "/api/service/sales"), StatusApi.switch_sales, STAFF, {204: None},
        summary="Pause or resume sales, by staff", body=SalesSwitch,
    ),
    Operation(
        Address("POST", "/api/service/shift"), DevicesApi.switch_shift, STAFF, {204: None},
        summary="Open the fiscal shift, or close it with the Z report, by staff", body=ShiftSwitch,
        refusals=(errors.DeviceUnavailable,),
    ),
    Operation(
        Address("POST", "/api/service/x-report"), DevicesApi.x_report, STAFF, {200: ShiftReportView},
        summary="Print the shift's totals, keep them and compare them with the books; nothing is closed",
        socket=socket_calls.X_REPORT, refusals=(errors.DeviceUnavailable,),
    ),
    Operation(
        Address("GET", "/api/service/terminal"), DevicesApi.show_terminal, STAFF, {200: SettlementView},
        summary="What became of the card reader's last settlement, and when the next is due",
        socket=socket_calls.TERMINAL,
    ),
    Operation(
        Address("POST", "/api/service/terminal/settle"), DevicesApi.settle, STAFF, {200: SettlementView},
        summary="Close the card reader's day at its bank now; refused beside a payment, a refund or a receipt",
        socket=socket_calls.SETTLE, refusals=(errors.DeviceUnavailable,),
    ),
    Operation(
        Address("POST", "/api/service/refill"), FoodApi.refill, STAFF, {204: None},
        summary="A bin was filled up to this amount, with a lot where one is named", body=Refill,
        socket=socket_calls.REFILL, refusals=(errors.InvalidRequest, errors.DeviceUnavailable),
    ),
    Operation(
        Address("GET", "/api/service/lots"), FoodApi.show_lots, STAFF, {200: LotsView},
        summary="What lies in the bins by lot, the next to be used first, and the recalls that stand",
        socket=socket_calls.LOTS,
    ),
    Operation(
        Address("GET", "/api/service/lots/journal"), FoodApi.show_journal, STAFF, {200: LotJournalView},
        summary="Lots that were received, written off, relabelled or recalled on a day", parameters=(OF_DAY,),
        socket=socket_calls.LOT_JOURNAL, refusals=(errors.InvalidRequest,),
    ),
    Operation(
        Address("GET", "/api/service/lots/trace"), FoodApi.trace, STAFF, {200: TraceView},
        summary="One lot: what lies in the bins, which portions were made of it, how their guests are reached",
        parameters=(LOT,), socket=socket_calls.LOT_TRACE, stores=False,
        refusals=(errors.InvalidRequest, errors.NotFound),
    ),
    Operation(
        Address("POST", "/api/service/lots/recall"), FoodApi.recall, STAFF, {200: TraceView},
        summary="Everything of a lot is unsellable at once, what waits of it is given back; again changes nothing",
        body=LotName, socket=socket_calls.RECALL_LOT, refusals=(errors.InvalidRequest, errors.NotFound),
    ),
    Operation(
        Address("POST", "/api/service/lots/lift"), FoodApi.lift, STAFF, {200: TraceView},
        summary="Take the recall of a lot back", body=LotName, socket=socket_calls.LIFT_RECALL,
        refusals=(errors.InvalidRequest, errors.NotFound),
    ),
    Operation(
        Address("POST", "/api/service/lots/{lot_id}/write-off"), FoodApi.write_off, STAFF, {200: LotsView},
        summary="So much of a lot was taken out of its bin and thrown away; answers with what is left", body=WriteOff,
        socket=socket_calls.WRITE_OFF_LOT,
        refusals=(errors.NotFound, errors.InvalidRequest, errors.DeviceUnavailable),
    ),
    Operation(
        Address("POST", "/api/service/lots/{lot_id}/expiry"), FoodApi.relabel, STAFF, {200: LotsView},
        summary="The package of a lot says another date than was typed", body=Relabel, socket=socket_calls.RELABEL_LOT,
        refusals=(errors.NotFound, errors.InvalidRequest),
    ),
    Operation(
        Address("POST", "/api/service/robot/acknowledge"), DevicesApi.acknowledge, STAFF, {204: None},
        summary="After an emergency stop: a person has looked and released the button", socket=socket_calls.ACKNOWLEDGE,
        refusals=(errors.DeviceUnavailable,),
    ),
    Operation(
        Address("GET", "/api/service/kitchen"), DevicesApi.kitchen, STAFF, {200: KitchenView},
        summary="What the robot does: jobs with phase and station, what waits and why, the line, what was made of late",
        socket=socket_calls.KITCHEN,
    ),
    Operation(
        Address("GET", "/api/service/temperatures"), FoodApi.show_temperatures, STAFF, {200: TemperaturesView},
        summary="Temperatures of bins, stations and cells on a day, by hour, with their limits", parameters=(OF_DAY,),
        socket=socket_calls.TEMPERATURES, refusals=(errors.InvalidRequest,),
    ),
    Operation(
        Address("GET", "/api/service/upkeep"), FoodApi.show_upkeep, STAFF, {200: UpkeepView},
        summary="Cleaning and oil: what is due when at which station, and who did it", socket=socket_calls.UPKEEP,
    ),
    Operation(
        Address("GET", "/api/service/upkeep/journal"), FoodApi.show_upkeep_journal, STAFF, {200: UpkeepJournalView},
        summary="Cleaning and oil that was done on a day, and by whom", parameters=(OF_DAY,),
        socket=socket_calls.UPKEEP_JOURNAL, refusals=(errors.InvalidRequest,),
    ),
    Operation(
        Address("POST", "/api/service/upkeep/{upkeep_id}/done"), FoodApi.upkeep_done, STAFF, {200: UpkeepView},
        summary="It was done just now: the count begins anew, the station's dishes are sold again", body=UpkeepDone,
        socket=socket_calls.UPKEEP_DONE, refusals=(errors.NotFound,),
    ),
    Operation(
        Address("GET", "/api/service/customers"), PeopleApi.newest, STAFF, {200: CustomersView},
        summary="The newest customers, their numbers masked", socket=socket_calls.CUSTOMERS,
    ),
    Operation(
        Address("POST", "/api/service/customers/find"), PeopleApi.find, STAFF, {200: PersonView},
        summary="What is kept of a number or address", body=ContactRequest, socket=socket_calls.FIND_CUSTOMER,
        refusals=(errors.InvalidRequest, errors.NotFound),
    ),
    Operation(
        Address("POST", "/api/service/customers/export"), PeopleApi.export, STAFF, {200: ExportView},
        summary="All that is kept of a person, for themselves", body=ContactRequest,
        socket=socket_calls.EXPORT_CUSTOMER, refusals=(errors.InvalidRequest, errors.NotFound),
    ),
    Operation(
        Address("POST", "/api/service/customers/erase"), PeopleApi.erase, STAFF, {200: ErasedView},
        summary="Number, address and points are deleted for good; receipts and sums stay under an id",
        body=ContactRequest, socket=socket_calls.ERASE_CUSTOMER,
        refusals=(errors.InvalidRequest, errors.PersonalDataInUse, errors.CustomerBlocked),
    ),
    Operation(
        Address("POST", "/api/service/customers/block"), PeopleApi.block, STAFF, {200: PersonView},
        summary="A number signs in no more, its sessions end now", body=BlockRequest,
        socket=socket_calls.BLOCK_CUSTOMER, refusals=(errors.InvalidRequest, errors.NotFound),
    ),
    Operation(
        Address("POST", "/api/service/customers/unblock"), PeopleApi.unblock, STAFF, {200: PersonView},
        summary="A blocked number may sign in again", body=ContactRequest, socket=socket_calls.UNBLOCK_CUSTOMER,
        refusals=(errors.InvalidRequest, errors.NotFound),
    ),
    Operation(
        Address("GET", "/api/service/cells"), DevicesApi.cells, STAFF, {200: CellsView},
        summary="What each cell holds, and whose it is", socket=socket_calls.CELLS,
        refusals=(errors.DeviceUnavailable,),
    ),
    Operation(
        Address("GET", "/api/service/cells/journal"), FoodApi.show_cell_journal, STAFF, {200: CellJournalView},
        summary="Portions that came into cells on a day: chart, lots, temperatures, and what became of them",
        parameters=(OF_DAY,), socket=socket_calls.CELL_JOURNAL, refusals=(errors.InvalidRequest,),
    ),
    Operation(
        Address("POST", "/api/service/cells/{cell}"), DevicesApi.tend_cell, STAFF, {200: CellsView},
        summary="Open a cell, give its food out by hand, or write it off with a reason; answers with all cells",
        body=CellRequest, socket=socket_calls.TEND_CELL,
        refusals=(errors.NotFound, errors.CellStateConflict, errors.DeviceUnavailable),
    ),
    Operation(
        Address("GET", "/api/service/orders/{order_id}/record"), FoodApi.show_record, STAFF, {200: OrderRecordView},
        summary="Of each portion its chart, lots, moments and temperatures; the order by id or number, of any year",
        refusals=(errors.NotFound, errors.ArchiveBroken),
    ),
    Operation(
        Address("POST", "/api/service/orders/{order_id}/pickup-code"), DevicesApi.new_code, STAFF,
        {200: PickupCodeView}, summary="A new pick-up code; the old one is dead", socket=socket_calls.PICKUP_CODE,
        refusals=(errors.NotFound, errors.OrderStateConflict),
    ),
    Operation(
        Address("POST", "/api/service/stop-list"), SellingApi.stop, STAFF, {204: None},
        summary="Take a dish off sale, or put it back", body=StopRequest, refusals=(errors.NotFound,),
    ),
    Operation(
        Address("POST", "/api/service/orders/{order_id}/refund"), SellingApi.refund, STAFF, {202: RefundView},
        summary="Give the money back, whole or by dishes, with a reason; the order by id, number or receipt",
        body=RefundRequest, socket=socket_calls.REFUND, refusals=(errors.NotFound, errors.OrderStateConflict),
    ),
    Operation(
        Address("POST", "/api/service/orders/{order_id}/refund/estimate"), StaffPagesApi.estimate_refund, STAFF,
        {200: RefundEstimate},
        summary="What of an order can still go back, and what the chosen part comes to; writes nothing",
        body=RefundEstimateRequest, body_optional=True, stores=False,
        refusals=(errors.NotFound, errors.OrderStateConflict),
    ),
    Operation(
        Address("GET", "/api/service/till"), SellingApi.till_waiting, STAFF, {200: TillWaiting},
        summary="Guests who wait to pay at the till, with their codes", socket=socket_calls.TILL, stores=False,
    ),
    Operation(
        Address("POST", "/api/service/till/{code}"), SellingApi.take_at_till, STAFF, {200: TillView},
        summary="Money was taken at the till for a guest's code, by card or in cash; the same words: the same answer",
        body=TillRequest, socket=socket_calls.TAKE_AT_TILL,
        refusals=(errors.TillCodeUnknown, errors.TillStateConflict, errors.GivenTooLittle, errors.FiscalUnavailable),
    ),
    Operation(
        Address("POST", "/api/service/till/{code}/receipt"), SellingApi.announce_at_till, STAFF, {200: WaitingView},
        summary="Print the receipt that comes before the money, by card or in cash as the guest will pay",
        body=ChoiceRequest, socket=socket_calls.ANNOUNCE_AT_TILL,
        refusals=(errors.TillCodeUnknown, errors.TillStateConflict, errors.FiscalUnavailable),
    ),
    Operation(
        Address("DELETE", "/api/service/till/{code}"), SellingApi.refuse_at_till, STAFF, {200: WaitingView},
        summary="The guest with this code does not pay: a receipt that was printed is taken back",
        socket=socket_calls.REFUSE_AT_TILL, refusals=(errors.TillCodeUnknown,),
    ),
    Operation(
        Address("GET", "/api/service/stuck"), SellingApi.stuck, STAFF, {200: StuckView},
        summary="What waits for a person, with the moves that are safe", socket=socket_calls.STUCK,
    ),
    Operation(
        Address("POST", "/api/service/stuck/{stuck_id}"), SellingApi.decide, STAFF, {200: StuckView},
        summary="One of the safe moves; answers with what is left", body=Decision, socket=socket_calls.DECIDE,
        refusals=(errors.NotFound, errors.OrderStateConflict, errors.DeviceUnavailable),
    ),
    Operation(
        Address("POST", "/api/service/webhooks"), SellingApi.deliver_again, STAFF, {204: None},
        summary="Wake an endpoint that was given up, or deliver again from a sequence on", body=Replay,
        refusals=(errors.NotFound,),
    ),
    Operation(
        Address("GET", "/api/sim"), SimApi.show, TRAINEES, {200: SimView},
        summary="The simulated devices and their faults; 404 where every device is real", stores=False,
        refusals=(errors.NotFound,),
    ),
    Operation(
        Address("POST", "/api/sim"), SimApi.switch, TRAINEES, {200: SimView},
        summary="Switch a fault of a simulated device, for training", body=FaultSwitch, stores=False,
        refusals=(errors.NotFound,),
    ),
    Operation(
        Address("POST", "/api/sim/till/{code}"), SellingApi.practise_at_till, TRAINEES, {204: None},
        summary="The cashier of a demo: prints a receipt that comes first, takes the money, or sends the guest away",
        body=PracticeRequest,
        refusals=(
            errors.NotFound, errors.TillCodeUnknown, errors.TillStateConflict, errors.GivenTooLittle,
            errors.FiscalUnavailable,
        ),
    ),
)  # fmt: skip
