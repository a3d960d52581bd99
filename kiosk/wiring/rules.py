"""The configuration in the words of the flows: what stands on a receipt, how patient to be, who may sign in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from zoneinfo import ZoneInfo

from drivers.fiscal.port import TaxSystem
from kiosk.config.settings import Config, Fiscal
from kiosk.domain.fiscal_day import FiscalDay
from kiosk.domain.hours import OpeningHours
from kiosk.domain.menu import Menu
from kiosk.domain.payment import FiscalFailurePolicy, FiscalPatience
from kiosk.domain.phone import Phones
from kiosk.domain.planning import Work
from kiosk.domain.readiness import Kitchen
from kiosk.domain.tax import TaxRule, TaxTable
from kiosk.flows.claiming import Seller
from kiosk.flows.conditions import Limits
from kiosk.flows.keeping_shift import FiscalRules
from kiosk.flows.signing_in import SignInRules
from kiosk.flows.watching_registrar import Expected

_GOODS = 1  # FFD tag 1212


def sellers(config: Config) -> Mapping[str, Seller]:
    """What stands on a receipt of each registrar: paper and slip are its own."""
    return {row.name: _seller(config, row) for row in config.registrars}


def _seller(config: Config, fiscal: Fiscal) -> Seller:
    restaurant = config.restaurant
    attended = restaurant.settlement == "attended"
    return Seller(
        tax_system=TaxSystem(restaurant.tax_system),
        taxes=tax_table(config),
        zone=ZoneInfo(restaurant.timezone),
        automat_numbers={}
        if attended
        else {terminal.id: terminal.automat_number for terminal in config.terminals if terminal.automat_number},
        cashier=(restaurant.cashier or None) if attended else None,
        cashier_inn=(restaurant.cashier_inn or None) if attended else None,
        paperless_with_contact=fiscal.paperless_with_contact,
        slip=(restaurant.name, restaurant.phone) if fiscal.slip else (),
    )


def tax_table(config: Config) -> TaxTable:
    """The restaurant's one rate, and the rows that refine it."""
    rules = [TaxRule(row.vat, row.subject, row.valid_from, row.item, row.service) for row in config.taxes]
    return TaxTable([TaxRule(config.restaurant.vat, _GOODS, date.min), *rules])


def fiscal_rules(config: Config) -> FiscalRules:
    restaurant = config.restaurant
    zone, taxes = ZoneInfo(restaurant.timezone), tax_table(config)
    automatic = restaurant.settlement == "automat"
    ffds = {row.name: row.ffd for row in config.registrars}

    def expected(registrar: str) -> Expected:
        return Expected(
            restaurant.inn, restaurant.address, restaurant.tax_system, automatic, ffds[registrar], restaurant.internet
        )

    hours = OpeningHours.parse(restaurant.hours)
    days = {row.name: FiscalDay.parse(row.close_at, hours, zone) for row in config.registrars}
    return FiscalRules(days.__getitem__, expected, lambda now: taxes.rates(now.astimezone(zone).date()), zone)


def limits(config: Config) -> Limits:
    restaurant = config.restaurant
    hours, zone = OpeningHours.parse(restaurant.hours), ZoneInfo(restaurant.timezone)
    return Limits(config.robot.max_promise_s, hours, zone)


def fiscal_patience(config: Config) -> FiscalPatience:
    payment = config.payment
    return FiscalPatience(FiscalFailurePolicy(payment.on_fiscal_failure), payment.receipt_retry_s, payment.hold_limit_s)


def sign_in_rules(config: Config) -> SignInRules:
    auth = config.auth
    return SignInRules(
        auth.password_lifetime_s,
        auth.max_attempts,
        auth.spend_requires_code,
        auth.consent_version,
        auth.limits,
        Phones(tuple(config.sms.countries)),
    )


def kitchen_of(menu: Menu) -> Kitchen:
    phases: dict[str, Work] = {
        chart.fingerprint: [(phase.station, phase.p2) for phase in chart.phases] for chart in menu.charts()
    }
    by_length = sorted(phases.values(), key=lambda work: sum(seconds for _, seconds in work))
    return Kitchen(phases=phases, typical=by_length[len(by_length) // 2])
