"""What is served at each door: the public listener's routes, and those of the site's own people."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

from aiohttp import web

from kiosk.api.app import application
from kiosk.api.display import DisplayApi
from kiosk.api.gate import Gate
from kiosk.api.health import HealthApi
from kiosk.api.internal import InternalApi
from kiosk.api.openapi import OpenApi
from kiosk.api.pages import Pages
from kiosk.api.public import PointsView, PublicApi, Shop
from kiosk.api.service import Bench, ServiceApi
from kiosk.api.shift import ShiftApi
from kiosk.api.sim import SimApi
from kiosk.api.site import SiteApi
from kiosk.api.streams import StreamLimits, Streams
from kiosk.catalogue import web_root
from kiosk.config.settings import Config
from kiosk.domain.phone import Phones
from kiosk.flows.estimating_refunds import EstimatingRefunds
from kiosk.flows.overseeing import Overseeing
from kiosk.wiring.flows import Flows
from kiosk.wiring.ground import Ground
from kiosk.wiring.sinks import Sinks

_PIN_TRIES_PER_MINUTE = 5


def health_of(ground: Ground, flows: Flows, counts: Callable[[], dict[str, float]]) -> HealthApi:
    return HealthApi(
        ground.readiness,
        ground.database.can_write,
        counts,
        flows.syncing.endpoints,
        flows.watching_pages.silent,
    )


def public_door(ground: Ground, flows: Flows, sinks: Sinks, health: HealthApi, gate: Gate) -> web.Application:
    """Everybody's."""
    config = ground.config
    public = PublicApi(
        flows.tokens,
        flows.signing_in,
        flows.guests,
        flows.showing_menu,
        flows.ordering,
        flows.estimating,
        flows.paying,
        flows.handing_out,
        flows.tracking,
        flows.watching_pages,
        flows.conditions,
        ground.kitchen,
        _shop(config),
    )
    service = ServiceApi(flows.letting_in, _bench(ground, flows))
    images = Path(config.menu.images) if config.menu.images else None
    return application(
        public.routes(),
        DisplayApi(sinks.showing, Streams(StreamLimits())).routes(),
        service.routes(),
        SimApi(ground.simulators, flows.letting_in).routes(),
        OpenApi().routes(),
        health.routes(),
        Pages(web_root(), images, ground.simulators is not None).routes(),
        gate=gate,
    )


def staff_door(ground: Ground, flows: Flows) -> web.Application:
    """The unix socket's."""
    internal = InternalApi(
        flows.signing_in,
        flows.showing_menu,
        flows.reserving,
        flows.tending,
        flows.refunding,
    )
    shift = ShiftApi(flows.tending_shift, flows.closing_day, flows.correcting)
    site = SiteApi(
        flows.showing_menu,
        flows.tending,
        flows.handing_out,
        flows.tending_cells,
        flows.reporting,
        flows.syncing,
        flows.auditing,
        flows.settling,
        flows.surveying,
        ground.readiness,
    )
    return application(internal.routes(), shift.routes(), site.routes())


def _shop(config: Config) -> Shop:
    restaurant = config.restaurant
    return Shop(
        name=restaurant.called,
        legal_name=restaurant.legally,
        address=restaurant.located,
        phone=restaurant.phone,
        inn=restaurant.inn,
        ogrn=restaurant.ogrn,
        hours=restaurant.hours,
        phones=Phones(tuple(config.sms.countries)),
        receipt_link=restaurant.receipt_link,
        demo=config.is_demo,
        points=PointsView(
            config.bonus.accrual,
            config.bonus.max_share,
            config.auth.consent_version,
            config.auth.spend_requires_code,
        ),
    )


def _bench(ground: Ground, flows: Flows) -> Bench:
    overseeing = Overseeing(
        ground.database,
        flows.surveying,
        ground.menu,
        ground.kitchen,
        ground.readiness,
        flows.reserving,
        flows.keeping_shift,
        flows.tending,
        flows.syncing,
        flows.watching_pages,
        ZoneInfo(ground.config.restaurant.timezone),
        ground.config.database.path.parent,
        ground.parts.clock,
    )
    return Bench(
        flows.reporting,
        ground.readiness,
        overseeing,
        flows.tending,
        flows.tending_shift,
        flows.handing_out,
        flows.tending_cells,
        flows.refunding,
        EstimatingRefunds(ground.database),
        flows.settling,
        flows.syncing,
    )
