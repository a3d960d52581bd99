"""The drivers as the configuration names them, the simulators that stand in, and a look at each for `kiosk check`."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from drivers.bank.acquirer import HttpAcquirer
from drivers.errors import DeviceError, DeviceRefused
from drivers.fiscal.port import OfdRoute, Paper
from drivers.fiscal.switch import SwitchedRegistrar
from drivers.push.gateway import HttpPushGateway
from drivers.robot.modbus import ModbusComplex
from drivers.robot.port import ComplexState, HealthFlag
from drivers.sim.embedded import EmbeddedSimulators, Endpoints, Wanted
from drivers.sms.gateway import HttpSmsGateway
from drivers.webhook.sender import HttpWebhookSender
from kiosk.clock import SystemClock
from kiosk.config import ConfigError, problem
from kiosk.config.forms import SIM
from kiosk.config.secret_files import read_key
from kiosk.config.settings import Config, Fiscal
from kiosk.domain.errors import DatabaseBroken
from kiosk.domain.ofd_words import CONTRADICTIONS
from kiosk.flows.carrying_documents import contradiction
from kiosk.flows.keeping_shift import MISMATCH, FiscalRules
from kiosk.flows.watching_registrar import registration_mismatches
from kiosk.store.opening import inspect
from kiosk.wiring.parts import Parts
from kiosk.wiring.registrars import built, carriers
from kiosk.wiring.rules import fiscal_rules
from kiosk.wiring.targets import broker_of

_CLOSE_TIMEOUT_S = 2.0
_LOOK_TIMEOUT_S = 15.0
Look = tuple[str, Callable[[], Awaitable[str]]]  # where, and what is asked there

#: Of registers that tell nothing of it: what `kiosk check` says is to carry their documents, by driver and way.
_CARRIED_BY: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("atol", "device"): "the register's own network carries (its setting 276; OfdChannel = 0)",
        ("atol", "external"): "ATOL's driver 10 carries, by its Ethernet over USB service (OfdChannel = 1)",
        ("atol-web", "device"): "the register's own network carries (its setting 276; OfdChannel = 0)",
        ("atol-web", "external"): "the web server carries (OfdChannel = 2 in its settings of the device)",
    }
)


class Devices:
    """One driver each; building them opens nothing. Raises `ConfigError` for a secret that cannot be read."""

    def __init__(self, config: Config, parts: Parts, endpoints: Endpoints) -> None:
        merchant_key = _key(config.bank.merchant_key_file, "$.bank.merchant_key_file")
        self.bank = HttpAcquirer(endpoints.bank_url or config.bank.url, merchant_key, config.bank.timeout_s)
        within_s = parts.gateway_timeout_s
        sms_key = _key(config.sms.key_file, "$.sms.key_file")
        self.sms = HttpSmsGateway(endpoints.sms_url or config.sms.url, sms_key, within_s)
        self.push = HttpPushGateway(endpoints.push_url or config.push.url, timeout_s=within_s)
        zone = ZoneInfo(config.restaurant.timezone)
        registrars = built(config.registrars, parts, endpoints, zone)
        self.registrar, self.carriers = SwitchedRegistrar(registrars), carriers(registrars)
        self.robot = ModbusComplex(
            port=endpoints.robot_port or config.robot.port,
            baudrate=config.robot.baudrate,
            unit=config.robot.unit,
            timings=parts.robot_timings,
        )
        self.webhooks = HttpWebhookSender()
        self.broker = broker_of(config.broker, parts.broker_timeout_s)

    async def close(self) -> None:
        """The serial lines first; each in its time."""
        for device in (self.registrar, self.robot, self.bank, self.push, self.sms, self.webhooks, self.broker):
            if device is not None:
                await _in_time(device.close)

    async def look_at_registrar(self, name: str, rules: FiscalRules) -> str:
        """What the kiosk mends by itself (a closed shift, a stale document) is no fault."""
        registrar = self.registrar.at(name)
        status = await registrar.status()
        if status.blocked is not None or status.paper is Paper.OUT:
            raise DeviceRefused("fiscal", status.why_not() or "blocked")
        now = SystemClock().now()
        found = registration_mismatches(await registrar.registration(), rules.expected(name), rules.rates(now))
        if found:
            raise DeviceRefused("fiscal", MISMATCH, "; ".join(map(str, found)))
        return f"drive {status.drive_number}, shift {status.shift} {'open' if status.shift_open else 'closed'}"

    async def look_at_ofd(self, row: Fiscal) -> str:
        """Settings against the register; for one that does not tell, who is to carry its documents."""
        carrier = self.carriers.get(row.name)
        if carrier is None:
            return f"{row.ofd}: {_CARRIED_BY[row.driver, row.ofd]}"
        told = await carrier.settings()
        if (wrong := contradiction(OfdRoute(row.ofd), told)) is not None:
            raise DeviceRefused("fiscal", wrong, CONTRADICTIONS[wrong].en)
        return f"{row.ofd}: {told.address}:{told.port}"

    async def look_at_robot(self) -> str:
        health = await self.robot.health()
        if health.flags & ~(HealthFlag.MATERIAL_LOW | HealthFlag.NO_CELL) or health.state is ComplexState.ABORTED:
            raise DeviceRefused("robot", health.flags.name or health.state.name, health.state.name)
        return f"serial {health.serial}, firmware {health.firmware}, {health.state.name}"

    async def look_at_bank(self) -> str:
        await self.bank.find("check:0")  # a key nobody ever charges
        return "answers"


def start_simulators(config: Config, opened: AsyncExitStack) -> tuple[Endpoints, EmbeddedSimulators | None]:
    """Every device that is `"sim"`, inside the process; nothing where none is."""
    fiscal = next((row for row in config.registrars if row.simulated), config.registrars[0])
    wanted = Wanted(
        folder=config.database.path.parent / "sim",
        bank=config.bank.url == SIM,
        fiscal=fiscal.simulated,
        fiscal_driver=fiscal.driver,
        ofd=OfdRoute(fiscal.ofd) is OfdRoute.HOST,
        robot=config.robot.port == SIM,
        sms=config.sms.url == SIM,
        push=config.push.url == SIM,
        speed=config.robot.speed,
        timezone=config.restaurant.timezone,
        unit=config.robot.unit,
    )
    if not wanted.anything:
        return Endpoints(), None
    opened.callback(os.close, _own(wanted.folder))
    simulators = EmbeddedSimulators(wanted)
    opened.callback(simulators.stop)
    try:
        return simulators.start(), simulators
    except OSError as error:
        what = f"the simulated devices in {wanted.folder} do not start: {error}"
        raise ConfigError(problem("$.database.path", what)) from error


def _own(folder: Path) -> int:
    """The simulated devices' memory belongs to one kiosk: a lock that lasts as long as its descriptor, also after
    kill -9. Raises `ConfigError`."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise ConfigError(problem("$.database.path", f"simulated devices cannot live in {folder}: {error}")) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        what = f"the simulated devices in {folder} belong to another kiosk that runs: give each its own folder"
        raise ConfigError(problem("$.database.path", what)) from error
    return descriptor


async def examine(config: Config) -> list[tuple[str, bool, str]]:
    """`kiosk check` while no kiosk runs: (name, ok, detail) of the database and of each device, opened here for a look.
    Simulated ones live in the process of a kiosk and are only named."""
    try:
        found = [("database", True, inspect(config.database.path))]
    except DatabaseBroken as error:
        found = [("database", False, str(error))]
    devices = Devices(config, Parts(), Endpoints())
    looks: dict[str, Look] = {
        **_fiscal_looks(config, devices),
        "robot": (config.robot.port, devices.look_at_robot),
        "bank": (config.bank.url, devices.look_at_bank),
        "sms": (config.sms.url, partial(_reach_url, config.sms.url)),
        "push": (config.push.url, partial(_reach_url, config.push.url)),
    }
    if config.broker.kind != "none":
        looks["broker"] = (config.broker.bootstrap, partial(_reach_any, config.broker.hosts))
    try:
        for name, (where, look) in looks.items():
            try:
                async with asyncio.timeout(_LOOK_TIMEOUT_S):
                    found.append((name, True, "simulated" if where == SIM else f"{where}: {await look()}"))
            except (DeviceError, OSError) as error:
                found.append((name, False, f"{where}: {error or 'no answer'}"))
    finally:
        await devices.close()
    return found


def _fiscal_looks(config: Config, devices: Devices) -> dict[str, Look]:
    """Of each registrar, where there are several by its name."""
    rules = fiscal_rules(config)
    found: dict[str, Look] = {}
    for row in config.registrars:
        of = f":{row.name}" if len(config.registrars) > 1 else ""
        found[f"fiscal{of}"] = (row.where, partial(devices.look_at_registrar, row.name, rules))
        found[f"ofd{of}"] = (row.where, partial(devices.look_at_ofd, row))
    return found


async def _reach_url(url: str) -> str:
    parts = urlsplit(url)
    return await _reach_any([(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))])


async def _reach_any(hosts: Sequence[tuple[str, int]]) -> str:
    """Where no question is without an effect: is there somebody? Raises `OSError` of the last when there is nobody."""
    silence: OSError = OSError("no address")
    for host, port in hosts:
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError as error:
            silence = error
            continue
        writer.close()
        return "reachable"
    raise silence


def _key(file: str, where: str) -> str:
    """A device's key; none where no file is named. Raises `ConfigError`."""
    return read_key(file, where) if file else ""


async def _in_time(close: Callable[[], Awaitable[None]]) -> None:
    """A device that cannot be closed must not hold the exit."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_CLOSE_TIMEOUT_S):
            await close()
