"""A whole restaurant for one test: the kiosk over HTTP, every simulated device behind its real port, all ledgers."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict

import aiohttp

from drivers.fiscal.atol.timeouts import AtolTimeouts
from drivers.fiscal.atol_web.client import AtolWebTimeouts
from drivers.fiscal.shtrih.timeouts import ShtrihTimeouts
from drivers.robot.modbus import ModbusTimings
from drivers.sim.atol.device import AtolDevice, atol
from drivers.sim.atol_web.device import AtolWebDevice, atol_web
from drivers.sim.gateways.bank import BankDevice, bank
from drivers.sim.gateways.push import PushDevice, push
from drivers.sim.gateways.sms import SmsDevice, sms
from drivers.sim.gateways.yookassa import yookassa
from drivers.sim.inpas.device import InpasDevice, InpasRules, inpas
from drivers.sim.ofd.device import OfdDevice, ofd
from drivers.sim.qr_bank import QrRules
from drivers.sim.raif.device import RaifDevice, raif
from drivers.sim.robot.device import RobotDevice, RobotRules, robot
from drivers.sim.shtrih.device import ShtrihDevice, shtrih
from drivers.sim.shtrih.setup import ShtrihSetup
from drivers.sim.site import Site
from drivers.sim.tbank.device import TbankDevice, tbank
from drivers.sim.vtk.device import ReaderRules, VtkDevice, vtk
from drivers.terminal.inpas.reader import InpasTimings
from drivers.terminal.vtk.line import VtkTimings
from kiosk.config import load
from kiosk.config.settings import Config
from kiosk.periods import Periods
from kiosk.store.database import Database
from kiosk.wiring import Kiosk, Parts
from tests import folders
from tests.clocks import PassingClock, SceneClock
from tests.databases.on_the_loop import LoopDatabase
from tests.databases.ready import lay_ready
from tests.patient_loop import is_hurried
from tests.plans import Plans

DEADLINE_S = 40.0
NOBODY = "http://127.0.0.1:9"  # a port where nothing answers
FAST_FISCAL = ShtrihTimeouts(
    byte_s=0.2,
    ack_s=0.6,
    enquiry_s=0.4,
    enquiry_total_s=1.2,
    command_s=2.0,
    commands_s={},
    recovery_s=1.2,
    printing_s=4.0,
    poll_s=0.02,
)
FAST_ATOL = AtolTimeouts(
    reply_s=0.3, silence_s=0.8, poll_s=0.2, reopen_s=0.05, command_s=1.5, commands_s={0x4A: 2.0, 0x9A: 2.0, 0x5A: 2.0}
)
FAST_ATOL_WEB = AtolWebTimeouts(call_s=0.5, question_s=1.5, task_s=3.0, poll_s=0.05, again_s=0.1)
#: A scene that only waits for a look waits no longer than it must.
FAST_LOOKS = Periods(
    refund_s=0.2, inquiry_s=0.2, lateness_s=0.5, message_s=0.5, registrar_s=0.5, documents_s=0.5, spare_s=0.5,
    fallback_s=0.25, shift_report_s=0.5, reader_s=0.5, stuck_s=0.5, restored_s=0.25, pin_s=0.2, disk_s=0.25,
    board_s=1.0, climate_s=0.2, settlement_s=0.2, lag_s=0.25, power_s=0.1,
    standby_s=0.05, standby_again_s=0.02, backups_s=0.1, menu_s=0.1,
)  # fmt: skip
FAST_READER = VtkTimings(answer_s=0.4, rest_s=0.3, margin_s=0.3)
FAST_INPAS = InpasTimings(answer_s=10.0, sale_s=60.0, settle_s=60.0, margin_s=1.0, test_s=0.3)
#: Of scenes in which an operation never came: so long it may come yet.
SHORT_INPAS = InpasTimings(answer_s=10.0, sale_s=3.0, settle_s=3.0, margin_s=0.2, test_s=0.3)
QUICK_SERVICE = InpasRules(tap_s=0.05, reboot_s=0.05)
QUICK_CARD = ReaderRules(tap_s=0.05, operation_s=2)
QUICK_PHONE = QrRules(pays_after_s=0.05)
FAST_ROBOT = ModbusTimings(timeout_s=0.5, quiet_s=0.05, stations_s=0.5)


#: Of every restaurant in this process: each statement is judged once, by the scene that brought it up.
STATEMENTS = Plans()


async def until(condition: Callable[[], Awaitable[Any] | Any], deadline_s: float = DEADLINE_S) -> Any:
    """Poll `condition` until it gives something true; the test fails at the deadline. What takes long is asked for less
    and less often: each question costs the two cores something."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    end = began + deadline_s
    while True:
        found = condition()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return found
        if loop.time() > end:
            raise AssertionError(f"not within {deadline_s} s: {condition}")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(0.01 + (loop.time() - began) / 6, 0.1)):
                await asyncio.Event().wait()


def ledger(path: Path) -> list[dict[str, Any]]:
    """The effects a device wrote; every line must be whole."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


class Files(TypedDict):
    """What a simulated device keeps."""

    state: Path
    ledger: Path


@dataclass
class Answer:
    """One HTTP answer."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def code(self) -> str:
        return str(self.body["code"])


@dataclass
class Customer:
    """A guest at a terminal."""

    restaurant: Restaurant
    token: str = ""

    async def call(self, method: str, path: str, json: Any = None, **headers: str) -> Answer:
        return await self.restaurant.call(method, path, json, Authorization=f"Bearer {self.token}", **headers)

    async def order(self, *items: tuple[str, int], **more: Any) -> dict[str, Any]:
        body = {"items": [{"item_id": i, "quantity": q} for i, q in items], "service": "dine_in", **more}
        answer = await self.call("POST", "/api/orders/create", body)
        assert answer.status == 201, answer
        created: dict[str, Any] = answer.body
        return created

    async def pay_by(self, method: str, order_id: str, key: str | None = None, **more: Any) -> Answer:
        """By a way that needs no token."""
        headers = {"Idempotency-Key": key} if key else {}
        return await self.call("POST", f"/api/orders/{order_id}/payment", {"method": method, **more}, **headers)

    async def pay(self, order_id: str, token: str = "tok_ok", key: str | None = None, **more: Any) -> Answer:
        headers = {"Idempotency-Key": key} if key else {}
        return await self.call("POST", f"/api/orders/{order_id}/payment", {"card_token": token, **more}, **headers)

    async def look(self, order_id: str) -> dict[str, Any]:
        answer = await self.call("GET", f"/api/orders/{order_id}")
        assert answer.status == 200, answer
        found: dict[str, Any] = answer.body
        return found

    async def until_status(self, order_id: str, *statuses: str) -> dict[str, Any]:
        async def there() -> dict[str, Any] | None:
            order = await self.look(order_id)
            return order if order["status"] in statuses else None

        found: dict[str, Any] = await until(there)
        return found


@dataclass
class Restaurant:
    """Everything a scene touches."""

    folder: Path
    kiosk: Kiosk
    bank: BankDevice  # or YooKassa's, with the same faults
    fiscal: ShtrihDevice | AtolDevice | AtolWebDevice
    robot: RobotDevice
    sms: SmsDevice
    push: PushDevice
    client: aiohttp.ClientSession
    staff: aiohttp.ClientSession
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    changes: dict[str, Any] = field(default_factory=dict)
    operator: OfdDevice | None = None
    card_reader: VtkDevice | None = None
    bank_of_codes: TbankDevice | RaifDevice | None = None
    card_service: InpasDevice | None = None

    @property
    def service(self) -> InpasDevice:
        assert self.card_service is not None, "this restaurant has no reader behind DualConnector"
        return self.card_service

    @property
    def reader(self) -> VtkDevice:
        assert self.card_reader is not None, "this restaurant has no card reader"
        return self.card_reader

    @property
    def qr_bank(self) -> TbankDevice | RaifDevice:
        assert self.bank_of_codes is not None, "this restaurant takes no QR payments"
        return self.bank_of_codes

    async def call(self, method: str, path: str, json: Any = None, **headers: str) -> Answer:
        return await _answer(self.client, method, f"http://127.0.0.1:{self.kiosk.public_port}{path}", json, headers)

    async def internal(self, method: str, path: str, json: Any = None) -> Answer:
        return await _answer(self.staff, method, f"http://kiosk{path}", json, {})

    async def guest(self) -> Customer:
        answer = await self.call("POST", "/api/auth/guest")
        assert answer.status == 201, answer
        return Customer(self, answer.body["access_token"])

    def ledger(self, device: str) -> list[dict[str, Any]]:
        return ledger(self.folder / f"{device}.jsonl")

    def effects(self, device: str, *effects: str) -> list[dict[str, Any]]:
        return [line for line in self.ledger(device) if line["effect"] in effects]

    async def restart(self, **changes: Any) -> None:
        """Stop the kiosk and start it again with the same parts, or these; the devices stay on."""
        await self.kiosk.stop()
        parts = test_parts(**{**self.changes, **changes})
        self.kiosk = await start_kiosk(self.stack, load(self.folder / "config.toml"), parts)

    async def until_open(self) -> None:
        """Until sales are open."""

        async def opened() -> bool:
            return bool((await self.call("GET", "/api/restaurant")).body["sales"]["open"])

        try:
            await until(opened)
        except AssertionError as error:
            error.add_note(f"/readyz: {(await self.call('GET', '/readyz')).body}")
            raise

    async def is_charging(self, order_id: str) -> bool:
        """The bank has been asked for this order's money and has not answered yet."""
        order = (await self.internal("GET", f"/internal/orders/{order_id}")).body
        return bool(order["payment"] and order["payment"]["stage"] == "charging")

    async def until_paused(self, reason: str) -> None:
        async def paused() -> bool:
            return bool((await self.call("GET", "/api/restaurant")).body["sales"]["reason"] == reason)

        await until(paused)

    async def events(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = (await self.internal("GET", "/internal/events")).body["events"]
        return rows


async def _answer(client: aiohttp.ClientSession, method: str, url: str, json: Any, headers: dict[str, str]) -> Answer:
    if isinstance(json, bytes):
        call = client.request(method, url, data=json, headers=headers)
    else:
        call = client.request(method, url, json=json, headers=headers)
    async with call as response:
        raw = await response.read()
        body = await response.json(content_type=None) if raw and "json" in response.content_type else raw
        return Answer(response.status, body, response.headers)


def config_text(folder: Path, bank_url: str, extra: str = "", sms_url: str = NOBODY, push_url: str = NOBODY) -> str:
    """A configuration with real ports; `extra` is TOML whose sections are merged by hand where they repeat."""
    sections = {
        "server": f'port = 0\nsocket = "{folder}/k.sock"',
        "database": f'path = "{folder}/kiosk.db"\nreserve_mb = 1',
        "bank": f'url = "{bank_url}"\ntimeout_s = 2.0\nabandon_after_s = 2.5',
        "fiscal": f'port = "{folder}/fiscal.tty"',
        "robot": f'port = "{folder}/robot.tty"',
        "sms": f'url = "{sms_url}"',
        "push": f'url = "{push_url}"',
        "payment": "answer_within_s = 10\nreceipt_retry_s = 1.0\nhold_limit_s = 1.5",
        "log": 'level = "error"',
    }
    for part in re.split(r"(?m)^\[", extra)[1:]:
        name, _, body = part.partition("]")
        keys = {line.partition("=")[0].strip() for line in body.strip().splitlines()}
        kept = [line for line in sections.get(name, "").splitlines() if line.partition("=")[0].strip() not in keys]
        sections[name] = "\n".join([*kept, body.strip()])
    return "\n".join(f"[{name}]\n{body}" for name, body in sections.items())


def short_folder() -> Path:
    """A temporary folder whose unix sockets fit 108 bytes."""
    return folders.new()


def test_parts(**changes: Any) -> Parts:
    database = LoopDatabase if is_hurried() else Database
    changes = {"trace": STATEMENTS.trace, "clock": SceneClock(), "database": database, **changes}
    fiscal = {"fiscal_timeouts": FAST_FISCAL, "atol_timeouts": FAST_ATOL, "atol_web_timeouts": FAST_ATOL_WEB}
    return Parts(
        **{
            **fiscal,
            "robot_timings": FAST_ROBOT,
            "reader_timings": FAST_READER,
            "inpas_timings": FAST_INPAS,
            "periods": FAST_LOOKS,
            "check_file_after_s": 3600.0,  # a process of its own beside each scene that lasts: where it is the subject
            "refusal_probe_s": 1.0,
            "drain_s": 3.0,
            **changes,
        }
    )


test_parts.__test__ = False  # type: ignore[attr-defined]


@asynccontextmanager
async def restaurant(
    extra: str = "",
    speed: float = 200.0,
    tail: str = "",
    *,
    sales_open: bool = True,
    registrar: str = "shtrih",
    carried: bool = False,
    reader: ReaderRules = QUICK_CARD,
    phone: QrRules = QUICK_PHONE,
    **changes: Any,
) -> AsyncIterator[Restaurant]:
    """Devices first, then the kiosk; sales are open when the block begins, unless they never will be (`sales_open`
    False). `tail` is TOML that goes to the configuration's end as it is (`[[…]]`); `registrar` is `[fiscal] driver`;
    `carried`: the register is set to wait for a host that carries its documents to a simulated operator; `reader`: how
    a card reader behaves, which stands there where `extra` names the method `terminal`; `phone`: the guest who scans,
    where it names `sbp`. A description of the complex in `extra` is the robot's too."""
    folder = short_folder()
    try:
        async with AsyncExitStack() as stack:
            files = {name: Files(state=folder / f"{name}.state", ledger=folder / f"{name}.jsonl") for name in DEVICES}
            hours = changes.get(
                "clock"
            )  # what passed, passed for the devices too; one that is set is the kiosk's alone
            site = Site(now=(hours if isinstance(hours, PassingClock) else SceneClock()).now)
            sms_device = await stack.enter_async_context(sms(0, **files["sms"]))
            push_device = await stack.enter_async_context(push(0, **files["push"]))
            build = yookassa if '"yookassa"' in extra else bank
            bank_device: Any = await stack.enter_async_context(build(0, **files["bank"], site=site))
            operator = await stack.enter_async_context(ofd(0, **files["ofd"])) if carried else None
            fiscal_device, way = await _registrar(stack, registrar, folder, files["fiscal"], site, operator)
            card_reader = card_service = None
            if 'driver = "inpas"' in extra:
                card_service = await stack.enter_async_context(
                    inpas(0, **files["terminal"], rules=QUICK_SERVICE, site=site)
                )
                extra = f'[terminal]\nport = "{card_service.url}/"\n{extra}'
            elif '"terminal"' in extra:
                line = folder / "terminal.tty"
                card_reader = await stack.enter_async_context(vtk(line, **files["terminal"], rules=reader, site=site))
                extra = f'[terminal]\nport = "{line}"\n{extra}'
            qr_bank = None
            if '"sbp"' in extra:
                open_bank: Any = raif if '"raif"' in extra else tbank
                qr_bank = await stack.enter_async_context(open_bank(0, **files["sbp"], rules=phone, site=site))
                extra = f'[sbp]\nurl = "{qr_bank.url}"\ntimeout_s = 2.0\npoll_s = 0.1\n{extra}'
            extra = f'[fiscal]\ndriver = "{registrar}"\n{way}\n{extra}'
            described = re.search('^complex = "(.+)"$', extra, re.MULTILINE)
            rules = RobotRules(description=None if described is None else Path(described[1]))
            robot_device = await stack.enter_async_context(
                robot(folder / "robot.tty", **files["robot"], speed=speed, seed=1, rules=rules)
            )
            (folder / "config.toml").write_text(
                config_text(folder, bank_device.url, extra, sms_device.url, push_device.url) + f"\n{tail}"
            )
            lay_ready(folder / "kiosk.db")
            kiosk = await start_kiosk(stack, load(folder / "config.toml"), test_parts(**changes))
            client = await stack.enter_async_context(aiohttp.ClientSession())
            staff = await stack.enter_async_context(
                aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(folder / "k.sock")))
            )
            found = Restaurant(
                folder, kiosk, bank_device, fiscal_device, robot_device, sms_device, push_device, client, staff, stack,
                changes, operator, card_reader, qr_bank, card_service,
            )  # fmt: skip
            if sales_open:
                await found.until_open()
            yield found
            walks = "\n".join(STATEMENTS.walks())
            assert not walks, f"what was sold before is walked through: {walks}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _registrar(
    stack: AsyncExitStack, registrar: str, folder: Path, files: Files, site: Site, operator: OfdDevice | None
) -> tuple[ShtrihDevice | AtolDevice | AtolWebDevice, str]:
    """The device, and the line of `[fiscal]` that leads to it."""
    if registrar == "atol-web":
        server = await stack.enter_async_context(atol_web(0, **files, site=site))
        return server, f'url = "{server.url}"'
    link = folder / "fiscal.tty"
    if registrar == "atol":
        return await stack.enter_async_context(atol(link, **files, site=site)), f'port = "{link}"'
    waits_for = None if operator is None else ("127.0.0.1", operator.port)
    setup = ShtrihSetup(host_carries_to=waits_for)
    device = await stack.enter_async_context(shtrih(link, **files, setup=setup, site=site))
    return device, f'port = "{link}"'


DEVICES = ("bank", "fiscal", "robot", "sms", "push", "ofd", "terminal", "sbp")


async def start_kiosk(stack: AsyncExitStack, config: Config, parts: Parts) -> Kiosk:
    kiosk = Kiosk(config, parts)
    await kiosk.start()
    stack.push_async_callback(_stop_unless_stopped, kiosk)
    return kiosk


async def _stop_unless_stopped(kiosk: Kiosk) -> None:
    """A scene may have stopped the process itself."""
    if not kiosk.health.stopping:
        await kiosk.stop()
