"""`/api/sim`: breaks simulated devices on purpose, for training. Open to everybody only where nothing is real that
moves money or food; beside a real one it is behind the staff's PIN, and where every device is real it is not there."""

from __future__ import annotations

from typing import Annotated, Any, Protocol

import msgspec

from kiosk.api.calls import BareCall, Call
from kiosk.domain.errors import InvalidRequest


class Simulators(Protocol):
    """The devices that are simulated inside this process."""

    def known(self) -> dict[str, dict[str, tuple[str, ...]]]: ...

    async def control(self, device: str, request: dict[str, Any]) -> dict[str, Any]: ...


class FaultSwitch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One fault of one device (simulators.md#faults), with the parameters it requires."""

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


class SimApi:
    """The devices that are simulated come with the admission."""

    async def show(self, call: BareCall[Simulators]) -> SimView:
        return await _view(call.by)

    async def switch(self, call: Call[Simulators, FaultSwitch]) -> SimView:
        wanted = call.body
        told = {**wanted.parameters, "fault": wanted.fault, "on": wanted.on}
        done = await call.by.control(wanted.device, told)
        if not done["ok"]:
            raise InvalidRequest.at("$.fault", str(done["error"]))
        return await _view(call.by)


async def _view(simulators: Simulators) -> SimView:
    devices = []
    for name, known in simulators.known().items():
        on = (await simulators.control(name, {"state": True}))["faults"]
        faults = [FaultView(fault, list(parameters), fault in on) for fault, parameters in known.items()]
        devices.append(SimulatedDevice(name, faults))
    return SimView(devices)
