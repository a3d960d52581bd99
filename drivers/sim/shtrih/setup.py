"""How a simulated Shtrih-M register left its factory and its technician."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.fiscal.fields import text_bytes
from drivers.sim.register_setup import RegisterSetup
from drivers.sim.shtrih.tables import AUTOMAT_NUMBER as AUTOMAT_NUMBER_FIELD
from drivers.sim.shtrih.tables import (
    AUTOMATIC,
    CASHIER_NAME,
    CASHIERS,
    DRIVE,
    EMBEDDED,
    FFD,
    FFD_VALUES,
    INTERNET,
    MODE_OF_WORK,
    NETWORK,
    OFD,
    OFD_ADDRESS,
    OFD_EXCHANGE,
    OFD_PORT,
    REGIONAL,
)

SYSADMIN = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class ShtrihSetup(RegisterSetup):
    """`model`: a name of `drivers.sim.shtrih.models`. `last_print_told`: newer firmware, 10h of 17 bytes and F7h known;
    `long_serial`: the newest, 11h of 50 bytes. `host_carries_to`: the operator's address, with "documents by the host";
    None: its own network. `print_s`: from the end of a document to the end of its paper."""

    model: str = "m-01f"
    cashier: str = "Оператор"
    last_print_told: bool = True
    long_serial: bool = False
    host_carries_to: tuple[str, int] | None = None
    print_s: float = 0.0


AS_SOLD = ShtrihSetup()


def cells(setup: ShtrihSetup, serial: str) -> dict[tuple[int, int, int], bytes]:
    """Of the tables, what differs from their usual content."""
    mode = INTERNET | (AUTOMATIC if setup.automatic else 0)
    made = {(REGIONAL, 1, FFD): FFD_VALUES[setup.ffd], (DRIVE, 1, MODE_OF_WORK): mode}
    numbers = {cell: bytes((value,)) for cell, value in made.items()}
    if setup.host_carries_to is not None:
        address, port = setup.host_carries_to
        numbers |= {(NETWORK, 1, OFD_EXCHANGE): b"\0", (OFD, 1, OFD_PORT): port.to_bytes(2, "little")}
        numbers |= {(OFD, 1, OFD_ADDRESS): text_bytes(address, 64)}
    texts = {(DRIVE, 1, 4): serial, (EMBEDDED, 1, AUTOMAT_NUMBER_FIELD): setup.automat_number}
    texts |= {(CASHIERS, operator, CASHIER_NAME): setup.cashier for operator in range(1, SYSADMIN + 1)}
    return numbers | {cell: text_bytes(text, 21) for cell, text in texts.items()}
