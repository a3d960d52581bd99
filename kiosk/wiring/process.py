"""The process: builds the objects, starts the tasks, stops them in order."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import structlog
from aiohttp import web

from drivers.errors import DeviceError
from kiosk import logs
from kiosk.api.http.gate import Gate, GateLimits
from kiosk.config import ConfigError, problem
from kiosk.config.secret_files import token_secrets
from kiosk.config.settings import Config
from kiosk.domain.errors import DatabaseBroken, DatabaseInUse
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.domain.kitchen.state import Kitchen
from kiosk.domain.staff.stuck import Kind
from kiosk.flows.guards.power import CHECK as POWERED
from kiosk.flows.guards.power import PowerGuard
from kiosk.runtime import systemd
from kiosk.runtime.preparing import prepare_types
from kiosk.store import meta
from kiosk.store.database import Database
from kiosk.store.file.reserve import Reserve
from kiosk.store.stock import charts, paces
from kiosk.tasks import Tasks
from kiosk.wiring import private_files
from kiosk.wiring.alarms.parts import AlarmParts
from kiosk.wiring.devices import Devices, start_simulators
from kiosk.wiring.doors import health_of, public_door, staff_door
from kiosk.wiring.flows import Flows
from kiosk.wiring.ground import MEGABYTE, Ground
from kiosk.wiring.listeners import connections_allowed, listen, listen_gated, runner_of, unix_socket
from kiosk.wiring.menu.parts import begin_menu
from kiosk.wiring.own_process import OwnProcess
from kiosk.wiring.parts import Parts
from kiosk.wiring.preconditions import prepared
from kiosk.wiring.sinks import Sinks
from kiosk.wiring.standby import StandbyParts

_log = structlog.get_logger()
_STILL_S, _MORE_TIME_S = 5.0, 120
_CHECKS = ("books", "disk", "fiscal", "robot", "bank", "sales")  # the first that is not ok is the reason that is given


def _battery(guard: PowerGuard | None) -> dict[str, float]:
    """Nothing where there is no power supply to ask."""
    if guard is None:
        return {}
    charge = None if guard.seen is None else guard.seen.charge_percent
    told = {} if charge is None else {"ups_charge_ratio": charge / 100}
    return {"ups_on_battery": float(guard.on_battery), **told}


def _checks(config: Config) -> tuple[str, ...]:
    """What sales wait for: of the ways to pay the only one, any of several."""
    methods = config.payment.methods
    unused = () if methods == ["token"] else ("bank",)
    only = tuple(method for method in ("terminal", "sbp") if methods == [method])
    power = (POWERED,) if config.power.ups else ()
    return (*(check for check in _CHECKS if check not in unused), *only, *power)


class Kiosk:
    """The process: `start()`, then `wait()` until a signal or a bug, then `stop()`."""

    def __init__(self, config: Config, parts: Parts | None = None) -> None:
        self.config = config
        self._parts = parts or Parts()
        self._stop = asyncio.Event()
        self.public_port = 0

    async def start(self) -> None:
        """Raises `ConfigError`, `DatabaseBroken` before anything is sold; what was opened
        until then is closed again."""
        async with AsyncExitStack() as opened:
            await self._open(opened)
            self._opened = opened.pop_all()
        await self._let_devices_speak()
        self.health.started = True
        systemd.notify("READY=1")
        _log.info("kiosk_started", port=self.public_port, demo=self.config.is_demo)

    async def _let_devices_speak(self) -> None:
        """Ready is who knows whether it sells: each device has been asked once, or has kept silent for too long."""
        spoken = asyncio.Event()
        self.readiness.when_all_spoke(spoken.set)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._parts.asked_within_s):
                await spoken.wait()

    async def _open(self, opened: AsyncExitStack) -> None:
        """Build from the ground up; `opened` closes in the opposite order: streams, HTTP, jobs, drivers, database."""
        ground = await self._lay_ground(opened)
        self.flows = flows = Flows(ground)
        opened.push_async_callback(flows.archive.close)
        self._sinks = Sinks(ground, flows)
        self._alarms = AlarmParts(ground, flows)
        self._standby = StandbyParts.of(ground)
        opened.push_async_callback(self.tasks.drain, self._parts.drain_s)
        await flows.guests.restore()
        await flows.staff_door.restore()
        await flows.crash_loop_guard.restore()
        await flows.staff_commands.restore()
        await flows.reservations.restore()  # what is stopped is stopped before anybody asks, or a payment is taken up
        await self._serve(ground, opened)
        await flows.stuck_moves.examine()
        await flows.shift_commands.restore()
        await flows.guards.receipts.restore()
        restored = await flows.after_restore.pending()
        self._start_loops()
        self._start_what_is_configured()
        if restored:
            self.tasks.supervise("reconciling", self._reconcile, ())
        else:
            await self._start_work()

    async def _lay_ground(self, opened: AsyncExitStack) -> Ground:
        config, parts = self.config, self._parts
        ready = await prepared(config)
        token_keys = token_secrets(config)
        reserve = Reserve(config.database.path.with_suffix(".reserve"), config.database.reserve_mb * MEGABYTE)
        prepare_types()  # before the writer's thread is there
        self.database = await self._open_database(reserve)  # the lock comes first
        opened.push_async_callback(self.database.close)
        for found in private_files.close(config):
            _log.warning("file_not_private", file=str(found.path), says=found.says)
        endpoints, simulators = start_simulators(config, opened)
        self.tasks = Tasks(parts.clock)
        self.readiness = Readiness(_checks(config))
        now = parts.clock.now()
        menu = await begin_menu(config, ready, self.database, self.readiness, parts.clock)
        await self.database.write(charts.prepare, menu.now.charts(), now)
        self.kitchen = Kitchen(menu.now.charts(), ready.equipment, await self.database.read(paces.read))
        self.kitchen.know(await self.database.read(charts.read_ordered))
        menu.when_published(lambda new: self.kitchen.sell(new.charts()))
        self.devices = Devices(config, parts, endpoints)
        opened.push_async_callback(self.devices.close)
        return Ground(
            config, parts, token_keys, ready.equipment, menu, ready.notices, reserve, self.database, self.devices,
            simulators, self.tasks, self.readiness, self.kitchen,
        )  # fmt: skip

    async def _open_database(self, reserve: Reserve) -> Database:
        """Raises `ConfigError` where the path is no place for it, or another process has it; `DatabaseBroken`."""
        path = self.config.database.path
        try:
            parts = self._parts
            return await parts.database.open(path, self._fatal, reserve=reserve, trace=parts.trace, still=_tell_still())
        except (DatabaseInUse, OSError) as error:
            raise ConfigError(problem("$.database.path", error)) from error

    async def _serve(self, ground: Ground, opened: AsyncExitStack) -> None:
        server = self.config.server
        self.health = health_of(ground, self.flows, self._counts)
        gate = Gate(GateLimits(in_all=connections_allowed()))
        own = OwnProcess(
            end=self.request_stop if systemd.brings_back() else None,
            browser=folder / "browser-restart" if (folder := systemd.runtime_folder()) else None,
            origin=lambda: f"http://{server.host}:{self.public_port}",
        )
        self.public_app = public_door(ground, self.flows, self._sinks, self._alarms, self.health, gate, own=own)
        runner = await runner_of(self.public_app, opened)
        self.public_port = await listen_gated(runner, gate, server.host, server.port, opened)
        staff = await runner_of(staff_door(ground, self.flows, self._alarms), opened)
        await listen(web.SockSite(staff, unix_socket(server.socket)), "$.server.socket")
        opened.callback(server.socket.unlink, missing_ok=True)
        opened.callback(self._sinks.hall_board.close)
        opened.callback(self._sinks.kitchen_screens.close)

    def _counts(self) -> dict[str, float]:
        flows, sinks = self.flows, self._sinks
        return {
            "hall_screens": sinks.hall_board.screens,
            "kitchen_screens": sinks.kitchen_screens.count,
            **{f"stuck_{kind}": flows.stuck_moves.counts[kind] for kind in Kind},
            "alarms_standing": self._alarms.watch.standing,
            "disk_free_bytes": float(flows.disk_guard.free_bytes),
            **_battery(flows.power_guard),
            **({} if self._standby is None else self._standby.counts()),
            "portions_pending": len(self.kitchen.now.pending),
            "loop_lag_longest_seconds": sinks.lag.take_s(),
            "page_silent_seconds": max(flows.page_watch.silence_s().values(), default=0.0),
        }

    def _start_loops(self) -> None:
        supervise, flows, sinks = self.tasks.supervise, self.flows, self._sinks
        supervise("lag", sinks.lag.run, ())
        supervise("day", flows.day_close.run, ())
        supervise("shift", flows.shift_keeper.run, (DeviceError,))
        for name in flows.document_delivery.names:
            supervise(f"ofd:{name}", partial(flows.document_delivery.run, name), ())
        supervise("cooking", lambda: sinks.dispatcher.run(sinks.cooking), ())
        supervise("notifications", lambda: sinks.dispatcher.run(sinks.notifications), ())
        supervise("lateness", sinks.lateness.run, ())
        supervise("codes", flows.code_sender.run, ())
        supervise("sms", sinks.sms_sender.run, ())
        supervise("push", sinks.push_sender.run, ())
        supervise("showing", sinks.hall_board.run, ())
        supervise("board", sinks.hall_board.refresh, ())
        supervise("kitchen_show", sinks.kitchen_screens.run, ())
        supervise("statistics", lambda: sinks.dispatcher.run(sinks.statistics), ())
        supervise("reports", flows.reports.write_reports, ())
        supervise("letters", flows.day_letters.run, ())
        supervise("sold_out", flows.sold_out.run, ())
        supervise("menu_turns", flows.menu_turns.run, ())
        supervise("disk", flows.disk_guard.run, ())
        supervise("file", flows.file_check.run, (OSError,))
        for guard, probe in flows.guards.probes():
            supervise(f"guard:{guard.name}", partial(guard.run, probe), ())
        supervise("stuck", flows.stuck_moves.watch, ())
        supervise("door", flows.staff_door.run, ())
        supervise("second_person", flows.second_person.run, ())
        supervise("forgetting", sinks.retention.run, (DatabaseBroken,))
        supervise("erasing", flows.customers.run, (DatabaseBroken,))
        supervise("pictures", flows.picture_tidying.run, ())
        supervise("alarms", self._alarms.watch.run, ())
        for name in self._alarms.channels:
            supervise(f"alarm:{name}", partial(self._alarms.sender.run, name), ())
        for target in sinks.targets:
            supervise(f"{target.kind}:{target.url}", partial(sinks.relay.run, target), ())
        if period_s := systemd.watchdog_period_s():
            supervise("watchdog", lambda: self._ping_watchdog(period_s), ())

    def _start_what_is_configured(self) -> None:
        supervise, flows = self.tasks.supervise, self.flows
        if len(self.config.registrars) > 1:
            supervise("spares", flows.spares.run, ())
        if flows.fallback.spares:
            supervise("fallback", flows.fallback.run, ())
        if flows.menu.cloud is not None:
            supervise("menu_cloud", flows.menu.cloud.run, (DatabaseBroken,))
        if flows.power_guard is not None:
            supervise("power", flows.power_guard.run, ())
        if self._standby is not None:
            supervise("standby", self._standby.guard.run, (OSError,))
            supervise("standby_age", self._standby.guard.tell, ())
            supervise("backups", self._standby.backups.run, (OSError,))

    async def _start_work(self) -> None:
        """What touches money and food; after a restored backup only once bank and registrar agree."""
        flows, supervise = self.flows, self.tasks.supervise
        await flows.payment_saga.resume()
        await flows.refunds.resume()
        await flows.corrections.resume()
        supervise("kitchen", self._sinks.kitchen_line.run, (DeviceError,))
        supervise("holds", flows.reservations.run, ())
        supervise("unpaid", flows.expiry.run, ())
        supervise("refunds", flows.refunds.refund_failures, ())
        supervise("inquiry", flows.late_answers.run, (DeviceError,))
        if flows.guards.taking_reader is not None:
            supervise("settlement", flows.settlement.run, ())

    async def _reconcile(self) -> None:
        await self.flows.after_restore.run(self._start_work)
        await asyncio.get_running_loop().create_future()  # a supervised loop never ends by itself

    async def _ping_watchdog(self, period_s: float) -> None:
        """Only while the loop is on time and the writer commits."""
        while True:
            await self.database.write(meta.put, "heartbeat", "1")
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
        self.health.stopping = True
        await self._opened.aclose()


def _tell_still() -> Callable[[str], None]:
    """For a start that takes long: systemd is asked for more time, the log hears it every few seconds."""
    told_at = 0.0
    said = ""

    def still(doing: str) -> None:
        nonlocal told_at, said
        now = time.monotonic()
        if doing != said or now - told_at >= _STILL_S:
            told_at, said = now, doing
            systemd.notify(f"EXTEND_TIMEOUT_USEC={_MORE_TIME_S * 1_000_000}\nSTATUS={doing}")
            _log.warning("start_takes_long", doing=doing)

    return still


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
