"""The SMS gateway as a device: `POST /messages`; numbers in E.164, texts of at most ten parts."""

from __future__ import annotations

import re
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from drivers.sim.gateways.gateway import GatewayDevice
from drivers.sim.gateways.http import serving
from drivers.sim.site import HERE, Site
from drivers.sim.world import World

_NUMBER = re.compile(r"\+[1-9]\d{7,14}")
_LONGEST = 670  # characters: ten parts of 67 in UCS-2


class SmsDevice(GatewayDevice):
    """Refuses what no network would carry."""

    def __init__(self, world: World) -> None:
        super().__init__(world, "/messages", ("to", "text"))

    def refusal(self, members: dict[str, str]) -> tuple[int, str] | None:
        if not _NUMBER.fullmatch(members["to"]):
            return 422, "invalid_number"
        return (422, "text_too_long") if len(members["text"]) > _LONGEST else None


def sms(
    port: int, *, state: Path, ledger: Path, control: Path | None = None, site: Site = HERE
) -> AbstractAsyncContextManager[SmsDevice]:
    """The device for the length of the block; `port` 0 takes a free one."""
    world = World("sms", state, ledger, site)
    return serving(SmsDevice(world), world, port, control)
