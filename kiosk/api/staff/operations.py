"""The rows of the table of operations for staff: door, sales, money, guests, accounts; at the page behind the PIN, and
where the socket has the same. `may` says whose act it is (access.md#roles)."""

from __future__ import annotations

from kiosk import socket_calls
from kiosk.api.admission import AT_THE_PIN, PERSON, STAFF, TRAINEES
from kiosk.api.calls import Operation
from kiosk.api.http.parameters import FROM, TO
from kiosk.api.sim import FaultSwitch, SimApi, SimView
from kiosk.api.staff.acts import CSV, XLSX, DevicesApi, Replay, SellingApi, StuckView
from kiosk.api.staff.alarms import AlarmsApi
from kiosk.api.staff.orders import OrderCardsApi
from kiosk.api.staff.pages import AccountsApi, NamesView, PinChange, PinRequest, SessionView, StaffPagesApi
from kiosk.api.staff.people import PeopleApi
from kiosk.api.staff.status import SalesSwitch, StatusApi, StatusView
from kiosk.domain import errors
from kiosk.domain.staff import refusals
from kiosk.domain.staff.roles import EVERY_ROLE, MANAGING, OWNING, SERVICING, SERVING
from kiosk.flows.fiscal.doubts import Decision
from kiosk.flows.identity.guests import TokenView
from kiosk.flows.ordering.views import RefundView
from kiosk.flows.payment.portions import RefundRequest
from kiosk.flows.payment.refund_estimate import RefundEstimate, RefundEstimateRequest
from kiosk.flows.payment.till import ChoiceRequest, PracticeRequest, TillRequest, TillView, TillWaiting, WaitingView
from kiosk.flows.staff.accounts import AccountChange, AccountsView, NewAccount
from kiosk.flows.staff.alarms.commands import AlarmsView, ChannelView
from kiosk.flows.staff.cells import PickupCodeView
from kiosk.flows.staff.commands import StopRequest
from kiosk.flows.staff.dashboard import OverviewView
from kiosk.flows.staff.order_cards import FindOrders, FoundOrdersView, StaffOrderView
from kiosk.flows.staff.person_views import (
    BlockRequest,
    ContactRequest,
    CustomersView,
    ErasedView,
    ExportView,
    PersonView,
)
from kiosk.flows.staff.reports.statistics import StatsView
from kiosk.flows.staff.reports.tables import TablesView
from kiosk.flows.staff.second_person import RefundConfirmation, RefundRequestsView
from kiosk.socket_calls import Address

STAFF_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        Address("GET", "/api/service/names"), StaffPagesApi.names, AT_THE_PIN, {200: NamesView},
        summary="Whose names stand at the door of the staff's pages, and whether the shared PIN opens it", stores=False,
    ),
    Operation(
        Address("POST", "/api/service/session"), StaffPagesApi.open_session, AT_THE_PIN, {201: TokenView},
        summary="Open the staff's pages by PIN: of an account, or the shared one", body=PinRequest, stores=False,
        refusals=(errors.StaffOnly, refusals.AccountsOnly, errors.TooManyRequests, errors.NotFound),
    ),
    Operation(
        Address("GET", "/api/service/session"), StaffPagesApi.who, PERSON, {200: SessionView},
        summary="Whose session it is, and every act of staff that is theirs", stores=False, may=EVERY_ROLE,
    ),
    Operation(
        Address("POST", "/api/service/session/pin"), StaffPagesApi.change_pin, PERSON, {204: None},
        summary="Another PIN of one's own; one's sessions end", body=PinChange, may=EVERY_ROLE,
        refusals=(errors.NotFound, errors.StaffOnly, errors.TooManyRequests, refusals.PinUnfit),
    ),
    Operation(
        Address("DELETE", "/api/service/session"), StaffPagesApi.close_session, STAFF, {204: None},
        summary="Leave: the session is dead", may=EVERY_ROLE,
    ),
    Operation(
        Address("GET", "/api/service/stats"), SellingApi.stats, STAFF, {200: StatsView},
        summary="Statistics of a period, for staff", parameters=(FROM, TO), socket=socket_calls.STATS,
        refusals=(errors.InvalidRequest,), may=MANAGING,
    ),
    Operation(
        Address("GET", "/api/service/stats/tables"), SellingApi.stats_tables, STAFF, {200: TablesView},
        summary="The same, and as tables with their words: a page, a letter and a spreadsheet show the same",
        parameters=(FROM, TO), refusals=(errors.InvalidRequest,), may=MANAGING,
    ),
    Operation(
        Address("GET", "/api/service/stats/csv"), SellingApi.stats_csv, STAFF, {200: str},
        summary="The same as tables for a spreadsheet, one after the other", parameters=(FROM, TO), media=CSV,
        refusals=(errors.InvalidRequest,), may=MANAGING,
    ),
    Operation(
        Address("GET", "/api/service/stats/xlsx"), SellingApi.stats_xlsx, STAFF, {200: bytes},
        summary="The same as a workbook, a sheet for each table", parameters=(FROM, TO), media=XLSX,
        refusals=(errors.InvalidRequest,), may=MANAGING,
    ),
    Operation(
        Address("GET", "/api/service/status"), StatusApi.sales, STAFF, {200: StatusView},
        summary="Why sales are open or paused, for staff", stores=False, may=EVERY_ROLE,
    ),
    Operation(
        Address("GET", "/api/service/overview"), StaffPagesApi.overview, STAFF, {200: OverviewView},
        summary="Lights, bins, shift, orders in work, stop list, webhooks, journal: the staff's page in one look",
        may=EVERY_ROLE,
    ),
    Operation(
        Address("GET", "/api/service/alarms"), AlarmsApi.show_alarms, STAFF, {200: AlarmsView},
        summary="Alarms that stand, the last that are over, and who is called; a page that asks has shown them",
        may=EVERY_ROLE,
    ),
    Operation(
        Address("POST", "/api/service/alarms/{alarm_id}/acknowledge"), AlarmsApi.acknowledge, STAFF, {200: AlarmsView},
        summary="Somebody sees to an alarm: nobody else is called for it", socket=socket_calls.ACK_ALARM,
        refusals=(errors.NotFound, errors.OrderStateConflict), may=EVERY_ROLE,
    ),
    Operation(
        Address("POST", "/api/service/alarm-channels/{channel}/test"), AlarmsApi.test_channel, STAFF,
        {200: ChannelView}, summary="Send a test by a channel now, and tell what became of it",
        socket=socket_calls.TEST_CHANNEL, refusals=(errors.NotFound,), may=SERVICING,
    ),
    Operation(
        Address("POST", "/api/service/sales"), StatusApi.switch_sales, STAFF, {204: None},
        summary="Pause or resume sales, by staff", body=SalesSwitch, may=EVERY_ROLE,
    ),
    Operation(
        Address("GET", "/api/service/customers"), PeopleApi.newest, STAFF, {200: CustomersView},
        summary="The newest customers, their numbers masked", socket=socket_calls.CUSTOMERS, may=MANAGING,
    ),
    Operation(
        Address("POST", "/api/service/customers/find"), PeopleApi.find, STAFF, {200: PersonView},
        summary="What is kept of a number or address", body=ContactRequest, socket=socket_calls.FIND_CUSTOMER,
        refusals=(errors.InvalidRequest, errors.NotFound), may=MANAGING,
    ),
    Operation(
        Address("POST", "/api/service/customers/export"), PeopleApi.export, STAFF, {200: ExportView},
        summary="All that is kept of a person, for themselves", body=ContactRequest,
        socket=socket_calls.EXPORT_CUSTOMER, refusals=(errors.InvalidRequest, errors.NotFound), may=MANAGING,
    ),
    Operation(
        Address("POST", "/api/service/customers/erase"), PeopleApi.erase, STAFF, {200: ErasedView},
        summary="Number, address and points are deleted for good; receipts and sums stay under an id",
        body=ContactRequest, socket=socket_calls.ERASE_CUSTOMER,
        refusals=(errors.InvalidRequest, errors.PersonalDataInUse, errors.CustomerBlocked), may=MANAGING,
    ),
    Operation(
        Address("POST", "/api/service/customers/block"), PeopleApi.block, STAFF, {200: PersonView},
        summary="A number signs in no more, its sessions end now", body=BlockRequest,
        socket=socket_calls.BLOCK_CUSTOMER, refusals=(errors.InvalidRequest, errors.NotFound), may=MANAGING,
    ),
    Operation(
        Address("POST", "/api/service/customers/unblock"), PeopleApi.unblock, STAFF, {200: PersonView},
        summary="A blocked number may sign in again", body=ContactRequest, socket=socket_calls.UNBLOCK_CUSTOMER,
        refusals=(errors.InvalidRequest, errors.NotFound), may=MANAGING,
    ),
    Operation(
        Address("POST", "/api/service/orders/{order_id}/pickup-code"), DevicesApi.new_code, STAFF,
        {200: PickupCodeView}, summary="A new pick-up code; the old one is dead", socket=socket_calls.PICKUP_CODE,
        refusals=(errors.NotFound, errors.OrderStateConflict), may=SERVING,
    ),
    Operation(
        Address("POST", "/api/service/stop-list"), SellingApi.stop, STAFF, {204: None},
        summary="Take a dish off sale, or put it back", body=StopRequest, refusals=(errors.NotFound,), may=SERVING,
    ),
    Operation(
        Address("POST", "/api/service/orders/find"), OrderCardsApi.find, PERSON, {200: FoundOrdersView},
        summary="Orders by number, receipt, last digits of the card or contact; the contact is masked in the answer",
        body=FindOrders, socket=socket_calls.FIND_ORDERS, refusals=(errors.ArchiveBroken,), may=SERVING,
    ),
    Operation(
        Address("GET", "/api/service/orders/{order_id}"), OrderCardsApi.show, PERSON, {200: StaffOrderView},
        summary="One order by id or number, of any year: every attempt, document, refund and portion",
        socket=socket_calls.ORDER, refusals=(errors.NotFound, errors.ArchiveBroken), may=EVERY_ROLE,
    ),
    Operation(
        Address("POST", "/api/service/orders/{order_id}/refund"), SellingApi.refund, PERSON, {202: RefundView},
        summary="Give the money back, whole or by dishes, with a reason; the order by id, number or receipt",
        body=RefundRequest, socket=socket_calls.REFUND,
        refusals=(errors.NotFound, errors.OrderStateConflict, refusals.SecondPersonRequired),
        may=SERVING,
    ),
    Operation(
        Address("POST", "/api/service/orders/{order_id}/refund/estimate"), StaffPagesApi.estimate_refund, STAFF,
        {200: RefundEstimate},
        summary="What of an order can still go back, and what the chosen part comes to; writes nothing",
        body=RefundEstimateRequest, body_optional=True, stores=False,
        refusals=(errors.NotFound, errors.OrderStateConflict), may=SERVING,
    ),
    Operation(
        Address("GET", "/api/service/refund-requests"), SellingApi.refund_requests, PERSON, {200: RefundRequestsView},
        summary="Refunds above the limit that wait for a second person", socket=socket_calls.REFUND_REQUESTS,
        may=SERVING,
    ),
    Operation(
        Address("POST", "/api/service/refund-requests/{request_id}/confirm"), SellingApi.confirm_refund, PERSON,
        {202: RefundView},
        summary="A second person says yes: by their PIN at this panel, or in a session of their own", may=SERVING,
        body=RefundConfirmation, body_optional=True, socket=socket_calls.CONFIRM_REFUND,
        refusals=(
            errors.NotFound, errors.OrderStateConflict, errors.StaffOnly, errors.TooManyRequests, refusals.SamePerson,
            refusals.RefundRequestConflict,
        ),
    ),
    Operation(
        Address("POST", "/api/service/refund-requests/{request_id}/refuse"), SellingApi.refuse_refund, PERSON,
        {200: RefundRequestsView},
        summary="A second person says no, or whoever asked takes it back; answers with what waits still", may=SERVING,
        socket=socket_calls.REFUSE_REFUND, refusals=(errors.NotFound, refusals.RefundRequestConflict),
    ),
    Operation(
        Address("GET", "/api/service/till"), SellingApi.till_waiting, STAFF, {200: TillWaiting},
        summary="Guests who wait to pay at the till, with their codes", socket=socket_calls.TILL, stores=False,
        may=SERVING,
    ),
    Operation(
        Address("POST", "/api/service/till/{code}"), SellingApi.take_at_till, STAFF, {200: TillView},
        summary="Money was taken at the till for a guest's code, by card or in cash; the same words: the same answer",
        body=TillRequest, socket=socket_calls.TAKE_AT_TILL, may=SERVING,
        refusals=(errors.TillCodeUnknown, errors.TillStateConflict, errors.GivenTooLittle, errors.FiscalUnavailable),
    ),
    Operation(
        Address("POST", "/api/service/till/{code}/receipt"), SellingApi.announce_at_till, STAFF, {200: WaitingView},
        summary="Print the receipt that comes before the money, by card or in cash as the guest will pay",
        body=ChoiceRequest, socket=socket_calls.ANNOUNCE_AT_TILL,
        refusals=(errors.TillCodeUnknown, errors.TillStateConflict, errors.FiscalUnavailable), may=SERVING,
    ),
    Operation(
        Address("DELETE", "/api/service/till/{code}"), SellingApi.refuse_at_till, STAFF, {200: WaitingView},
        summary="The guest with this code does not pay: a receipt that was printed is taken back",
        socket=socket_calls.REFUSE_AT_TILL, refusals=(errors.TillCodeUnknown,), may=SERVING,
    ),
    Operation(
        Address("GET", "/api/service/stuck"), SellingApi.stuck, STAFF, {200: StuckView},
        summary="What waits for a person, with the moves that are safe", socket=socket_calls.STUCK, may=EVERY_ROLE,
    ),
    Operation(
        Address("POST", "/api/service/stuck/{stuck_id}"), SellingApi.decide, PERSON, {200: StuckView},
        summary="One of the safe moves; answers with what is left", body=Decision, socket=socket_calls.DECIDE,
        refusals=(
            errors.NotFound, errors.OrderStateConflict, errors.DeviceUnavailable, refusals.SecondPersonRequired,
        ), may=EVERY_ROLE,
    ),
    Operation(
        Address("POST", "/api/service/webhooks"), SellingApi.deliver_again, STAFF, {204: None},
        summary="Wake an endpoint that was given up, or deliver again from a sequence on", body=Replay,
        refusals=(errors.NotFound,), may=SERVICING,
    ),
    Operation(
        Address("GET", "/api/service/staff"), AccountsApi.show, PERSON, {200: AccountsView},
        summary="Accounts of staff: names, roles, since when, who is blocked", socket=socket_calls.STAFF, may=OWNING,
    ),
    Operation(
        Address("POST", "/api/service/staff"), AccountsApi.add, PERSON, {201: AccountsView},
        summary="An account for somebody, with a PIN and a role", body=NewAccount, socket=socket_calls.ADD_STAFF,
        may=OWNING, refusals=(refusals.NameTaken, refusals.PinUnfit, errors.InvalidRequest),
    ),
    Operation(
        Address("POST", "/api/service/staff/{person_id}"), AccountsApi.change, PERSON, {200: AccountsView},
        summary="Another name, role or PIN; blocked, or let in again with a new PIN: felt at once", body=AccountChange,
        socket=socket_calls.CHANGE_STAFF, may=OWNING,
        refusals=(
            errors.NotFound, refusals.LastOwner, refusals.NameTaken, refusals.PinUnfit, errors.InvalidRequest,
        ),
    ),
    Operation(
        Address("GET", "/api/sim"), SimApi.show, TRAINEES, {200: SimView},
        summary="The simulated devices and their faults; 404 where every device is real", stores=False,
        refusals=(errors.NotFound,), may=EVERY_ROLE,
    ),
    Operation(
        Address("POST", "/api/sim"), SimApi.switch, TRAINEES, {200: SimView},
        summary="Switch a fault of a simulated device, for training", body=FaultSwitch, stores=False,
        refusals=(errors.NotFound,), may=EVERY_ROLE,
    ),
    Operation(
        Address("POST", "/api/sim/till/{code}"), SellingApi.practise_at_till, TRAINEES, {204: None},
        summary="The cashier of a demo: prints a receipt that comes first, takes the money, or sends the guest away",
        body=PracticeRequest,
        refusals=(
            errors.NotFound, errors.TillCodeUnknown, errors.TillStateConflict, errors.GivenTooLittle,
            errors.FiscalUnavailable,
        ), may=EVERY_ROLE,
    ),
)  # fmt: skip
