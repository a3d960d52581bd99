"""What a test may bring along instead of the product's own."""

from __future__ import annotations

from dataclasses import dataclass, field

from drivers.fiscal.atol.timeouts import AtolTimeouts
from drivers.fiscal.atol_web.client import AtolWebTimeouts
from drivers.fiscal.ofd import OfdTimeouts
from drivers.fiscal.shtrih.timeouts import ShtrihTimeouts
from drivers.link import LinkOpener, open_line
from drivers.robot.modbus import ModbusTimings
from drivers.terminal.inpas.reader import InpasTimings
from drivers.terminal.vtk.line import VtkTimings
from kiosk.checkpoints import Checkpoints
from kiosk.clock import Clock, SystemClock
from kiosk.domain.breaker import PROBE_REFUSAL_S
from kiosk.flows.fiscal.fallback import PATIENCE_S
from kiosk.flows.fiscal.receipts import Receipts
from kiosk.flows.guards.file_check import FileCheck
from kiosk.flows.guards.retention import Retention
from kiosk.flows.payment.refunds import Refunds
from kiosk.flows.payment.saga import PaymentSaga
from kiosk.flows.staff.upkeep import UpkeepCommands
from kiosk.flows.stock.bins import BinCommands
from kiosk.kitchen.climate import Climate
from kiosk.kitchen.controller import KitchenLine
from kiosk.kitchen.holding import Holding
from kiosk.kitchen.lots import LotKeeper
from kiosk.messages.alarms import AlarmSender
from kiosk.messages.delivery import CodeSender, MessageSender
from kiosk.periods import USUAL, Periods
from kiosk.runtime.dispatcher import Dispatcher
from kiosk.sinks.relay import Relay
from kiosk.store.database import Database, Trace


@dataclass(slots=True)
class Parts:
    """What a test may bring along: another clock, shorter device waits, a saga with a planted bug."""

    clock: Clock = field(default_factory=SystemClock)
    checkpoint: Checkpoints = field(default_factory=Checkpoints)
    open_link: LinkOpener = open_line
    database: type[Database] = Database
    fiscal_timeouts: ShtrihTimeouts | None = None
    atol_timeouts: AtolTimeouts | None = None
    atol_web_timeouts: AtolWebTimeouts | None = None
    ofd_timeouts: OfdTimeouts | None = None
    reader_timings: VtkTimings = field(default_factory=VtkTimings)
    inpas_timings: InpasTimings | None = None  # else by the settings
    robot_timings: ModbusTimings = field(default_factory=ModbusTimings)
    payment_saga: type[PaymentSaga] = PaymentSaga
    receipts: type[Receipts] = Receipts
    refunds: type[Refunds] = Refunds
    dispatcher: type[Dispatcher] = Dispatcher
    relay: type[Relay] = Relay
    codes: type[CodeSender] = CodeSender
    messages: type[MessageSender] = MessageSender
    alarms: type[AlarmSender] = AlarmSender
    trace: Trace | None = None  # hears every statement
    file_check: type[FileCheck] = FileCheck
    retention: type[Retention] = Retention
    kitchen_line: type[KitchenLine] = KitchenLine
    holding: type[Holding] = Holding
    climate: type[Climate] = Climate
    lot_keeper: type[LotKeeper] = LotKeeper
    bin_commands: type[BinCommands] = BinCommands
    upkeep: type[UpkeepCommands] = UpkeepCommands
    periods: Periods = USUAL
    asked_within_s: float = 3.0  # a start waits so long for its devices' first word
    check_file_after_s: float = 10.0
    stuck_after_s: float = 60.0
    tripped_after_s: float = 60.0
    fallback_after_s: float = PATIENCE_S
    refusal_probe_s: float = PROBE_REFUSAL_S
    unpaid_for_s: float = 3600.0
    drain_s: float = 20.0
    gateway_timeout_s: float = 10.0
    broker_timeout_s: float = 20.0
