"""`/api/sim`: breaks simulated devices on purpose, for training. Open to everybody only where nothing is real that
moves money or food; beside a real one it is behind the staff's PIN, and where every device is real it is not there."""

from __future__ import annotations

from typing import Annotated, Any, Protocol

import msgspec
from aiohttp import web

from kiosk.api.service import staff_actor
from kiosk.api.wire import answer, staff_body
from kiosk.domain.errors import InvalidRequest, NotFound
from kiosk.flows.letting_in import LettingIn


class Simulators(Protocol):
    """The devices that are simulated inside this process."""

    def known(self) -> dict[str, dict[str, tuple[str, ...]]]: ...

    async def control(self, device: str, request: dict[str, Any]) -> dict[str, Any]: ...


class FaultSwitch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One fault of contract §8 of one device, with the parameters it requires."""

    device: Annotated[str, msgspec.Meta(min_length=1, max_length=16)]
    fault: Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
    on: bool
    parameters: Annotated[dict[str, int | float | str], msgspec.Meta(max_length=4)] = {}


class FaultView(msgspec.Struct, frozen=True):
    name: str
    parameters: list[str]
    on: bool


class SimulatedDevice(msgspec.Struct, frozen=True):
    device: str
    faults: list[FaultView]


class SimView(msgspec.Struct, frozen=True):
    devices: list[SimulatedDevice]


_WHAT_MATTERS = frozenset({"bank", "fiscal", "robot"})


class SimApi:
    def __init__(self, simulators: Simulators | None, letting_in: LettingIn) -> None:
        self._simulators = simulators
        self._letting_in = letting_in

    def _require(self, request: web.Request) -> Simulators:
        """Raises `NotFound`, `Unauthorized`."""
        if self._simulators is None:
            raise NotFound
        if not self._simulators.known().keys() >= _WHAT_MATTERS:
            staff_actor(request, self._letting_in)
        return self._simulators

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/api/sim", self.show), web.post("/api/sim", self.switch)]

    async def show(self, request: web.Request) -> web.Response:
        return answer(await _view(self._require(request)))

    async def switch(self, request: web.Request) -> web.Response:
        simulators = self._require(request)
        wanted = await staff_body(request, FaultSwitch)
        told = {**wanted.parameters, "fault": wanted.fault, "on": wanted.on}
        done = await simulators.control(wanted.device, told)
        if not done["ok"]:
            raise InvalidRequest.at("$.fault", str(done["error"]))
        return answer(await _view(simulators))


async def _view(simulators: Simulators) -> SimView:
    devices = []
    for name, known in simulators.known().items():
        on = (await simulators.control(name, {"state": True}))["faults"]
        faults = [FaultView(fault, list(parameters), fault in on) for fault, parameters in known.items()]
        devices.append(SimulatedDevice(name, faults))
    return SimView(devices)
