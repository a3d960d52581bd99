"""The configuration in the words of the flows: the fixed texts of a receipt, how patient to be, who may sign in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from zoneinfo import ZoneInfo

import msgspec

from drivers.fiscal.port import TaxSystem
from drivers.robot.equipment import Equipment
from kiosk.config.settings import Config, Fiscal
from kiosk.domain.fiscal.fiscal_day import FiscalDay
from kiosk.domain.fiscal.tax import ANY, TaxRule, TaxTable
from kiosk.domain.hours import OpeningHours
from kiosk.domain.identity.phone import Phones
from kiosk.domain.kitchen.holding import HoldingRules
from kiosk.domain.kitchen.lots import LotRules
from kiosk.domain.menu.timetable import Timetable
from kiosk.domain.payment.payment import FiscalFailurePolicy, FiscalPatience, ReceiptOrder
from kiosk.domain.text import Text
from kiosk.flows.fiscal.claim import Seller
from kiosk.flows.fiscal.readiness import Expected
from kiosk.flows.fiscal.shift import FiscalRules
from kiosk.flows.identity.sign_in import SignInRules
from kiosk.flows.ordering.conditions import Limits
from kiosk.flows.payment.by_qr import QrTimes
from kiosk.flows.payment.paper import PaperRules

_GOODS = 1  # FFD tag 1212
_SELLER_SHOWN = 100  # of the 140 that a bank takes


def sellers(config: Config) -> Mapping[str, Seller]:
    """The fixed texts of a receipt by registrar: paper and slip are its own."""
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
        cashless_ways={name: way for name, way in msgspec.structs.asdict(config.payment.cashless).items() if way >= 0},
        slip=(restaurant.name, restaurant.phone) if fiscal.slip else (),
    )


def tax_table(config: Config) -> TaxTable:
    """The restaurant's one rate, and the rows that refine it."""
    rules = [TaxRule(row.vat, row.subject, row.valid_from, row.item, row.service) for row in config.taxes]
    return TaxTable([TaxRule(config.restaurant.vat, _GOODS, date.min), *rules])


def taxed_dishes(config: Config) -> list[str]:
    """Those that have a rate of their own, in the order of the settings."""
    return list(dict.fromkeys(row.item for row in config.taxes if row.item != ANY))


def fiscal_rules(config: Config, timetable: Callable[[], Timetable] = Timetable) -> FiscalRules:
    """When shifts open and close, how each registrar must be registered, which VAT rates are in force on a day.
    `timetable`: of the menu, whose hours go before those of the settings."""
    restaurant = config.restaurant
    zone, taxes = ZoneInfo(restaurant.timezone), tax_table(config)
    automatic = restaurant.settlement == "automat"
    ffds = {row.name: row.ffd for row in config.registrars}

    def expected(registrar: str) -> Expected:
        return Expected(
            restaurant.inn, restaurant.address, restaurant.tax_system, automatic, ffds[registrar], restaurant.internet
        )

    usual = OpeningHours.parse(restaurant.hours)
    close_at = {row.name: row.close_at for row in config.registrars}

    def day(registrar: str) -> FiscalDay:
        return FiscalDay.parse(close_at[registrar], timetable().opening(usual), zone)

    return FiscalRules(day, expected, lambda now: taxes.rates(now.astimezone(zone).date()), zone)


def limits(config: Config) -> Limits:
    """Opening hours in the zone of the restaurant, and the longest promise to a guest."""
    restaurant = config.restaurant
    hours, zone = OpeningHours.parse(restaurant.hours), ZoneInfo(restaurant.timezone)
    return Limits(config.robot.max_promise_s, hours, zone)


def holding_rules(config: Config) -> HoldingRules:
    """How long food may stand in its cell, and what follows."""
    cells = config.cells
    return HoldingRules(
        remind_s=cells.remind_s,
        call_staff_s=cells.call_staff_s,
        hold_s=cells.hold_s,
        cold_for_s=cells.cold_for_s,
        cook_again=cells.on_spoiled == "cook_again",
    )


def lot_rules(config: Config) -> LotRules:
    """What a refill must name, and how long before its expiry a lot is told of and sold no more."""
    row = config.lots
    return LotRules(required=row.required, warn_s=row.warn_s, last_sale_s=row.last_sale_s, recall_days=row.recall_days)


def fiscal_patience(config: Config) -> FiscalPatience:
    """What happens to a paid order whose receipt cannot be printed, and for how long it is tried."""
    payment = config.payment
    return FiscalPatience(
        FiscalFailurePolicy(payment.on_fiscal_failure),
        payment.receipt_retry_s,
        payment.hold_limit_s,
        config.terminal.fin_within_s,
    )


def paper_rules(config: Config) -> PaperRules:
    """Which receipts come before the money, and how many of them nobody need pay."""
    row = config.registrars[0]
    first = [method for method in config.payment.methods if config.receipt_order(method) == ReceiptOrder.BEFORE]
    return PaperRules(first=frozenset(first), per_session=row.unpaid_per_visitor, per_hour=row.unpaid_per_hour)


def qr_times(config: Config) -> QrTimes:
    """How long a QR code is shown and taken, and what the payer's bank shows."""
    row = config.sbp
    return QrTimes(
        screen_s=row.screen_s, due_s=row.due_s, poll_s=row.poll_s, seller=config.restaurant.called.ru[:_SELLER_SHOWN]
    )


def sign_in_rules(config: Config) -> SignInRules:
    """Lifetime and tries of one-time codes, the consent, the countries whose numbers are taken."""
    auth = config.auth
    return SignInRules(
        auth.password_lifetime_s,
        auth.max_attempts,
        auth.spend_requires_code,
        auth.consent_version,
        auth.limits,
        Phones(tuple(config.sms.countries)),
    )


def station_names(equipment: Equipment) -> Mapping[int, Text]:
    """What each station is called, by its number."""
    return {number: Text(row.name.ru, row.name.en) for number, row in equipment.by_number.items()}
