"""The drivers as the configuration names them, the simulators that stand in, and a look at each for `kiosk check`."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from drivers.bank.acquirer import HttpAcquirer
from drivers.bank.port import Acquirer
from drivers.errors import DeviceError, DeviceRefused
from drivers.fiscal.port import OfdRoute, Paper
from drivers.fiscal.switch import SwitchedRegistrar
from drivers.mail.smtp import SmtpAccess, SmtpServer
from drivers.menu.source import HttpMenuSource
from drivers.push.gateway import HttpPushGateway
from drivers.push.port import PushGateway
from drivers.robot.modbus import ModbusComplex
from drivers.robot.port import ComplexState, HealthFlag
from drivers.sbp.port import QrBank
from drivers.sim.endpoints import Endpoints, Wanted
from drivers.sms.gateway import HttpSmsGateway
from drivers.tap import Tap
from drivers.terminal.port import CardReader, TakingReader
from drivers.webhook.sender import HttpWebhookSender
from kiosk.clock import SystemClock
from kiosk.config import ConfigError, problem
from kiosk.config.alarms import AlarmMail
from kiosk.config.forms import LOOPBACK, SIM
from kiosk.config.secret_files import read_key
from kiosk.config.settings import Bank, Config, Fiscal
from kiosk.domain.errors import ArchiveBroken, DatabaseBroken
from kiosk.domain.fiscal.ofd_words import CONTRADICTIONS
from kiosk.domain.menu.menu import Menu
from kiosk.domain.reasons import COMPLEX_DIFFERS
from kiosk.domain.staff.retention import is_removable
from kiosk.flows.fiscal.documents import contradiction
from kiosk.flows.fiscal.readiness import registration_differences
from kiosk.flows.fiscal.shift import MISMATCH, FiscalRules
from kiosk.kitchen.comparison import differences, what_is_lost
from kiosk.store.file.opening import inspect
from kiosk.store.keep.archives import archive_path, inspect_archive, moved_years
from kiosk.wiring.parts import Parts
from kiosk.wiring.power import supply_of
from kiosk.wiring.registrars import built
from kiosk.wiring.rules import fiscal_rules
from kiosk.wiring.targets import broker_of

if TYPE_CHECKING:
    from drivers.sim.embedded import EmbeddedSimulators

_CLOSE_TIMEOUT_S = 2.0
_LOOK_TIMEOUT_S = 15.0
Look = tuple[str, Callable[[], Awaitable[str]]]  # where, and what is asked there

#: Of registers that report nothing about it: what `kiosk check` says is to carry their documents, by driver and way.
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
        self.bank = _bank(config.bank, parts, endpoints)
        self.reader = _reader(config, parts, endpoints)
        self.taking_reader = _taking_reader(config, parts, endpoints)
        self.qr_bank = _qr_bank(config, endpoints)
        within_s = parts.gateway_timeout_s
        sms_key = _key(config.sms.key_file, "$.sms.key_file")
        self.sms = HttpSmsGateway(endpoints.sms_url or config.sms.url, sms_key, within_s)
        self.push: PushGateway = HttpPushGateway(endpoints.push_url or config.push.url, timeout_s=within_s)
        zone = ZoneInfo(config.restaurant.timezone)
        clock = parts.clock
        self.taps = {name: Tap(clock.now, clock.monotonic) for name in ("robot", *(r.name for r in config.registrars))}
        registrars = built(config.registrars, parts, endpoints, zone, self.taps)
        self.registrar = SwitchedRegistrar({name: each.office for name, each in registrars.items()})
        self.carriers = {name: each.carrier for name, each in registrars.items() if each.carrier is not None}
        self.robot = ModbusComplex(
            port=endpoints.robot_port or config.robot.port,
            baudrate=config.robot.baudrate,
            unit=config.robot.unit,
            timings=parts.robot_timings,
            open_link=self.taps["robot"].on(parts.open_link),
        )
        self.webhooks = HttpWebhookSender()
        self.mail = _mail(config.alarms.email, endpoints)
        self.menu = HttpMenuSource(config.menu.url) if config.menu.url else None
        self.ups = supply_of(config.power, endpoints)
        self.broker = broker_of(config.broker, parts.broker_timeout_s)

    async def close(self) -> None:
        """The serial lines first; each in its time."""
        for device in (
            self.registrar,
            self.robot,
            self.reader,
            self.taking_reader,
            self.bank,
            self.qr_bank,
            self.push,
            self.sms,
            self.webhooks,
            self.mail,
            self.menu,
            self.broker,
        ):
            if device is not None:
                await _in_time(device.close)

    async def look_at_registrar(self, name: str, rules: FiscalRules) -> str:
        """What the kiosk mends by itself (a closed shift, a stale document) is not reported as a fault."""
        registrar = self.registrar.at(name)
        status = await registrar.status()
        if status.blocked is not None or status.paper is Paper.OUT:
            raise DeviceRefused("fiscal", status.why_not() or "blocked")
        now = SystemClock().now()
        found = registration_differences(await registrar.registration(), rules.expected(name), rules.rates(now))
        if found:
            raise DeviceRefused("fiscal", MISMATCH, "; ".join(map(str, found)))
        return f"drive {status.drive_number}, shift {status.shift} {'open' if status.shift_open else 'closed'}"

    async def look_at_ofd(self, row: Fiscal) -> str:
        """Settings against the register; for one that does not report them, who is to carry its documents."""
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

    async def look_at_reader(self) -> str:
        reader = self.reader or self.taking_reader
        return "not used" if reader is None else await reader.look()

    async def look_at_qr_bank(self) -> str:
        if self.qr_bank is None:
            return "not used"
        await self.qr_bank.find("check-0")  # an order of nobody's
        return "answers"

    async def look_at_complex(self, menu: Menu) -> str:
        """Is it as it is described, and what of the charts it is not told."""
        health = await self.robot.health()
        bins, cells, stations = await self.robot.bins(), await self.robot.cells(), await self.robot.stations()
        if found := differences(menu.equipment, health, bins, cells, stations):
            raise DeviceRefused("robot", COMPLEX_DIFFERS, "; ".join(text.en for text in found))
        lost = what_is_lost(menu.equipment, health, menu.charts())
        return f"as described, register map {health.map_version}" if lost is None else lost.en

    async def look_at_ups(self) -> str:
        if self.ups is None:
            return "none"
        state = await self.ups.state()
        left = "" if state.charge_percent is None else f", {state.charge_percent:.0f} %"
        return f"{state.words}{left}" + (f", {state.model}" if state.model else "")

    async def look_at_bank(self) -> str:
        await self.bank.ping()
        return "answers"


def _bank(row: Bank, parts: Parts, endpoints: Endpoints) -> Acquirer:
    key, url = _key(row.merchant_key_file, "$.bank.merchant_key_file"), endpoints.bank_url or row.url
    if row.driver == "yookassa":
        from drivers.bank.yookassa import YooKassa

        return YooKassa(url, row.shop_id, key, row.timeout_s, holds=row.hold, now=parts.clock.now)
    return HttpAcquirer(url, key, row.timeout_s)


def _mail(row: AlarmMail, endpoints: Endpoints) -> SmtpServer:
    simulated = row.host == SIM
    access = SmtpAccess(
        host=LOOPBACK[0] if simulated else row.host,
        port=endpoints.smtp_port if simulated else row.port,
        encryption="none" if simulated else row.encryption,
        sender=row.sender,
        user=row.user,
        password=_key(row.password_file, "$.alarms.email.password_file"),
    )
    return SmtpServer(access, row.timeout_s)


def _reader(config: Config, parts: Parts, endpoints: Endpoints) -> CardReader | None:
    """The card reader, where one is used that holds the money."""
    if not config.pays_by("terminal") or config.terminal.driver != "vtk":
        return None
    from drivers.terminal.vtk.reader import VtkHabits, VtkReader

    row, zone = config.terminal, ZoneInfo(config.restaurant.timezone)
    return VtkReader(
        parts.open_link,
        endpoints.terminal_port or row.port,
        habits=VtkHabits(row.asks_status, row.stores_before_bank, row.lends_network),
        timings=parts.reader_timings,
        now=lambda: parts.clock.now().astimezone(zone),
    )


def _taking_reader(config: Config, parts: Parts, endpoints: Endpoints) -> TakingReader | None:
    """The card reader, where one is used that takes the money at once."""
    if not config.pays_by("terminal") or config.terminal.driver != "inpas":
        return None
    from drivers.terminal.inpas.reader import InpasReader, InpasTimings

    row, zone = config.terminal, ZoneInfo(config.restaurant.timezone)
    return InpasReader(
        endpoints.terminal_url or row.port,
        terminal_id=row.terminal_id,
        old_copy_proves=row.stores_before_bank,
        timings=parts.inpas_timings or InpasTimings(sale_s=row.sale_s),
        now=parts.clock.now,
        local=lambda moment: moment.astimezone(zone),
    )


def _qr_bank(config: Config, endpoints: Endpoints) -> QrBank | None:
    """The bank of QR payments, where it is used."""
    if not config.pays_by("sbp"):
        return None
    row = config.sbp
    url = endpoints.sbp_url or row.url
    if row.driver == "raif":
        from drivers.sbp.raif.client import RaifQr

        key = _key(row.key_file, "$.sbp.key_file")
        return RaifQr(url, row.merchant_id, key, row.timeout_s, refunds_under=row.refunds_under)
    from drivers.sbp.tbank.client import TbankQr

    return TbankQr(url, row.terminal_key, _key(row.password_file, "$.sbp.password_file"), row.timeout_s)


def start_simulators(config: Config, opened: AsyncExitStack) -> tuple[Endpoints, EmbeddedSimulators | None]:
    """Every device that is `"sim"`, inside the process; nothing where none is."""
    fiscal = next((row for row in config.registrars if row.simulated), config.registrars[0])
    wanted = Wanted(
        folder=config.database.path.parent / "sim",
        bank=config.bank.url == SIM,
        bank_driver=config.bank.driver,
        terminal=config.pays_by("terminal") and config.terminal.simulated,
        terminal_driver=config.terminal.driver,
        sbp=config.pays_by("sbp") and config.sbp.url == SIM,
        sbp_driver=config.sbp.driver,
        fiscal=fiscal.simulated,
        fiscal_driver=fiscal.driver,
        ofd=OfdRoute(fiscal.ofd) is OfdRoute.HOST,
        robot=config.robot.port == SIM,
        sms=config.sms.url == SIM,
        push=config.push.url == SIM,
        smtp=config.mails and config.alarms.email.host == SIM,
        ups=config.power.ups == SIM,
        speed=config.robot.speed,
        timezone=config.restaurant.timezone,
        unit=config.robot.unit,
        description=Path(config.robot.complex) if config.robot.complex else None,
    )
    if not wanted.anything:
        return Endpoints(), None
    from drivers.sim.embedded import EmbeddedSimulators  # a kiosk with real devices needs none of it

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


async def examine(config: Config, menu: Menu) -> list[tuple[str, bool, str]]:
    """`kiosk check` while no kiosk runs: (name, ok, detail) of the database and of each device, opened here for a look.
    Simulated ones live in the process of a kiosk and are only named."""
    try:
        found = [("database", True, inspect(config.database.path))]
    except DatabaseBroken as error:
        found = [("database", False, str(error))]
    found += _archives(config.database.path)
    devices = Devices(config, Parts(), Endpoints())
    looks: dict[str, Look] = {
        **_fiscal_looks(config, devices),
        "robot": (config.robot.port, devices.look_at_robot),
        **({"terminal": (config.terminal.port, devices.look_at_reader)} if config.pays_by("terminal") else {}),
        **({"sbp": (config.sbp.url, devices.look_at_qr_bank)} if config.pays_by("sbp") else {}),
        "complex": (config.robot.port, partial(devices.look_at_complex, menu)),
        "bank": (config.bank.url, devices.look_at_bank),
        "sms": (config.sms.url, partial(_reach_url, config.sms.url)),
        "push": (config.push.url, partial(_reach_url, config.push.url)),
    }
    if config.power.ups:
        looks["ups"] = (config.power.ups, devices.look_at_ups)
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


def _archives(database: Path) -> Iterator[tuple[str, bool, str]]:
    for year in moved_years(database):
        if is_removable(year, SystemClock().now().year) and not archive_path(database, year).exists():
            continue
        try:
            yield "archive", True, inspect_archive(database, year)
        except ArchiveBroken as error:
            yield "archive", False, f"{error.file}: {error.why.en}"


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
