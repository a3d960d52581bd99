"""The process: builds the objects, starts the tasks, stops them in order."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from aiohttp import web

from drivers.errors import DeviceError
from kiosk import logs
from kiosk.api.app import application
from kiosk.api.display import DisplayApi
from kiosk.api.health import HealthApi
from kiosk.api.internal import InternalApi
from kiosk.api.openapi import OpenApi
from kiosk.api.pages import Pages
from kiosk.api.public import PointsView, PublicApi, Shop
from kiosk.api.service import Bench, ServiceApi
from kiosk.api.sim import SimApi
from kiosk.catalogue import load_menu, load_notices, web_root
from kiosk.config import Config, service_pin, token_secret
from kiosk.domain.bonus import BonusRules
from kiosk.domain.hours import OpeningHours
from kiosk.domain.readiness import Readiness
from kiosk.domain.stuck import Kind
from kiosk.flows.auditing import Auditing
from kiosk.flows.closing_day import ClosingDay
from kiosk.flows.guests import Guests
from kiosk.flows.handing_out import HandingOut
from kiosk.flows.inquiring import Inquiring
from kiosk.flows.keeping_shift import KeepingShift
from kiosk.flows.keeping_space import KeepingSpace
from kiosk.flows.limiting import Window
from kiosk.flows.ordering import Ordering
from kiosk.flows.overseeing import Overseeing
from kiosk.flows.reconciling import Reconciling
from kiosk.flows.reporting import Reporting
from kiosk.flows.reserving import Reserving
from kiosk.flows.settling import Settling
from kiosk.flows.showing_menu import ShowingMenu
from kiosk.flows.signing_in import SigningIn
from kiosk.flows.syncing import Syncing
from kiosk.flows.tending import Tending
from kiosk.flows.tending_shift import TendingShift
from kiosk.flows.tracking import Tracking
from kiosk.flows.watching_pages import WatchingPages
from kiosk.runtime import systemd
from kiosk.runtime.lag import LoopLag
from kiosk.runtime.preparing import prepare_types
from kiosk.sinks.cooking import Cooking
from kiosk.sinks.counting import Counting
from kiosk.sinks.kitchen import KitchenLine
from kiosk.sinks.notifying import PUSH, SMS, Notifying
from kiosk.sinks.showing import Showing
from kiosk.store import messages, records
from kiosk.store.database import Database
from kiosk.store.reserve import Reserve
from kiosk.tasks import Tasks
from kiosk.tokens import AccessTokens
from kiosk.wiring.devices import Devices, start_simulators, subscriptions
from kiosk.wiring.listeners import listen, runner_of, unix_socket
from kiosk.wiring.parts import Parts
from kiosk.wiring.rules import fiscal_patience, fiscal_rules, kitchen_of, seller, sign_in_rules

_log = structlog.get_logger()
_HTTP_TIMEOUT_S = 5.0
_DRAIN_TIMEOUT_S = 20.0
_CLOSE_TIMEOUT_S = 2.0
_LOOK_TIMEOUT_S = 15.0
_MEGABYTE = 1024 * 1024
_PIN_TRIES_PER_MINUTE = 5
_TRACKED_PER_MINUTE = 60


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
        self._reserve = reserve = Reserve(
            config.database.path.with_suffix(".reserve"), config.database.reserve_mb * _MEGABYTE
        )
        prepare_types()  # before the writer's thread is there
        self.database = await Database.open(config.database.path, self._fatal, reserve=reserve)  # the lock comes first
        opened.push_async_callback(self.database.close)
        endpoints, self._simulators = start_simulators(config, opened)
        self.tasks = Tasks(parts.clock)
        self.readiness = Readiness(("books", "disk", "fiscal", "robot", "sales"))
        self.kitchen = kitchen_of(self._menu)
        now = parts.clock.now()
        await self.database.write(lambda tx: records.prepare(tx, self._menu.charts(), now))
        self._webhooks = subscriptions(config)
        self.devices = Devices(config, parts, endpoints)
        opened.push_async_callback(self.devices.close)
        self._build_flows(secret)
        self._build_sinks()
        opened.push_async_callback(self.tasks.drain, _DRAIN_TIMEOUT_S)
        await self._guests.restore()
        await self._tending.restore()
        await self._serve(opened)
        await self._settling.examine()
        await self._tending_shift.restore()
        restored = await self._reconciling.pending()
        self._start_loops()
        if restored:
            self.tasks.supervise("reconciling", self._reconcile, ())
        else:
            await self._start_work()

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
            database, self.devices.registrar, seller(config), fiscal_patience(config), clock, checkpoint
        )
        self._paying = parts.paying(
            database,
            self.devices.bank,
            self._fiscalising,
            self._reserving,
            self.kitchen,
            self.tasks,
            clock,
            checkpoint,
            config.bank.abandon_after_s,
            config.payment.answer_within_s,
            BonusRules.of(config.bonus.accrual, config.bonus.max_share),
            self.readiness,
        )
        self._reporting = Reporting(database, ZoneInfo(config.restaurant.timezone), clock)
        self._inquiring = Inquiring(database, self.devices.bank, clock, parts.inquiry_every_s, checkpoint)
        self._syncing = Syncing(database, {hook.url for hook in config.webhooks}, clock)
        self._auditing = Auditing(
            database, self.devices.bank, self.devices.registrar, self.devices.robot, self._fiscalising, clock
        )
        self._refunding = parts.refunding(
            database, self.devices.bank, self._fiscalising, self.tasks, clock, config.robot.late_limit_s, checkpoint
        )
        self._reconciling = Reconciling(
            database, self.devices.bank, self.devices.registrar, self._fiscalising, self.readiness, clock
        )
        self._keeping_space = KeepingSpace(
            database, self._reserve, config.database.free_floor_mb * _MEGABYTE, self.readiness, clock
        )
        self._settling = Settling(
            database,
            self.devices.registrar,
            self._fiscalising,
            self._paying,
            self._refunding,
            clock,
            parts.stuck_after_s,
        )
        self._signing_in = SigningIn(
            database,
            self._tokens,
            sign_in_rules(config),
            secret,
            terminals[0],
            clock,
            self._wake_code_sender,
        )
        registrar = self.devices.registrar
        self._closing_day = ClosingDay(database, self.devices.bank, clock)
        self._keeping_shift = KeepingShift(
            database, registrar, self._fiscalising, self._closing_day, fiscal_rules(config), self.readiness, clock
        )
        self._tending_shift = TendingShift(
            database, registrar, self._fiscalising, self._keeping_shift, self._closing_day, clock
        )
        self._handing_out = HandingOut(database, self.devices.robot, clock)
        self._tracking = Tracking(database, clock, _TRACKED_PER_MINUTE)
        self._watching_pages = WatchingPages(terminals, clock)
        self._tending = Tending(database, self._menu, self.readiness, self._reserving, clock)

    def _build_sinks(self) -> None:
        parts = self._parts
        self._lag = LoopLag(parts.clock)
        self._dispatcher = parts.dispatcher(self.database, parts.clock, parts.checkpoint)
        self._kitchen_line = KitchenLine(
            self.database,
            self.devices.robot,
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
        self._forwarding = parts.forwarding(
            self.database, self.devices.webhooks, self._source(), parts.clock, checkpoint=parts.checkpoint
        )
        self._build_senders()

    def _build_senders(self) -> None:
        parts, database, name = self._parts, self.database, self.config.restaurant.name
        clock, checkpoint = parts.clock, parts.checkpoint
        sms, push = self.devices.sms, self.devices.push

        async def by_sms(message: messages.Message) -> None:
            await sms.send(message.address, message.body, message.client_id)

        async def by_push(message: messages.Message) -> None:
            await push.send(message.address, message.title, message.body, message.client_id)

        self._code_sender = parts.codes(database, sms, self._notices, name, clock, checkpoint)
        self._sms_sender = parts.messages(database, SMS, by_sms, clock, checkpoint)
        self._push_sender = parts.messages(database, PUSH, by_push, clock, checkpoint)
        self._notifying = Notifying(self._notices, name, clock, self._wake_message_senders)

    def _wake_message_senders(self) -> None:
        self._sms_sender.wake()
        self._push_sender.wake()

    def _source(self) -> str:
        """The CloudEvents source: this restaurant."""
        return f"/kiosk/{self.config.restaurant.inn}"

    async def _serve(self, opened: AsyncExitStack) -> None:
        config = self.config
        restaurant = config.restaurant
        shop = Shop(
            name=restaurant.name,
            legal_name=restaurant.legal_name,
            address=restaurant.address,
            phone=restaurant.phone,
            inn=restaurant.inn,
            ogrn=restaurant.ogrn,
            hours=restaurant.hours,
            demo=config.is_demo,
            points=PointsView(
                config.bonus.accrual,
                config.bonus.max_share,
                config.auth.consent_version,
                config.auth.spend_requires_code,
            ),
        )
        public = PublicApi(
            self._tokens,
            self._signing_in,
            self._guests,
            self._showing_menu,
            self._ordering,
            self._paying,
            self._handing_out,
            self._tracking,
            self._watching_pages,
            self.readiness,
            self.kitchen,
            shop,
        )
        self._health = HealthApi(
            self.readiness, lambda: not self.database.broken, self._counts, self._watching_pages.silent
        )
        simulated = self._simulators is not None
        pages = Pages(web_root(), Path(config.menu.images) if config.menu.images else None, simulated)
        display = DisplayApi(self._showing)
        service = ServiceApi(
            self._tokens,
            service_pin(config),
            Window(self._parts.clock, _PIN_TRIES_PER_MINUTE, 60),
            self._bench(),
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
            self._tending_shift,
            self._closing_day,
            self._settling,
            self.readiness,
        )
        self.public_app = application(
            public.routes(),
            display.routes(),
            service.routes(),
            SimApi(self._simulators).routes(),
            OpenApi().routes(),
            self._health.routes(),
            pages.routes(),
            public=True,
        )
        runner = await runner_of(self.public_app, opened)
        await listen(web.TCPSite(runner, config.server.host, config.server.port, reuse_address=True))
        self.public_port = runner.addresses[0][1]
        staff = await runner_of(application(internal.routes(), public=False), opened)
        await listen(web.SockSite(staff, unix_socket(config.server.socket)))
        opened.callback(config.server.socket.unlink, missing_ok=True)
        opened.callback(self._showing.close)

    def _bench(self) -> Bench:
        overseeing = Overseeing(
            self.database,
            self.devices.bank,
            self.devices.registrar,
            self._fiscalising,
            self._menu,
            self.readiness,
            self._reserving,
            self._keeping_shift,
            self._tending,
            self._syncing,
            self._watching_pages,
            ZoneInfo(self.config.restaurant.timezone),
            self.config.database.path.parent,
            self._parts.clock,
        )
        return Bench(
            self._reporting,
            self.readiness,
            overseeing,
            self._tending,
            self._tending_shift,
            self._handing_out,
            self._refunding,
            self._settling,
            self._syncing,
        )

    def _wake_code_sender(self) -> None:
        """An SMS waits to be sent."""
        self._code_sender.wake()

    def _counts(self) -> dict[str, float]:
        return {
            "hall_screens": self._showing.screens,
            **{f"stuck_{kind}": self._settling.counts[kind] for kind in Kind},
            "disk_free_bytes": float(self._keeping_space.free_bytes),
            "portions_pending": len(self.kitchen.pending),
            "loop_lag_longest_seconds": self._lag.take_s(),
            "page_silent_seconds": max(self._watching_pages.silence_s().values(), default=0.0),
        }

    def _start_loops(self) -> None:
        supervise = self.tasks.supervise
        supervise("lag", self._lag.run, ())
        supervise("day", self._closing_day.run, ())
        supervise("shift", self._keeping_shift.run, (DeviceError,))
        supervise("cooking", lambda: self._dispatcher.run(self._cooking), ())
        supervise("notifications", lambda: self._dispatcher.run(self._notifying), ())
        supervise("codes", self._code_sender.run, ())
        supervise("sms", self._sms_sender.run, ())
        supervise("push", self._push_sender.run, ())
        supervise("showing", self._showing.run, ())
        supervise("board", self._showing.refresh, ())
        supervise("statistics", lambda: self._dispatcher.run(self._counting), ())
        supervise("reports", self._reporting.write_reports, ())
        supervise("disk", self._keeping_space.run, ())
        supervise("stuck", self._settling.watch, ())
        supervise("forgetting", self._signing_in.forget_unconfirmed, ())
        for subscription in self._webhooks:
            supervise(f"webhook:{subscription.url}", partial(self._forwarding.run, subscription), ())
        if period_s := systemd.watchdog_period_s():
            supervise("watchdog", lambda: self._ping_watchdog(period_s), ())

    async def _start_work(self) -> None:
        """What touches money and food; after a restored backup only once bank and registrar agree."""
        await self._paying.resume()
        await self._refunding.resume()
        supervise = self.tasks.supervise
        supervise("kitchen", self._kitchen_line.run, (DeviceError,))
        supervise("refunds", self._refunding.refund_failures, ())
        supervise("inquiry", self._inquiring.run, (DeviceError,))

    async def _reconcile(self) -> None:
        await self._reconciling.run(self._start_work)
        await asyncio.get_running_loop().create_future()  # a supervised loop never ends by itself

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


async def run(config: Config, parts: Parts | None = None, started: Callable[[Kiosk], None] | None = None) -> int:
    """The process from start to exit code: 0 after a stop, 1 after a bug."""
    logs.configure(config.log.level, config.log.format)
    kiosk = Kiosk(config, parts)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, kiosk.request_stop)
    await kiosk.start()
    gc.collect()
    gc.freeze()  # what start-up built lives as long as the process: no full collection need walk it (20 ms stalls)
    if started is not None:
        started(kiosk)
    bug = await kiosk.wait()
    await kiosk.stop()
    return 0 if bug is None else 1
