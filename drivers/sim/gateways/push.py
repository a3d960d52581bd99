"""The push gateway as a device: `POST /push`; addresses that begin with `gone-` are of devices that left."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path

from drivers.sim.gateways.gateway import GatewayDevice
from drivers.sim.gateways.http import serving
from drivers.sim.site import HERE, Site
from drivers.sim.world import World

_GONE = "gone-"


class PushDevice(GatewayDevice):
    """Answers 410 for a device that left."""

    def __init__(self, world: World) -> None:
        super().__init__(world, "/push", ("to", "title", "body"))

    def refusal(self, members: dict[str, str]) -> tuple[int, str] | None:
        return (410, "device_gone") if members["to"].startswith(_GONE) else None


def push(
    port: int, *, state: Path, ledger: Path, control: Path | None = None, site: Site = HERE
) -> AbstractAsyncContextManager[PushDevice]:
    """The device for the length of the block; `port` 0 takes a free one."""
    world = World("push", state, ledger, site)
    return serving(PushDevice(world), world, port, control)
