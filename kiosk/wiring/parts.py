"""What a test may bring along instead of the product's own."""

from __future__ import annotations

from dataclasses import dataclass, field

from drivers.fiscal.atol.timeouts import AtolTimeouts
from drivers.fiscal.atol_web.client import AtolWebTimeouts
from drivers.fiscal.ofd import OfdTimeouts
from drivers.fiscal.shtrih.timeouts import ShtrihTimeouts
from drivers.link import LinkOpener, open_line
from drivers.robot.modbus import ModbusTimings
from kiosk.checkpoints import Checkpoints
from kiosk.clock import Clock, SystemClock
from kiosk.domain.breaker import PROBE_REFUSAL_S
from kiosk.flows.checking_file import CheckingFile
from kiosk.flows.falling_back import PATIENCE_S
from kiosk.flows.fiscalising import Fiscalising
from kiosk.flows.forgetting import Forgetting
from kiosk.flows.paying import Paying
from kiosk.flows.refunding import Refunding
from kiosk.runtime.dispatcher import Dispatcher
from kiosk.sinks.relaying import Relaying
from kiosk.sinks.sending import CodeSender, MessageSender
from kiosk.store.database import Trace


@dataclass(slots=True)
class Parts:
    """What a test may bring along: another clock, shorter device waits, a saga with a planted bug."""

    clock: Clock = field(default_factory=SystemClock)
    checkpoint: Checkpoints = field(default_factory=Checkpoints)
    open_link: LinkOpener = open_line
    fiscal_timeouts: ShtrihTimeouts | None = None
    atol_timeouts: AtolTimeouts | None = None
    atol_web_timeouts: AtolWebTimeouts | None = None
    ofd_timeouts: OfdTimeouts | None = None
    robot_timings: ModbusTimings = field(default_factory=ModbusTimings)
    paying: type[Paying] = Paying
    fiscalising: type[Fiscalising] = Fiscalising
    refunding: type[Refunding] = Refunding
    dispatcher: type[Dispatcher] = Dispatcher
    relaying: type[Relaying] = Relaying
    codes: type[CodeSender] = CodeSender
    messages: type[MessageSender] = MessageSender
    trace: Trace | None = None  # hears every statement
    checking_file: type[CheckingFile] = CheckingFile
    forgetting: type[Forgetting] = Forgetting
    asked_within_s: float = 3.0  # a start waits so long for its devices' first word
    check_file_after_s: float = 10.0
    inquiry_every_s: float = 5.0
    stuck_after_s: float = 60.0
    tripped_after_s: float = 60.0
    fallback_after_s: float = PATIENCE_S
    refusal_probe_s: float = PROBE_REFUSAL_S
    unpaid_for_s: float = 3600.0
    day_again_s: float = 60.0
    drain_s: float = 20.0
    gateway_timeout_s: float = 10.0
    broker_timeout_s: float = 20.0
