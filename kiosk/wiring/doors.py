"""What is served at each door: the public listener's routes, and those of the site's own people."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from aiohttp import web

from kiosk.api.admission import WHAT_MATTERS, Admission
from kiosk.api.display import DisplayApi
from kiosk.api.health import HealthApi
from kiosk.api.http.app import application
from kiosk.api.http.gate import Gate
from kiosk.api.http.pages import Pages
from kiosk.api.http.streams import StreamLimits, Streams
from kiosk.api.kitchen import KitchenApi
from kiosk.api.openapi import OpenApi
from kiosk.api.operations import INTERNAL_OPERATIONS, OPERATIONS, PUBLIC_OPERATIONS
from kiosk.api.ordering import OrderingApi
from kiosk.api.restaurant import PointsView, RestaurantApi, Shop
from kiosk.api.router import routes
from kiosk.api.sign_in import SignInApi
from kiosk.api.sim import SimApi
from kiosk.api.site import SiteApi
from kiosk.api.staff.acts import DevicesApi, SellingApi
from kiosk.api.staff.alarms import AlarmsApi
from kiosk.api.staff.fiscal import FiscalApi
from kiosk.api.staff.food import FoodApi
from kiosk.api.staff.menu import MenuApi
from kiosk.api.staff.orders import OrderCardsApi
from kiosk.api.staff.pages import AccountsApi, StaffPagesApi, acts_by_role
from kiosk.api.staff.people import PeopleApi
from kiosk.api.staff.pictures import PicturesApi
from kiosk.api.staff.status import StatusApi
from kiosk.api.staff.system import SystemApi
from kiosk.catalogue import web_root
from kiosk.config.forms import SIM
from kiosk.config.settings import Config
from kiosk.domain.identity.phone import Phones
from kiosk.flows.payment.refund_estimate import RefundEstimates
from kiosk.flows.staff.dashboard import Dashboard, Shown
from kiosk.flows.staff.kitchen_view import KitchenReport
from kiosk.flows.staff.process_commands import ProcessCommands
from kiosk.flows.staff.site_tasks import SiteTasks
from kiosk.flows.staff.support_bundle import SupportBundle, Told
from kiosk.flows.staff.traffic import Traffic
from kiosk.logs import last_lines
from kiosk.wiring.alarms.parts import AlarmParts
from kiosk.wiring.flows import Flows
from kiosk.wiring.ground import Ground
from kiosk.wiring.own_process import OwnProcess
from kiosk.wiring.rules import paper_rules
from kiosk.wiring.sinks import Sinks
from kiosk.wiring.support import settings_told


def health_of(ground: Ground, flows: Flows, counts: Callable[[], dict[str, float]]) -> HealthApi:
    return HealthApi(
        readiness=ground.readiness,
        storage_ok=ground.database.can_write,
        counts=counts,
        endpoints=flows.endpoint_commands.endpoints,
        silent_pages=flows.page_watch.silent,
    )


def public_door(
    ground: Ground,
    flows: Flows,
    sinks: Sinks,
    alarms: AlarmParts,
    health: HealthApi,
    gate: Gate,
    *,
    own: OwnProcess,
) -> web.Application:
    """Everybody's. `own`: the process that serves it."""
    config, shop, streams = ground.config, _shop(ground.config), Streams(StreamLimits())
    methods = [method.name for method in flows.methods.offered if method.name != "token" or config.bank.url == SIM]
    groups = (
        RestaurantApi(
            shop=shop,
            menu=flows.menu_bytes,
            estimates=flows.estimates,
            conditions=flows.conditions,
            methods=flows.methods,
            paper=paper_rules(ground.config),
            kitchen=ground.kitchen,
            page_watch=flows.page_watch,
            visits=flows.visits,
            staff_knows=alarms.watch.staff_knows,
        ),
        OrderingApi(
            orders=flows.orders,
            estimates=flows.estimates,
            payment_saga=flows.payment_saga,
            pickup=flows.pickup,
            order_tracking=flows.order_tracking,
            sign_in=flows.sign_in,
            phones=shop.phones,
        ),
        DisplayApi(board=sinks.hall_board, streams=streams),
        KitchenApi(screens=sinks.kitchen_screens, streams=streams),
        StaffPagesApi(
            staff_door=flows.staff_door,
            dashboard=_dashboard(ground, flows),
            refund_estimates=RefundEstimates(flows.archive),
            acts=acts_by_role(PUBLIC_OPERATIONS),
        ),
        SystemApi(
            process=ProcessCommands(
                ground.database,
                flows.page_watch,
                ground.parts.clock,
                end=own.end,
                browser=own.browser,
                methods=methods,
            ),
            traffic=Traffic(ground.database, ground.devices.taps, ground.parts.clock),
            tasks=SiteTasks(
                ground.database,
                ground.tasks,
                flows.audit,
                ground.parts.clock,
                backups=Path(config.standby.folder or config.database.path.parent),
                trial=own.trial(config, flows.second_person),
            ),
            bundle=SupportBundle(
                ground.database,
                flows.device_status,
                ground.parts.clock,
                Told(settings=partial(settings_told, config), lines=last_lines, figures=health.figures),
            ),
            staff_commands=flows.staff_commands,
            shift=flows.shift_commands,
            lines=last_lines,
        ),
        SimApi(),
        OpenApi(OPERATIONS),
        health,
        *_both_doors(ground, flows, alarms),
    )
    images = Path(config.menu.images) if config.menu.images else None
    pages = Pages(web_root(), images, flows.pictures.path, demo=ground.simulators is not None)
    served = routes(PUBLIC_OPERATIONS, groups, _admission(ground, flows))
    return application((*served, *pages.routes()), gate=gate, languages=config.menu.languages)


def staff_door(ground: Ground, flows: Flows, alarms: AlarmParts) -> web.Application:
    """The unix socket's."""
    groups = (
        SiteApi(
            menu=flows.menu_bytes,
            reservations=flows.reservations,
            staff_commands=flows.staff_commands,
            order_cards=flows.order_cards,
            reports=flows.reports,
            audits=flows.audit,
            device_status=flows.device_status,
        ),
        *_both_doors(ground, flows, alarms),
    )
    return application(routes(INTERNAL_OPERATIONS, groups, _admission(ground, flows)))


def _both_doors(ground: Ground, flows: Flows, alarms: AlarmParts) -> tuple[object, ...]:
    return (
        SignInApi(guests=flows.guests, sign_in=flows.sign_in),
        StatusApi(staff_commands=flows.staff_commands, device_status=flows.device_status, readiness=ground.readiness),
        SellingApi(
            menu=flows.menu_bytes,
            staff_commands=flows.staff_commands,
            second_person=flows.second_person,
            stuck_moves=flows.stuck_moves,
            reports=flows.reports,
            endpoint_commands=flows.endpoint_commands,
            till=flows.till,
        ),
        DevicesApi(
            shift=flows.shift_commands,
            settlement=flows.settlement,
            pickup=flows.pickup,
            cell_commands=flows.cell_commands,
            kitchen_report=KitchenReport(ground.database, ground.menu, ground.kitchen),
        ),
        FiscalApi(shift=flows.shift_commands, day_close=flows.day_close, corrections=flows.corrections),
        FoodApi(
            temperatures=flows.temperatures,
            bins=flows.bin_commands,
            lots=flows.lot_commands,
            upkeep=flows.upkeep,
            cells=flows.cell_journal,
        ),
        OrderCardsApi(order_cards=flows.order_cards),
        PeopleApi(customers=flows.customers),
        AlarmsApi(alarm_commands=alarms.commands),
        AccountsApi(accounts=flows.accounts),
        MenuApi(history=flows.menu.history, drafts=flows.menu.drafts, wholes=flows.menu.wholes),
        PicturesApi(pictures=flows.picture_commands),
    )


def _admission(ground: Ground, flows: Flows) -> Admission:
    used = {method for method in ("terminal", "sbp") if ground.config.pays_by(method)}
    return Admission(flows.tokens, flows.staff_door, ground.simulators, WHAT_MATTERS | used)


def _shop(config: Config) -> Shop:
    restaurant = config.restaurant
    return Shop(
        name=restaurant.called,
        legal_name=restaurant.legally,
        address=restaurant.located,
        phone=restaurant.phone,
        inn=restaurant.inn,
        ogrn=restaurant.ogrn,
        phones=Phones(tuple(config.sms.countries)),
        receipt_link=restaurant.receipt_link,
        demo=config.is_demo,
        languages=config.menu.languages,
        points=PointsView(
            config.bonus.accrual,
            config.bonus.max_share,
            config.auth.consent_version,
            config.auth.spend_requires_code,
        ),
    )


def _dashboard(ground: Ground, flows: Flows) -> Dashboard:
    return Dashboard(
        ground.database,
        ground.parts.clock,
        menu=ground.menu,
        kitchen=ground.kitchen,
        readiness=ground.readiness,
        shown=Shown(
            device_status=flows.device_status,
            reservations=flows.reservations,
            shift_keeper=flows.shift_keeper,
            staff_commands=flows.staff_commands,
            endpoint_commands=flows.endpoint_commands,
            page_watch=flows.page_watch,
        ),
        zone=ZoneInfo(ground.config.restaurant.timezone),
        folder=ground.config.database.path.parent,
    )
