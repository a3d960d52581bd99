"""The four lines to a register on which the same must hold: Shtrih-M by protocol 1 and 2, ATOL, ATOL's web server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from types import MappingProxyType

from drivers.fiscal.port import FiscalOffice, OrderTag
from drivers.fiscal.shtrih.session import Protocol
from tests.drivers.atol_rig import FAST as ATOL
from tests.drivers.atol_rig import atol_rig
from tests.drivers.atol_web_rig import FAST as WEB
from tests.drivers.atol_web_rig import WebRig, web_rig
from tests.drivers.shtrih_rig import FAST as SHTRIH
from tests.drivers.shtrih_rig import Rig, rig

LINES = ("shtrih 1", "shtrih 2", "atol", "atol-web")
#: What registers a sale.
CLOSE: Mapping[str, str] = MappingProxyType({"shtrih 1": "FF45", "shtrih 2": "FF45", "atol": "4A", "atol-web": "sell"})
OPEN_SHIFT: Mapping[str, str] = MappingProxyType(
    {"shtrih 1": "E0", "shtrih 2": "E0", "atol": "9A", "atol-web": "openShift"}
)
CLOSE_SHIFT: Mapping[str, str] = MappingProxyType(
    {"shtrih 1": "41", "shtrih 2": "41", "atol": "5A", "atol-web": "closeShift"}
)
#: Nothing is silent here, so nobody waits for it; a busy machine is no silent device.
_ATOL = replace(ATOL, silence_s=10.0, command_s=20.0)
_WEB = replace(WEB, call_s=10.0, question_s=10.0, task_s=20.0)
_SHTRIH = replace(SHTRIH, ack_s=2.0, enquiry_s=2.0, enquiry_total_s=10.0, command_s=10.0, recovery_s=10.0)


@asynccontextmanager
async def line_of(
    name: str, *, order_tag: OrderTag = OrderTag.TAG_1192, shift: bool = True
) -> AsyncIterator[tuple[Rig | WebRig, FiscalOffice]]:
    """The device's side, and the driver at the other end with an open shift."""
    match name:
        case "atol":
            async with atol_rig(order_tag=order_tag, shift=shift, timeouts=_ATOL) as atol:
                yield atol
        case "atol-web":
            async with web_rig(order_tag=order_tag, shift=shift, timeouts=_WEB) as web:
                yield web
        case _:
            protocol: Protocol = 2 if name == "shtrih 2" else 1
            async with rig(order_tag=order_tag, shift=shift, protocol=protocol, timeouts=_SHTRIH) as shtrih:
                yield shtrih
