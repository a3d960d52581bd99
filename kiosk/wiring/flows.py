"""The flows, each given what it needs of the ground."""

from __future__ import annotations

import sys
from zoneinfo import ZoneInfo

from drivers.fiscal.port import OfdRoute
from kiosk.config.secret_files import service_pin
from kiosk.domain.menu.moment import MenuOfInstant
from kiosk.domain.payment.bonus import BonusRules
from kiosk.domain.payment.payment import OnRefusal
from kiosk.domain.payment.settling import SettlingHour
from kiosk.flows.fiscal.audit import Audit
from kiosk.flows.fiscal.corrections import Corrections
from kiosk.flows.fiscal.day import DayClose
from kiosk.flows.fiscal.desk import RegistrarDesk
from kiosk.flows.fiscal.documents import DocumentDelivery
from kiosk.flows.fiscal.doubts import Doubts
from kiosk.flows.fiscal.fallback import Fallback
from kiosk.flows.fiscal.shift import ShiftKeeper
from kiosk.flows.fiscal.shift_commands import ShiftCommands
from kiosk.flows.fiscal.spares import Spares
from kiosk.flows.guards.archive import OrderArchive
from kiosk.flows.guards.crash_loop import CrashLoopGuard
from kiosk.flows.guards.disk import DiskGuard
from kiosk.flows.guards.jobs import Means
from kiosk.flows.guards.pages import PageWatch
from kiosk.flows.guards.power import PowerGuard
from kiosk.flows.guards.visits import Visits
from kiosk.flows.identity.guests import Guests
from kiosk.flows.identity.sign_in import SignIn
from kiosk.flows.menu.pictures import PictureTidying
from kiosk.flows.ordering.conditions import Conditions
from kiosk.flows.ordering.create import Orders
from kiosk.flows.ordering.estimate import Estimates
from kiosk.flows.ordering.expiry import Expiry
from kiosk.flows.ordering.menu import MenuBytes
from kiosk.flows.ordering.pickup import Pickup
from kiosk.flows.ordering.proof import ProofOfOrder
from kiosk.flows.ordering.sold_out import SoldOutWatch
from kiosk.flows.ordering.tracking import OrderTracking
from kiosk.flows.ordering.turning import MenuTurns
from kiosk.flows.payment.by_qr import QrMethod
from kiosk.flows.payment.by_taking_terminal import TakingTerminalMethod
from kiosk.flows.payment.by_terminal import TerminalMethod
from kiosk.flows.payment.by_till import TillMethod
from kiosk.flows.payment.by_token import TokenMethod
from kiosk.flows.payment.late_answers import LateAnswers
from kiosk.flows.payment.method import Methods, PaymentMethod
from kiosk.flows.payment.saga import BeforeMoney, PaymentRules
from kiosk.flows.payment.settlement import Settlement
from kiosk.flows.payment.till import Till
from kiosk.flows.staff.accounts import Accounts
from kiosk.flows.staff.after_restore import AfterRestore
from kiosk.flows.staff.cell_journal import CellJournal
from kiosk.flows.staff.cells import CellCommands
from kiosk.flows.staff.commands import StaffCommands
from kiosk.flows.staff.customers import CustomerCommands
from kiosk.flows.staff.device_status import DeviceStatus
from kiosk.flows.staff.door import StaffDoor
from kiosk.flows.staff.endpoints import EndpointCommands
from kiosk.flows.staff.order_cards import OrderCards
from kiosk.flows.staff.pictures import PictureCommands
from kiosk.flows.staff.portion_records import PortionRecords
from kiosk.flows.staff.reports.day_letters import DayLetters
from kiosk.flows.staff.reports.statistics import Reports
from kiosk.flows.staff.second_person import SecondPerson
from kiosk.flows.staff.stuck import Hands, StuckMoves
from kiosk.flows.staff.temperatures import Temperatures
from kiosk.flows.stock.lots import LotCommands
from kiosk.flows.stock.recall import Recall
from kiosk.flows.stock.reservations import Reservations
from kiosk.pictures.folder import PictureFolder
from kiosk.runtime.idle import when_idle
from kiosk.store.keep.archives import Archives
from kiosk.store.keep.erasures import Erasures
from kiosk.tokens import AccessTokens
from kiosk.wiring.ground import MEGABYTE, Ground
from kiosk.wiring.guards import Guards
from kiosk.wiring.menu.parts import MenuParts
from kiosk.wiring.power import power_rules
from kiosk.wiring.restoring import pictures_folder
from kiosk.wiring.rules import (
    fiscal_patience,
    fiscal_rules,
    limits,
    lot_rules,
    paper_rules,
    qr_times,
    sellers,
    sign_in_rules,
    station_names,
)
from kiosk.wiring.targets import urls

_WRONG_PER_MINUTE = 60


class Flows:
    def __init__(self, ground: Ground) -> None:
        config, parts, database = ground.config, ground.parts, ground.database
        clock, checkpoint, devices, periods = parts.clock, parts.checkpoint, ground.devices, parts.periods
        zone = ZoneInfo(config.restaurant.timezone)
        self.archive = OrderArchive(database, Archives(config.database.path), zone, ground.readiness, clock)
        self.tokens = AccessTokens(ground.token_keys, config.auth.token_lifetime_s, clock)
        terminals = [terminal.id for terminal in config.terminals]
        asking = config.auth.limits
        self.guests = Guests(
            database, self.tokens, terminals, clock, asking.guest_sessions_per_minute, asking.guest_sessions_per_hour
        )
        self.reservations = Reservations(database, ground.menu, ground.kitchen, clock, periods)
        self.pictures = PictureFolder(pictures_folder(config))
        self.menu = MenuParts(ground, self.pictures)
        self.menu_bytes = MenuBytes(ground.menu, ground.kitchen)
        self.conditions = Conditions(ground.menu, ground.kitchen, ground.readiness, clock, limits(config))
        self.orders = Orders(
            database, ground.menu, ground.kitchen, self.conditions, clock, asking.orders_per_address_per_minute
        )
        self.estimates = Estimates(database, ground.menu, ground.kitchen, self.conditions, clock)
        self.guards = guards = Guards(ground)
        bank = guards.bank
        by_registrar = sellers(config)
        means = Means(database=database, tasks=ground.tasks, clock=clock, checkpoint=checkpoint)
        self.desk = desk = RegistrarDesk(devices.registrar)
        self.receipts = parts.receipts(
            means,
            desk,
            guards.receipts,
            sellers=lambda: by_registrar[desk.active],
            patience=fiscal_patience(config),
            on_refusal=OnRefusal(config.registrars[0].on_refusal),
        )
        guards.rehearse = self.receipts.rehearse
        self.disk_guard = DiskGuard(
            database, ground.reserve, config.database.free_floor_mb * MEGABYTE, ground.readiness, clock, periods
        )
        self.methods = methods = _methods(ground, guards)
        self.settlement = Settlement(
            means,
            guards.taking_reader,
            ground.readiness,
            hour=SettlingHour.parse(config.terminal.settle_at, zone),
            settle_at=config.terminal.settle_at,
            periods=periods,
        )
        self.till = Till(database, clock, why_no_receipt=self.receipts.why_not_ready, told=self.nudge_payments)
        self.payment_saga = parts.payment_saga(
            means,
            methods,
            self.receipts,
            before_money=BeforeMoney(
                conditions=self.conditions,
                reservations=self.reservations,
                kitchen=ground.kitchen,
                space=self.disk_guard,
            ),
            rules=PaymentRules(
                answer_within_s=config.payment.answer_within_s,
                bonus=BonusRules.of(config.bonus.accrual, config.bonus.max_share),
                paper=paper_rules(config),
            ),
        )
        supply = devices.ups
        self.power_guard = (
            None
            if supply is None
            else PowerGuard(
                supply,
                database,
                ground.readiness,
                clock,
                power_rules(config.power),
                under_way=self.payment_saga.under_way,
                periods=periods,
            )
        )
        self.file_check = parts.file_check(
            database,
            (*when_idle(), sys.executable, "-m", "kiosk.wiring.checking", str(config.database.path)),
            ground.readiness,
            clock,
            parts.check_file_after_s,
        )
        self.expiry = Expiry(database, clock, parts.unpaid_for_s, periods)
        self.reports = Reports(database, zone, clock, periods, menu=ground.menu, letters_to=config.report.to)
        self.day_letters = DayLetters(
            database,
            devices.mail,
            clock,
            checkpoint,
            restaurant=config.restaurant.called,
            language=config.report.language,
        )
        self.reports.written = self.day_letters.wake
        self.temperatures = Temperatures(database, ground.equipment, zone, clock)
        self.upkeep = parts.upkeep(database, ground.equipment, zone, clock)
        self.cell_journal = CellJournal(database, self.archive, zone, clock)
        self.late_answers = LateAnswers(database, methods, clock, checkpoint, periods, receipts=self.receipts)
        self.endpoint_commands = EndpointCommands(database, urls(config), clock)
        self.device_status = DeviceStatus(
            database, bank, ground.readiness, self.endpoint_commands, self.file_check, self.archive
        )
        self.audit = Audit(database, self.archive, desk, devices.robot, books=methods.books, zone=zone, clock=clock)
        self.refunds = parts.refunds(
            means,
            self.archive,
            bank,
            methods,
            self.receipts,
            Recall(devices.robot, ground.kitchen),
            late_limit_s=config.robot.late_limit_s,
            periods=periods,
        )
        self.corrections = Corrections(means, self.archive, self.receipts)
        self.after_restore = AfterRestore(
            database, bank, desk, self.receipts, ground.readiness, clock, methods=methods, periods=periods
        )
        self.accounts = Accounts(database, clock)
        self.staff_door = StaffDoor(
            database,
            self.tokens,
            self.accounts,
            service_pin(config),
            ground.readiness,
            clock,
            periods=periods,
        )
        self.second_person = SecondPerson(
            database,
            self.refunds,
            self.staff_door,
            clock,
            limit_kopecks=config.service.refund_limit_kopecks,
            checkpoint=checkpoint,
            periods=periods,
        )
        self.customers = CustomerCommands(
            database,
            self.archive,
            self.tokens,
            sign_in_rules(config).phones,
            Erasures(config.database.path, ground.token_keys),
            clock,
        )
        self.crash_loop_guard = CrashLoopGuard(database, ground.tasks, clock)
        self.stuck_moves = StuckMoves(
            database,
            clock,
            Hands(
                doubts=Doubts(database, desk, zone),
                payment_saga=self.payment_saga,
                refunds=self.refunds,
                second_person=self.second_person,
                corrections=self.corrections,
                guards=guards.by_name(),
                crash_loop_guard=self.crash_loop_guard,
            ),
            stuck_after_s=parts.stuck_after_s,
            tripped_after_s=parts.tripped_after_s,
            stations=station_names(ground.equipment),
            periods=periods,
        )
        self.code_sender = parts.codes(
            database, guards.sms, ground.notices, config.restaurant.called, clock, checkpoint, periods=periods
        )
        self.sign_in = SignIn(
            database,
            self.tokens,
            clock,
            sign_in_rules(config),
            pepper=ground.token_keys[0],
            default_terminal=terminals[0],
            wake_sender=self.code_sender.wake,
        )
        self.day_close = DayClose(database, bank, clock, periods, listed=methods.listed)
        routes = {row.name: OfdRoute(row.ofd) for row in config.registrars}
        self.document_delivery = DocumentDelivery(routes, devices.carriers, clock, periods)
        self.shift_keeper = ShiftKeeper(
            database,
            desk,
            clock,
            ground.readiness,
            day_close=self.day_close,
            delivery=self.document_delivery,
            rules=fiscal_rules(config, lambda: ground.menu.now.timetable),
            periods=periods,
        )
        self.shift_commands = ShiftCommands(database, desk, self.shift_keeper, self.day_close, clock)
        self.spares = Spares(desk, self.document_delivery, ground.readiness, zone, clock, periods)
        spares = [row.name for row in config.registrars if row.fallback]
        self.fallback = Fallback(
            desk,
            self.shift_commands,
            self.shift_keeper,
            ground.readiness,
            clock,
            spares=spares,
            patience_s=parts.fallback_after_s,
            periods=periods,
        )
        proof_of_order = ProofOfOrder(database, clock, _WRONG_PER_MINUTE)
        self.pickup = Pickup(database, devices.robot, proof_of_order, clock)
        self.bin_commands = parts.bin_commands(
            database,
            devices.robot,
            ground.menu,
            ground.kitchen,
            clock,
            lot_rules(config),
            zone=zone,
            checkpoint=checkpoint,
        )
        self.lot_commands = LotCommands(
            database, ground.menu, ground.kitchen, clock, lot_rules(config), zone=zone, checkpoint=checkpoint
        )
        self.order_tracking = OrderTracking(database, proof_of_order, ground.kitchen, clock)
        self.cell_commands = CellCommands(database, devices.robot, clock)
        self.page_watch = PageWatch(terminals, clock)
        self.visits = Visits(database, terminals, clock, zone)
        self.menu_turns = MenuTurns(ground.menu, MenuOfInstant(zone), clock, periods)
        self.sold_out = SoldOutWatch(database, ground.menu, ground.kitchen, self.conditions, clock, zone=zone)
        self.staff_commands = StaffCommands(database, self.archive, ground.menu, ground.readiness, clock)
        self.picture_tidying = PictureTidying(database, self.pictures, clock)
        self.picture_commands = PictureCommands(database, self.pictures, clock)
        self.order_cards = OrderCards(
            database,
            self.archive,
            PortionRecords(ground.menu, zone),
            ground.kitchen,
            clock,
            phones=sign_in_rules(config).phones,
        )

    def nudge_payments(self) -> None:
        """Staff have said what an attempt waits for."""
        self.payment_saga.nudge()


def _methods(ground: Ground, guards: Guards) -> Methods:
    """Every way to pay that can be carried on; what is offered stands in the settings."""
    config, database, clock = ground.config, ground.database, ground.parts.clock
    found: list[PaymentMethod] = [
        TokenMethod(database, guards.bank, clock, config.bank.abandon_after_s),
        TillMethod(database, clock, config.payment.till_expires_s),
    ]
    if guards.reader is not None:
        found.append(TerminalMethod(database, guards.reader))
    if guards.taking_reader is not None:
        refunds = config.terminal.refunds == "reader"
        found.append(TakingTerminalMethod(database, guards.taking_reader, clock, refunds=refunds))
    if guards.qr_bank is not None:
        found.append(QrMethod(database, guards.qr_bank, clock, qr_times(config)))
    return Methods(found, config.payment.methods)
