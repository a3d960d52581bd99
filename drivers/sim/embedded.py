"""The `"sim"` form of the devices: inside the process, in a thread and loop of their own, behind real ports.

The end of the process is a power cut for them; state and ledger lie in files and survive it.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, TypedDict

from drivers.sim import faults
from drivers.sim.endpoints import Endpoints, Wanted
from drivers.sim.register_setup import RegisterSetup

_SWITCH_S = 0.0005  # device and driver take turns for every byte: at 5 ms each turn could cost that much
_START_TIMEOUT_S = 20.0
_STOP_TIMEOUT_S = 5.0
#: At the demo's screen a guest has so long to show a card, a bad one, or none.
_TAPS_BY_ITSELF_S = 8.0
#: So long a guest at the demo's screen takes to scan a code.
_SCANS_BY_ITSELF_S = 15.0
_SOCKET_PATH_LIMIT = 100  # bytes; the kernel's is 108


class _Files(TypedDict):
    state: Path
    ledger: Path
    control: Path | None


class EmbeddedSimulators:
    """`start()` returns when every device answers; `stop()` is their power cut."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._endpoints = Endpoints()
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._devices: dict[str, faults.Controlled] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="simulators", daemon=True)

    def start(self) -> Endpoints:
        self._wanted.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        sys.setswitchinterval(_SWITCH_S)
        self._thread.start()
        if not self._ready.wait(_START_TIMEOUT_S):
            raise TimeoutError("the simulated devices did not start")
        if self._failure is not None:
            raise self._failure
        return self._endpoints

    def stop(self) -> None:
        if self._loop is not None and self._end is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._end.set)
            self._thread.join(_STOP_TIMEOUT_S)

    def known(self) -> dict[str, dict[str, tuple[str, ...]]]:
        """Every simulated device with its faults and the parameters each requires."""
        return {name: dict(device.faults.known) for name, device in self._devices.items()}

    async def control(self, device: str, request: dict[str, Any]) -> dict[str, Any]:
        """One line for a control socket (simulators.md#faults), from another thread's loop.

        A device that is not simulated is refused.
        """
        found = self._devices.get(device)
        if found is None or self._loop is None:
            return {"ok": False, "error": f"{device} is not simulated here"}

        async def ask() -> dict[str, Any]:
            return faults.answer(found, json.dumps(request).encode())

        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(ask(), self._loop))

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - handed to whoever started the thread
            self._failure = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        async with AsyncExitStack() as stack:
            await self._enter(stack)
            self._ready.set()
            await self._end.wait()

    async def _enter(self, stack: AsyncExitStack) -> None:
        """A device is loaded when it is wanted: all of them took a third of the time of a start."""
        wanted = self._wanted
        if wanted.bank:
            await self._enter_bank(stack)
        if wanted.fiscal:
            self._devices["fiscal"] = await self._enter_registrar(stack)
        if wanted.robot:
            from drivers.sim.robot.device import RobotRules, robot

            link = wanted.folder / "robot.tty"
            rules = RobotRules(description=wanted.description)
            self._devices["robot"] = await stack.enter_async_context(
                robot(link, **self._files("robot"), speed=wanted.speed, unit=wanted.unit, rules=rules)
            )
            self._endpoints.robot_port = str(link)
        if wanted.terminal:
            self._devices["terminal"] = await self._enter_reader(stack)
        if wanted.sbp:
            await self._enter_qr_bank(stack)
        if wanted.sms:
            from drivers.sim.gateways.sms import sms

            gateway = await stack.enter_async_context(sms(0, **self._files("sms")))
            self._endpoints.sms_url, self._devices["sms"] = gateway.url, gateway
        if wanted.push:
            from drivers.sim.gateways.push import push

            pushing = await stack.enter_async_context(push(0, **self._files("push")))
            self._endpoints.push_url, self._devices["push"] = pushing.url, pushing
        if wanted.smtp:
            from drivers.sim.smtp.device import smtp

            mail = await stack.enter_async_context(smtp(0, **self._files("smtp")))
            self._endpoints.smtp_port, self._devices["smtp"] = mail.port, mail
        if wanted.ups:
            from drivers.sim.nut.device import nut

            supply = await stack.enter_async_context(nut(0, **self._files("ups")))
            self._endpoints.ups_port, self._devices["ups"] = supply.port, supply

    async def _enter_reader(self, stack: AsyncExitStack) -> faults.Controlled:
        if self._wanted.terminal_driver == "inpas":
            from drivers.sim.inpas.device import InpasRules, inpas

            rules = InpasRules(tap_s=_TAPS_BY_ITSELF_S)
            service = await stack.enter_async_context(inpas(0, **self._files("terminal"), rules=rules))
            self._endpoints.terminal_url = service.url
            return service
        from drivers.sim.vtk.device import ReaderRules, vtk

        line = self._wanted.folder / "terminal.tty"
        self._endpoints.terminal_port = str(line)
        return await stack.enter_async_context(
            vtk(line, **self._files("terminal"), rules=ReaderRules(tap_s=_TAPS_BY_ITSELF_S))
        )

    async def _enter_bank(self, stack: AsyncExitStack) -> None:
        from drivers.sim.gateways.bank import bank
        from drivers.sim.gateways.yookassa import yookassa

        build = yookassa if self._wanted.bank_driver == "yookassa" else bank
        device = await stack.enter_async_context(build(0, **self._files("bank")))
        self._endpoints.bank_url, self._devices["bank"] = device.url, device

    async def _enter_qr_bank(self, stack: AsyncExitStack) -> None:
        from drivers.sim.qr_bank import QrRules
        from drivers.sim.raif.device import raif
        from drivers.sim.tbank.device import tbank

        build = raif if self._wanted.sbp_driver == "raif" else tbank
        rules = QrRules(pays_after_s=_SCANS_BY_ITSELF_S)
        device = await stack.enter_async_context(build(0, **self._files("sbp"), rules=rules))
        self._endpoints.sbp_url, self._devices["sbp"] = device.url, device

    async def _enter_registrar(self, stack: AsyncExitStack) -> faults.Controlled:
        wanted, files = self._wanted, self._files("fiscal")
        if wanted.fiscal_driver == "atol-web":
            from drivers.sim.atol_web.device import atol_web

            setup = RegisterSetup(timezone=wanted.timezone)
            server = await stack.enter_async_context(atol_web(0, **files, setup=setup))
            self._endpoints.fiscal_url = server.url
            return server
        link = wanted.folder / "fiscal.tty"
        self._endpoints.fiscal_port = str(link)
        if wanted.fiscal_driver == "atol":
            from drivers.sim.atol.device import AS_SOLD, atol

            return await stack.enter_async_context(
                atol(link, **files, setup=replace(AS_SOLD, timezone=wanted.timezone))
            )
        from drivers.sim.shtrih.device import shtrih
        from drivers.sim.shtrih.setup import ShtrihSetup

        operator = None
        if wanted.ofd:
            from drivers.sim.ofd.device import ofd

            device = await stack.enter_async_context(ofd(0, **self._files("ofd")))
            operator, self._devices["ofd"] = ("127.0.0.1", device.port), device
        by_host = ShtrihSetup(timezone=wanted.timezone, host_carries_to=operator)
        return await stack.enter_async_context(shtrih(link, **files, setup=by_host))

    def _files(self, name: str) -> _Files:
        control = self._wanted.folder / f"{name}.sock"
        return {
            "state": self._wanted.folder / f"{name}.state",
            "ledger": self._wanted.folder / f"{name}.jsonl",
            "control": control if len(str(control).encode()) <= _SOCKET_PATH_LIMIT else None,
        }
