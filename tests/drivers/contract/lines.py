"""The four lines to a register on which the same must hold: Shtrih-M by protocol 1 and 2, ATOL, ATOL's web server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from drivers.fiscal.atol_web.registrar import AtolWebRegistrar
from drivers.fiscal.atol_web.requests import WebRequests
from drivers.fiscal.once import Once
from drivers.fiscal.port import FiscalDocument, FiscalOffice, Operation, OrderTag, Receipt
from drivers.fiscal.shtrih.session import Protocol
from tests.drivers.atol_rig import FAST as ATOL
from tests.drivers.atol_rig import atol_rig
from tests.drivers.atol_web_rig import FAST as WEB
from tests.drivers.atol_web_rig import web_rig
from tests.drivers.bench import Bench
from tests.drivers.shtrih_rig import FAST as SHTRIH
from tests.drivers.shtrih_rig import TRANSPORTS, rig

LINES = ("shtrih 1", "shtrih 2", "atol", "atol-web")
SERIAL = tuple(line for line in LINES if line != "atol-web")
#: Each line over each wire; of the web server, its two interfaces.
WIRES = [(line, wire) for line in SERIAL for wire in TRANSPORTS] + [("atol-web", "v2"), ("atol-web", "v1")]


def _by_line(shtrih: str, atol: str, web: str) -> Mapping[str, str]:
    return MappingProxyType({"shtrih 1": shtrih, "shtrih 2": shtrih, "atol": atol, "atol-web": web})


#: What registers a sale, and what opens and closes a shift.
CLOSE = _by_line("FF45", "4A", "sell")
OPEN_SHIFT = _by_line("E0", "9A", "openShift")
CLOSE_SHIFT = _by_line("41", "5A", "closeShift")
#: The versions of FFD that a register of the line may be registered by.
FORMATS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"shtrih 1": ("1.05", "1.1", "1.2"), "shtrih 2": ("1.2",), "atol": ("1.05", "1.1"), "atol-web": ("1.05", "1.2")}
)
#: Nothing is silent here, so nobody waits for it; a busy machine is no silent device.
_SHTRIH = replace(SHTRIH, ack_s=2.0, enquiry_s=2.0, enquiry_total_s=10.0, command_s=10.0, recovery_s=10.0)
_PATIENT: Mapping[str, Any] = MappingProxyType(
    {
        "shtrih 1": _SHTRIH,
        "shtrih 2": _SHTRIH,
        "atol": replace(ATOL, silence_s=10.0, command_s=20.0),
        "atol-web": replace(WEB, call_s=10.0, question_s=10.0, task_s=20.0),
    }
)
_WEB = replace(WEB, question_s=5.0, task_s=5.0)
#: For registers that fall silent, and for wires that lose every second answer.
_QUICK: Mapping[str, Any] = MappingProxyType({"shtrih 1": SHTRIH, "shtrih 2": SHTRIH, "atol": ATOL, "atol-web": _WEB})
_LOSSY: Mapping[str, Any] = MappingProxyType(
    {
        "shtrih 1": replace(SHTRIH, command_s=0.05, ack_s=0.06, enquiry_s=0.06),
        "shtrih 2": replace(SHTRIH, command_s=0.08, enquiry_s=0.05),
        "atol": replace(ATOL, silence_s=3.0, command_s=6.0),
    }
)


@asynccontextmanager
async def line_of(
    name: str,
    *,
    order_tag: OrderTag = OrderTag.TAG_1192,
    shift: bool = True,
    wire: str = "plain",
    quick: bool = False,
    lossy: bool = False,
    **device: Any,
) -> AsyncIterator[tuple[Bench, FiscalOffice]]:
    """The device's side, and the driver at the other end with an open shift. `quick`: it will fall silent;
    `lossy`: bytes will be lost."""
    waits = (_LOSSY if lossy or wire == "lost_answers" else _QUICK if quick else _PATIENT)[name]
    match name:
        case "atol":
            async with atol_rig(wire, order_tag=order_tag, shift=shift, timeouts=waits, device=device) as atol:
                yield atol
        case "atol-web":
            api = "v1" if wire == "v1" else "v2"
            async with web_rig(order_tag=order_tag, shift=shift, timeouts=waits, api=api, device=device) as web:
                yield web
        case "shtrih 1" | "shtrih 2":
            protocol: Protocol = 2 if name == "shtrih 2" else 1
            options: dict[str, Any] = {"order_tag": order_tag, "shift": shift, "protocol": protocol, "timeouts": waits}
            async with rig(wire, **options, **device) as shtrih:
                yield shtrih


async def sell(bench: Bench, registrar: FiscalOffice, wanted: Receipt) -> FiscalDocument:
    return await registrar.print_receipt(wanted, bench.intent(wanted, await registrar.counter()))


def numbers(bench: Bench) -> list[int]:
    """Of the receipts that the device registered."""
    return [effect["fiscal_document_number"] for effect in bench.receipts()]


def kinds(bench: Bench) -> list[str]:
    """Everything that the device registered."""
    return [effect["effect"] for effect in bench.effects()]


def losses(line: str) -> list[dict[str, Any]]:
    """The ways in which the answer to a command is lost; `before`: the command with it."""
    if line in SERIAL:
        return [{"forget": False}, {"forget": True}]
    return [{}, {"before": True}, {"after": "POST"}, {"after": "GET"}]


def closing_of_correction(line: str, ffd: str, operation: Operation) -> str:
    """What registers it."""
    if line == "atol-web":
        return "sellCorrection" if operation is Operation.SALE else "sellReturnCorrection"
    return "FF4A" if line != "atol" and ffd == "1.05" else CLOSE[line]


def planted(registrar: Any, once: type[Once]) -> None:
    """Puts other conclusions from the same evidence into a driver."""
    told: Once = registrar._once  # noqa: SLF001  # planted conclusions
    registrar._once = once(told.evidence, told.order_tag, told.timezone, told.clock_drift)  # noqa: SLF001  # planted conclusions
    if isinstance(registrar, AtolWebRegistrar):
        registrar._requests = WebRequests(registrar._server, registrar._once)  # noqa: SLF001  # planted conclusions
