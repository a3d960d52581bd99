"""The configuration in the words of the flows: what stands on a receipt, how patient to be, who may sign in."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from drivers.fiscal.port import TaxSystem, Vat
from kiosk.config import Config
from kiosk.domain.menu import Menu
from kiosk.domain.payment import FiscalFailurePolicy, FiscalPatience
from kiosk.domain.planning import Work
from kiosk.domain.readiness import Kitchen
from kiosk.flows.fiscalising import Seller
from kiosk.flows.signing_in import SignInRules


def seller(config: Config) -> Seller:
    restaurant = config.restaurant
    attended = restaurant.settlement == "attended"
    return Seller(
        tax_system=TaxSystem(restaurant.tax_system),
        vat=Vat(restaurant.vat),
        zone=ZoneInfo(restaurant.timezone),
        automat_numbers={}
        if attended
        else {terminal.id: terminal.automat_number for terminal in config.terminals if terminal.automat_number},
        cashier=(restaurant.cashier or None) if attended else None,
        cashier_inn=(restaurant.cashier_inn or None) if attended else None,
    )


def fiscal_patience(config: Config) -> FiscalPatience:
    payment = config.payment
    return FiscalPatience(FiscalFailurePolicy(payment.on_fiscal_failure), payment.receipt_retry_s, payment.hold_limit_s)


def sign_in_rules(config: Config) -> SignInRules:
    auth = config.auth
    return SignInRules(
        auth.password_lifetime_s, auth.max_attempts, auth.spend_requires_code, auth.consent_version, auth.limits
    )


def kitchen_of(menu: Menu) -> Kitchen:
    phases: dict[str, Work] = {
        chart.fingerprint: [(phase.station, phase.p2) for phase in chart.phases] for chart in menu.charts()
    }
    by_length = sorted(phases.values(), key=lambda work: sum(seconds for _, seconds in work))
    return Kitchen(phases=phases, typical=by_length[len(by_length) // 2])
