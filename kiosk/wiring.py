"""The only file that knows everyone: builds the objects, starts the tasks, stops them in order."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import structlog
from aiohttp import web

from drivers.bank.acquirer import HttpAcquirer
from drivers.errors import DeviceError, DeviceRefused
from drivers.fiscal.port import OrderTag, Paper, TaxSystem, Vat
from drivers.fiscal.shtrih import ShtrihRegistrar
from drivers.fiscal.shtrih_timeouts import ShtrihTimeouts
from drivers.link import LinkOpener, open_serial
from drivers.push.gateway import HttpPushGateway
from drivers.robot.modbus import ModbusComplex, ModbusTimings
from drivers.robot.port import ComplexState, HealthFlag
from drivers.sim.embedded import EmbeddedSimulators, Endpoints, Wanted
from drivers.sms.gateway import HttpSmsGateway
from drivers.webhook.sender import HttpWebhookSender
from kiosk import logs
from kiosk.api.app import application
from kiosk.api.display import DisplayApi
from kiosk.api.health import HealthApi
from kiosk.api.internal import InternalApi
from kiosk.api.openapi import OpenApi
from kiosk.api.pages import Pages
from kiosk.api.public import PublicApi, Shop
from kiosk.api.service import ServiceApi
from kiosk.catalogue import load_menu, load_notices, web_root
from kiosk.checkpoints import Checkpoints
from kiosk.clock import Clock, SystemClock
from kiosk.config import SIM, Config, ConfigError, read_secret, service_pin, token_secret
from kiosk.domain.bonus import BonusRules
from kiosk.domain.errors import DatabaseBroken
from kiosk.domain.hours import OpeningHours
from kiosk.domain.menu import Menu
from kiosk.domain.payment import FiscalFailurePolicy, FiscalPatience
from kiosk.domain.planning import Work
from kiosk.domain.readiness import Kitchen, Readiness
from kiosk.flows.auditing import Auditing
from kiosk.flows.fiscalising import Fiscalising, Seller
from kiosk.flows.guests import Guests
from kiosk.flows.handing_out import HandingOut
from kiosk.flows.keeping_shift import KeepingShift
from kiosk.flows.limiting import Window
from kiosk.flows.ordering import Ordering
from kiosk.flows.paying import BankPatience, Paying
from kiosk.flows.refunding import Refunding
from kiosk.flows.reporting import Reporting
from kiosk.flows.reserving import Reserving
from kiosk.flows.showing_menu import ShowingMenu
from kiosk.flows.signing_in import SigningIn, SignInRules
from kiosk.flows.syncing import Syncing
from kiosk.flows.tending import Tending
from kiosk.runtime import systemd
from kiosk.runtime.dispatcher import Dispatcher
from kiosk.sinks.cooking import Cooking
from kiosk.sinks.counting import Counting
from kiosk.sinks.forwarding import Forwarding, Subscription, read_keys
from kiosk.sinks.kitchen import KitchenLine
from kiosk.sinks.notifying import PUSH, SMS, Notifying
from kiosk.sinks.sending import CodeSender, MessageSender
from kiosk.sinks.showing import Showing
from kiosk.store import messages, records
from kiosk.store.database import Database, inspect
from kiosk.tasks import Tasks
from kiosk.tokens import AccessTokens

_log = structlog.get_logger()
_HTTP_TIMEOUT_S = 5.0
_DRAIN_TIMEOUT_S = 20.0
_CLOSE_TIMEOUT_S = 2.0
_LOOK_TIMEOUT_S = 15.0
_PIN_TRIES_PER_MINUTE = 5


@dataclass(slots=True)
class Parts:
    """What a test may bring along: another clock, shorter device waits, a saga with a planted bug."""

    clock: Clock = field(default_factory=SystemClock)
    checkpoint: Checkpoints = field(default_factory=Checkpoints)
    open_link: LinkOpener = open_serial
    fiscal_timeouts: ShtrihTimeouts | None = None
    robot_timings: ModbusTimings = field(default_factory=ModbusTimings)
    paying: type[Paying] = Paying
    fiscalising: type[Fiscalising] = Fiscalising
    inquiry_every_s: float = 5.0
    gateway_timeout_s: float = 10.0


class Kiosk:
    """The process: `start()`, then `wait()` until a signal or a bug, then `stop()`."""

    def __init__(self, config: Config, parts: Parts | None = None) -> None:
        self.config = config
        self._parts = parts or Parts()
        self._stop = asyncio.Event()
        self.public_port = 0

    async def start(self) -> None:
        """Raises `ConfigError`, `MenuError`, `ChartError`, `DatabaseBroken` before anything is sold; what was opened
        until then is closed again."""
        async with AsyncExitStack() as opened:
            await self._open(opened)
            self._opened = opened.pop_all()
        self._health.started = True
        systemd.notify("READY=1")
        _log.info("kiosk_started", port=self.public_port, demo=self.config.is_demo)

    async def _open(self, opened: AsyncExitStack) -> None:
        """Build from the ground up; `opened` closes in the opposite order: streams, HTTP, jobs, drivers, database."""
        config, parts = self.config, self._parts
        secret = token_secret(config)
        menu_file = Path(config.menu.file) if config.menu.file else None
        self._menu, self._notices = load_menu(menu_file), load_notices(menu_file)
        self.database = await Database.open(config.database.path, self._fatal)  # the lock comes before any device
        opened.push_async_callback(self.database.close)
        endpoints = self._start_simulators(opened)
        self.tasks = Tasks(parts.clock)
        self.readiness = Readiness(("fiscal", "robot", "sales"))
        self.kitchen = _kitchen(self._menu)
        now = parts.clock.now()
        await self.database.write(lambda tx: records.prepare(tx, self._menu.charts(), now))
        self._build_devices(endpoints)
        self._webhooks = self._subscriptions()
        self._webhook_sender = HttpWebhookSender()
        gateways = (self._webhook_sender, self._sms, self._push)
        for device in (*gateways, self._bank, self._robot, self._registrar):
            opened.push_async_callback(_in_time, device.close)
        self._build_flows(secret)
        self._build_sinks()
        opened.push_async_callback(self.tasks.drain, _DRAIN_TIMEOUT_S)
        await self._guests.restore()
        await self._tending.restore()
        await self._serve(opened)
        await self._paying.resume()
        await self._refunding.resume()
        self._start_loops()

    def _start_simulators(self, opened: AsyncExitStack) -> Endpoints:
        config = self.config
        fiscal = config.registrars[0]
        wanted = Wanted(
            folder=config.database.path.parent / "sim",
            bank=config.bank.url == SIM,
            fiscal=fiscal.port == SIM,
            robot=config.robot.port == SIM,
            sms=config.sms.url == SIM,
            push=config.push.url == SIM,
            speed=config.robot.speed,
            timezone=config.restaurant.timezone,
            unit=config.robot.unit,
        )
        if not wanted.anything:
            return Endpoints()
        simulators = EmbeddedSimulators(wanted)
        opened.callback(simulators.stop)
        return simulators.start()

    def _build_devices(self, endpoints: Endpoints) -> None:
        config, parts = self.config, self._parts
        fiscal = config.registrars[0]
        merchant_key = _key(config.bank.merchant_key_file, "$.bank.merchant_key_file")
        self._bank = HttpAcquirer(endpoints.bank_url or config.bank.url, merchant_key, config.bank.timeout_s)
        within_s = parts.gateway_timeout_s
        sms_key = _key(config.sms.key_file, "$.sms.key_file")
        self._sms = HttpSmsGateway(endpoints.sms_url or config.sms.url, sms_key, within_s)
        self._push = HttpPushGateway(endpoints.push_url or config.push.url, timeout_s=within_s)
        self._registrar = ShtrihRegistrar(
            open_link=parts.open_link,
            port=endpoints.fiscal_port or fiscal.port,
            baudrate=fiscal.baudrate,
            password=fiscal.password,
            order_tag=OrderTag(fiscal.order_tag),
            timeouts=parts.fiscal_timeouts,
            timezone=ZoneInfo(config.restaurant.timezone),
        )
        self._robot = ModbusComplex(
            port=endpoints.robot_port or config.robot.port,
            baudrate=config.robot.baudrate,
            unit=config.robot.unit,
            timings=parts.robot_timings,
        )

    async def _look_at_registrar(self) -> str:
        """What the kiosk mends by itself (a closed shift, a stale document) is no fault."""
        status = await self._registrar.status()
        if status.blocked is not None or status.paper is not Paper.PRESENT:
            raise DeviceRefused("fiscal", status.why_not() or "blocked")
        return f"drive {status.drive_number}, shift {status.shift} {'open' if status.shift_open else 'closed'}"

    async def _look_at_robot(self) -> str:
        health = await self._robot.health()
        if health.flags & ~(HealthFlag.MATERIAL_LOW | HealthFlag.NO_CELL) or health.state is ComplexState.ABORTED:
            raise DeviceRefused("robot", health.flags.name or health.state.name, health.state.name)
        return f"serial {health.serial}, firmware {health.firmware}, {health.state.name}"

    async def _look_at_bank(self) -> str:
        await self._bank.find("check:0")  # a key nobody ever charges
        return "answers"

    def _build_flows(self, secret: bytes) -> None:
        config, parts, database = self.config, self._parts, self.database
        clock, checkpoint = parts.clock, parts.checkpoint
        self._tokens = AccessTokens(secret, config.auth.token_lifetime_s, clock)
        terminals = [terminal.id for terminal in config.terminals]
        self._guests = Guests(database, self._tokens, terminals, clock, config.auth.limits.guest_sessions_per_minute)
        self._reserving = Reserving(database, self._menu, self.kitchen, clock)
        self._showing_menu = ShowingMenu(self._menu, self.kitchen)
        self._ordering = Ordering(
            database,
            self._menu,
            self.kitchen,
            self.readiness,
            clock,
            config.robot.max_promise_s,
            OpeningHours.parse(config.restaurant.hours),
            ZoneInfo(config.restaurant.timezone),
        )
        self._fiscalising = parts.fiscalising(
            database, self._registrar, self._seller(), self._fiscal_patience(), clock, checkpoint
        )
        self._paying = parts.paying(
            database,
            self._bank,
            self._fiscalising,
            self._reserving,
            self.kitchen,
            self.tasks,
            clock,
            checkpoint,
            BankPatience(config.bank.abandon_after_s, parts.inquiry_every_s),
            config.payment.answer_within_s,
            BonusRules.of(config.bonus.accrual, config.bonus.max_share),
        )
        self._reporting = Reporting(database, ZoneInfo(config.restaurant.timezone), clock)
        self._syncing = Syncing(database, clock)
        self._auditing = Auditing(database, self._bank, self._registrar, self._robot, self._fiscalising, clock)
        self._refunding = Refunding(database, self._bank, self._fiscalising, self.tasks, clock)
        auth = config.auth
        self._signing_in = SigningIn(
            database,
            self._tokens,
            SignInRules(
                auth.password_lifetime_s,
                auth.max_attempts,
                auth.spend_requires_code,
                auth.consent_version,
                auth.limits,
            ),
            secret,
            terminals[0],
            clock,
            self._wake_code_sender,
        )
        self._keeping_shift = KeepingShift(database, self._registrar, self._fiscalising, self.readiness, clock)
        self._handing_out = HandingOut(database, self._robot, clock)
        self._tending = Tending(database, self._menu, self.readiness, self._reserving, clock)

    def _seller(self) -> Seller:
        config = self.config
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

    def _fiscal_patience(self) -> FiscalPatience:
        payment = self.config.payment
        return FiscalPatience(
            FiscalFailurePolicy(payment.on_fiscal_failure), payment.receipt_retry_s, payment.hold_limit_s
        )

    def _build_sinks(self) -> None:
        parts = self._parts
        self._dispatcher = Dispatcher(self.database, parts.clock)
        self._kitchen_line = KitchenLine(
            self.database,
            self._robot,
            self._menu,
            self.kitchen,
            self.readiness,
            parts.clock,
            parts.checkpoint,
            self._reserving.refresh,
        )
        self._cooking = Cooking(self._kitchen_line.wake)
        self._counting = Counting(ZoneInfo(self.config.restaurant.timezone))
        self._showing = Showing(self.database, parts.clock)
        self._forwarding = Forwarding(self.database, self._webhook_sender, self._source(), parts.clock)

        self._build_senders()

    def _build_senders(self) -> None:
        database, clock, name = self.database, self._parts.clock, self.config.restaurant.name
        sms, push = self._sms, self._push

        async def by_sms(message: messages.Message) -> None:
            await sms.send(message.address, message.body, message.client_id)

        async def by_push(message: messages.Message) -> None:
            await push.send(message.address, message.title, message.body, message.client_id)

        self._code_sender = CodeSender(database, sms, self._notices, name, clock)
        self._sms_sender = MessageSender(database, SMS, by_sms, clock)
        self._push_sender = MessageSender(database, PUSH, by_push, clock)
        self._notifying = Notifying(self._notices, name, clock, self._wake_message_senders)

    def _wake_message_senders(self) -> None:
        self._sms_sender.wake()
        self._push_sender.wake()

    def _source(self) -> str:
        """The CloudEvents source: this restaurant."""
        return f"/kiosk/{self.config.restaurant.inn}"

    def _subscriptions(self) -> list[Subscription]:
        """`[[webhooks]]` with their secrets. Raises `ConfigError`."""
        found = []
        for index, webhook in enumerate(self.config.webhooks):
            where = f"$.webhooks[{index}].secret_file"
            try:
                keys = read_keys(read_secret(webhook.secret_file, where).decode("utf-8", "replace"))
            except ValueError as error:
                raise ConfigError(f"{error} - at `{where}`") from error
            found.append(Subscription(webhook.url, keys, frozenset(webhook.events)))
        return found

    async def _serve(self, opened: AsyncExitStack) -> None:
        config = self.config
        restaurant = config.restaurant
        shop = Shop(
            restaurant.name, restaurant.address, restaurant.phone, restaurant.inn, restaurant.hours, config.is_demo
        )
        public = PublicApi(
            self._tokens,
            self._signing_in,
            self._guests,
            self._showing_menu,
            self._ordering,
            self._paying,
            self._handing_out,
            self.readiness,
            self.kitchen,
            shop,
        )
        self._health = HealthApi(self.readiness, lambda: not self.database.broken, self._counts)
        pages = Pages(web_root(), Path(config.menu.images) if config.menu.images else None)
        display = DisplayApi(self._showing)
        service = ServiceApi(
            self._tokens,
            service_pin(config),
            Window(self._parts.clock, _PIN_TRIES_PER_MINUTE, 60),
            self._reporting,
            self.readiness,
        )
        internal = InternalApi(
            self._signing_in,
            self._showing_menu,
            self._reserving,
            self._tending,
            self._refunding,
            self._handing_out,
            self._reporting,
            self._syncing,
            self._auditing,
            self._keeping_shift,
            self.readiness,
        )
        self.public_app = application(
            public.routes(),
            display.routes(),
            service.routes(),
            OpenApi().routes(),
            self._health.routes(),
            pages.routes(),
            public=True,
        )
        runner = await _runner(self.public_app, opened)
        await _listen(web.TCPSite(runner, config.server.host, config.server.port, reuse_address=True))
        self.public_port = runner.addresses[0][1]
        staff = await _runner(application(internal.routes(), public=False), opened)
        await _listen(web.SockSite(staff, _unix_socket(config.server.socket)))
        opened.callback(config.server.socket.unlink, missing_ok=True)
        opened.callback(self._showing.close)

    def _wake_code_sender(self) -> None:
        """An SMS waits to be sent."""
        self._code_sender.wake()

    def _counts(self) -> dict[str, float]:
        return {"hall_screens": self._showing.screens, "portions_pending": len(self.kitchen.pending)}

    def _start_loops(self) -> None:
        supervise = self.tasks.supervise
        supervise("shift", self._keeping_shift.run, (DeviceError,))
        supervise("kitchen", self._kitchen_line.run, (DeviceError,))
        supervise("cooking", lambda: self._dispatcher.run(self._cooking), ())
        supervise("notifications", lambda: self._dispatcher.run(self._notifying), ())
        supervise("codes", self._code_sender.run, ())
        supervise("sms", self._sms_sender.run, ())
        supervise("push", self._push_sender.run, ())
        supervise("showing", self._showing.run, ())
        supervise("board", self._showing.refresh, ())
        supervise("statistics", lambda: self._dispatcher.run(self._counting), ())
        supervise("reports", self._reporting.write_reports, ())
        supervise("refunds", self._refunding.refund_failures, ())
        supervise("forgetting", self._signing_in.forget_unconfirmed, ())
        for subscription in self._webhooks:
            supervise(f"webhook:{subscription.url}", partial(self._forwarding.run, subscription), ())
        supervise("inquiry", self._paying.inquire_abandoned, (DeviceError,))
        if period_s := systemd.watchdog_period_s():
            supervise("watchdog", lambda: self._ping_watchdog(period_s), ())

    async def _ping_watchdog(self, period_s: float) -> None:
        """Only while the loop is on time and the writer commits."""
        while True:
            await self.database.write(lambda tx: records.set_meta(tx, "heartbeat", "1"))
            systemd.notify("WATCHDOG=1")
            await self._parts.clock.sleep(period_s)

    def _fatal(self, reason: str) -> None:
        _log.critical("database_broken", reason=reason)
        if not self.tasks.failed.done():
            self.tasks.failed.set_result(RuntimeError(reason))

    def request_stop(self) -> None:
        self._stop.set()

    async def wait(self) -> BaseException | None:
        """Until a stop is asked for (None) or a bug ends the process (the bug)."""
        stop = asyncio.ensure_future(self._stop.wait())
        ends: set[asyncio.Future[Any]] = {stop, self.tasks.failed}
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        return self.tasks.failed.result() if self.tasks.failed.done() else None

    async def stop(self) -> None:
        """SSE first (an open stream held the exit for 17 s when tried), HTTP, jobs, drivers, database; each timed."""
        systemd.notify("STOPPING=1")
        self._health.stopping = True
        await self._opened.aclose()


def _key(file: str, where: str) -> str:
    """A device's key; none where no file is named."""
    return read_secret(file, where).decode() if file else ""


def _kitchen(menu: Menu) -> Kitchen:
    phases: dict[str, Work] = {
        chart.fingerprint: [(phase.station, phase.p2) for phase in chart.phases] for chart in menu.charts()
    }
    by_length = sorted(phases.values(), key=lambda work: sum(seconds for _, seconds in work))
    return Kitchen(phases=phases, typical=by_length[len(by_length) // 2])


async def _in_time(close: Callable[[], Awaitable[None]]) -> None:
    """A device that cannot be closed must not hold the exit."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_CLOSE_TIMEOUT_S):
            await close()


async def _runner(app: web.Application, opened: AsyncExitStack) -> web.AppRunner:
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=_HTTP_TIMEOUT_S)
    await runner.setup()
    opened.push_async_callback(runner.cleanup)
    return runner


async def _listen(site: web.BaseSite) -> None:
    try:
        await site.start()
    except OSError as error:
        raise ConfigError(f"cannot listen - at `$.server`: {error}") from error


def _unix_socket(path: Path) -> socket.socket:
    """Bound, then 0660: the unit's UMask is 0077, the site's group must get in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    os.chmod(path, 0o660)
    return listener


async def examine(config: Config) -> list[tuple[str, bool, str]]:
    """`kiosk check` while no kiosk runs: (name, ok, detail) of the database and of each device, opened here for a look.
    Simulated ones live in the process of a kiosk and are only named."""
    kiosk = Kiosk(config)
    try:
        found = [("database", True, inspect(config.database.path))]
    except DatabaseBroken as error:
        found = [("database", False, str(error))]
    try:
        kiosk._build_devices(Endpoints())
        kiosk._subscriptions()
    except ConfigError as error:
        return [*found, ("secrets", False, str(error))]
    looks: dict[str, tuple[str, Callable[[], Awaitable[str]]]] = {
        "fiscal": (config.registrars[0].port, kiosk._look_at_registrar),
        "robot": (config.robot.port, kiosk._look_at_robot),
        "bank": (config.bank.url, kiosk._look_at_bank),
        "sms": (config.sms.url, partial(_reach, config.sms.url)),
        "push": (config.push.url, partial(_reach, config.push.url)),
    }
    for name, (where, look) in looks.items():
        try:
            async with asyncio.timeout(_LOOK_TIMEOUT_S):
                found.append((name, True, "simulated" if where == SIM else f"{where}: {await look()}"))
        except (DeviceError, OSError) as error:
            found.append((name, False, f"{where}: {error or 'no answer'}"))
    for device in (kiosk._bank, kiosk._sms, kiosk._push, kiosk._robot, kiosk._registrar):
        await _in_time(device.close)
    return found


async def _reach(url: str) -> str:
    """A gateway has no question without an effect: is there somebody?"""
    parts = urlsplit(url)
    _, writer = await asyncio.open_connection(parts.hostname, parts.port or (443 if parts.scheme == "https" else 80))
    writer.close()
    return "reachable"


async def run(config: Config, parts: Parts | None = None, started: Callable[[Kiosk], None] | None = None) -> int:
    """The process from start to exit code: 0 after a stop, 1 after a bug."""
    logs.configure(config.log.level, config.log.format)
    kiosk = Kiosk(config, parts)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, kiosk.request_stop)
    await kiosk.start()
    if started is not None:
        started(kiosk)
    bug = await kiosk.wait()
    await kiosk.stop()
    return 0 if bug is None else 1
