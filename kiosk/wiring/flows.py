"""The flows, each given what it needs of the ground."""

from __future__ import annotations

import sys
from collections.abc import Callable
from zoneinfo import ZoneInfo

from drivers.fiscal.port import OfdRoute
from kiosk.config.secret_files import service_pin
from kiosk.domain.bonus import BonusRules
from kiosk.flows.auditing import Auditing
from kiosk.flows.carrying_documents import CarryingDocuments
from kiosk.flows.closing_day import ClosingDay
from kiosk.flows.conditions import Conditions
from kiosk.flows.correcting import Correcting
from kiosk.flows.estimating import Estimating
from kiosk.flows.expiring import Expiring
from kiosk.flows.falling_back import FallingBack
from kiosk.flows.guests import Guests
from kiosk.flows.handing_out import HandingOut
from kiosk.flows.inquiring import Inquiring
from kiosk.flows.keeping_shift import KeepingShift
from kiosk.flows.keeping_space import KeepingSpace
from kiosk.flows.letting_in import LettingIn
from kiosk.flows.naming import Naming
from kiosk.flows.ordering import Ordering
from kiosk.flows.proving import Proving
from kiosk.flows.recalling import Recalling
from kiosk.flows.reconciling import Reconciling
from kiosk.flows.reporting import Reporting
from kiosk.flows.reserving import Reserving
from kiosk.flows.setting_aside import SettingAside
from kiosk.flows.settling import Settling
from kiosk.flows.showing_menu import ShowingMenu
from kiosk.flows.signing_in import SigningIn
from kiosk.flows.surveying import Surveying
from kiosk.flows.syncing import Syncing
from kiosk.flows.tending import Tending
from kiosk.flows.tending_cells import TendingCells
from kiosk.flows.tending_shift import TendingShift
from kiosk.flows.tracking import Tracking
from kiosk.flows.watching_pages import WatchingPages
from kiosk.flows.watching_spares import WatchingSpares
from kiosk.tokens import AccessTokens
from kiosk.wiring.ground import MEGABYTE, Ground
from kiosk.wiring.guards import Guards
from kiosk.wiring.rules import fiscal_patience, fiscal_rules, limits, sellers, sign_in_rules
from kiosk.wiring.targets import urls

_WRONG_PER_MINUTE = 60


class Flows:
    """`wake_code_sender` is called when an SMS with a code waits to be sent."""

    def __init__(self, ground: Ground, wake_code_sender: Callable[[], None]) -> None:
        config, parts, database = ground.config, ground.parts, ground.database
        clock, checkpoint, devices = parts.clock, parts.checkpoint, ground.devices
        zone = ZoneInfo(config.restaurant.timezone)
        self.tokens = AccessTokens(ground.token_keys, config.auth.token_lifetime_s, clock)
        terminals = [terminal.id for terminal in config.terminals]
        asking = config.auth.limits
        self.guests = Guests(
            database, self.tokens, terminals, clock, asking.guest_sessions_per_minute, asking.guest_sessions_per_hour
        )
        self.reserving = Reserving(database, ground.menu, ground.kitchen, clock)
        self.showing_menu = ShowingMenu(ground.menu, ground.kitchen)
        self.conditions = Conditions(ground.menu, ground.kitchen, ground.readiness, clock, limits(config))
        self.ordering = Ordering(
            database, ground.menu, ground.kitchen, self.conditions, clock, asking.orders_per_address_per_minute
        )
        self.estimating = Estimating(database, ground.menu, ground.kitchen, self.conditions, clock)
        self.guards = guards = Guards(ground)
        bank = guards.bank
        by_registrar = sellers(config)
        self.fiscalising = parts.fiscalising(
            database,
            devices.registrar,
            lambda: by_registrar[devices.registrar.active],
            fiscal_patience(config),
            guards.receipts,
            clock,
            checkpoint,
        )
        guards.rehearse = self.fiscalising.rehearse
        self.keeping_space = KeepingSpace(
            database, ground.reserve, config.database.free_floor_mb * MEGABYTE, ground.readiness, clock
        )
        self.paying = parts.paying(
            database,
            bank,
            self.fiscalising,
            self.reserving,
            ground.kitchen,
            ground.tasks,
            clock,
            checkpoint,
            config.bank.abandon_after_s,
            config.payment.answer_within_s,
            BonusRules.of(config.bonus.accrual, config.bonus.max_share),
            self.conditions,
            self.keeping_space,
        )
        self.checking_file = parts.checking_file(
            database,
            (sys.executable, "-m", "kiosk.wiring.checking", str(config.database.path)),
            ground.readiness,
            clock,
            parts.check_file_after_s,
        )
        self.expiring = Expiring(database, clock, parts.unpaid_for_s)
        self.reporting = Reporting(database, zone, clock)
        self.inquiring = Inquiring(database, bank, clock, parts.inquiry_every_s, checkpoint)
        self.syncing = Syncing(database, urls(config), clock)
        self.surveying = Surveying(database, bank, ground.readiness, self.syncing, self.checking_file)
        self.auditing = Auditing(database, bank, devices.registrar, devices.robot, self.fiscalising, clock)
        self.refunding = parts.refunding(
            database,
            bank,
            self.fiscalising,
            ground.tasks,
            clock,
            config.robot.late_limit_s,
            Recalling(devices.robot, ground.kitchen),
            checkpoint,
        )
        self.correcting = Correcting(database, self.fiscalising, ground.tasks, clock)
        self.reconciling = Reconciling(database, bank, devices.registrar, self.fiscalising, ground.readiness, clock)
        self.letting_in = LettingIn(database, self.tokens, service_pin(config), ground.readiness, clock)
        self.setting_aside = SettingAside(database, ground.tasks, clock)
        self.settling = Settling(
            database,
            Naming(database, devices.registrar, self.fiscalising),
            self.paying,
            self.refunding,
            self.correcting,
            guards.by_name(),
            self.setting_aside,
            clock,
            parts.stuck_after_s,
            parts.tripped_after_s,
        )
        self.signing_in = SigningIn(
            database,
            self.tokens,
            sign_in_rules(config),
            ground.token_keys[0],
            terminals[0],
            clock,
            wake_code_sender,
        )
        registrar = devices.registrar
        self.closing_day = ClosingDay(database, bank, clock, parts.day_again_s)
        routes = {row.name: OfdRoute(row.ofd) for row in config.registrars}
        self.carrying_documents = CarryingDocuments(routes, devices.carriers, clock)
        self.keeping_shift = KeepingShift(
            database,
            registrar,
            self.fiscalising,
            self.closing_day,
            self.carrying_documents,
            fiscal_rules(config),
            ground.readiness,
            clock,
        )
        self.tending_shift = TendingShift(
            database, registrar, self.fiscalising, self.keeping_shift, self.closing_day, clock
        )
        self.watching_spares = WatchingSpares(registrar, self.carrying_documents, ground.readiness, zone, clock)
        spares = [row.name for row in config.registrars if row.fallback]
        self.falling_back = FallingBack(
            registrar,
            self.tending_shift,
            self.keeping_shift,
            ground.readiness,
            clock,
            spares,
            parts.fallback_after_s,
        )
        proving = Proving(database, clock, _WRONG_PER_MINUTE)
        self.handing_out = HandingOut(database, devices.robot, proving, clock)
        self.tracking = Tracking(database, proving, clock)
        self.tending_cells = TendingCells(database, devices.robot, clock)
        self.watching_pages = WatchingPages(terminals, clock)
        self.tending = Tending(database, ground.menu, ground.readiness, self.reserving, clock)
