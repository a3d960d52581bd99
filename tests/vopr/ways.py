"""How a day is paid, with which devices, and what of them breaks: drawn from its seed."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from kiosk.checkpoints import (
    BROKER_POINTS,
    CANCEL_POINTS,
    EFFECT_POINTS,
    PAPER_POINTS,
    POINTS,
    QR_POINTS,
    READER_POINTS,
    RETURN_POINTS,
    SETTLEMENT_POINTS,
    TILL_POINTS,
)
from tests.crash.devices import QR_BANK, READER
from tests.crash.wildness import FAULTS

TOKEN, TILL = "token", "till"
#: Fault with the members it needs; every one passes when it is switched off again.
Fault = tuple[str, str, dict[str, Any]]
#: Of services whose address stands in the settings before they are switched on.
REGISTRAR_PORT, PUSH_PORT, BROKER_PORT = 8800, 8801, 8802
TOPIC = "restaurant.events"
_REGISTRARS = {
    "shtrih": "",
    "atol": '\n[fiscal]\ndriver = "atol"\n',
    "atol-web": f'\n[fiscal]\ndriver = "atol-web"\nurl = "http://127.0.0.1:{REGISTRAR_PORT}"\n',
}
_PUSH = f'\n[push]\nurl = "http://127.0.0.1:{PUSH_PORT}"\n'
_BROKER = f'\n[broker]\nkind = "kafka"\nbootstrap = "127.0.0.1:{BROKER_PORT}"\ntopic = "{TOPIC}"\n'
_METHODS = (
    *[(TOKEN, READER, QR_BANK, TILL)] * 4,
    (TOKEN,), (TOKEN,), (TOKEN, READER), (TOKEN, QR_BANK), (TOKEN, TILL), (READER, TILL), (READER, QR_BANK),
    (READER,), (QR_BANK,),
)  # fmt: skip
#: For how many portions each cell is; empty: the demo's.
_CELLS = ((), (1, 2, 1, 3, 2, 1), (3, 3, 2, 2), (2, 2, 2, 2, 2, 2))
_REFUNDS = tuple(point for point in RETURN_POINTS if point.startswith("refund."))
_OFTEN_A_BROKER = 0.3
_POWER_CUTS = ("before_bank", "after_bank", "after_store")
_ANSWERS = ("order", "cancel")
#: By driver.
_FAULTS: Mapping[str, tuple[Fault, ...]] = MappingProxyType(
    {
        "vtk": (
            *((READER, name, {}) for name in ("nobody_taps", "decline", "off", "link_lost", "silent", "unplug")),
            *((READER, name, {}) for name in ("garbage", "bad_crc", "bytewise")),
            (READER, "noise", {"rate": 0.01}), (READER, "slow", {"seconds": 0.3}),
            *((READER, "lose_answer", {"after": name}) for name in ("VRP", "FIN", "IDL")),
            *((READER, "power_cut", {"at": at}) for at in _POWER_CUTS),
        ),
        "inpas": (
            *((READER, name, {}) for name in ("nobody_taps", "decline", "off", "down", "unplug", "red_button")),
            *((READER, name, {}) for name in ("undefined", "no_connection", "cp1251", "bare_ids", "no_void")),
            (READER, "slow", {"seconds": 0.3}), (READER, "lose_answer", {}), (READER, "lose_answer", {}),
            (READER, "errorcode", {"code": 13}), (READER, "errorcode_after", {"code": 13}),
            *((READER, "power_cut", {"at": at}) for at in _POWER_CUTS),
        ),
        **dict.fromkeys(
            ("tbank", "raif"),
            (
                *((QR_BANK, name, {}) for name in ("down", "nobody_pays", "in_transfer", "async_refunds")),
                *((QR_BANK, name, {}) for name in ("pay_during_cancel", "reject")),
                (QR_BANK, "slow", {"seconds": 0.3}), (QR_BANK, "try_later", {"times": 3}),
                *((QR_BANK, "lose_answer", {"after": name}) for name in _ANSWERS),
                *((QR_BANK, "lose_request", {"of": name}) for name in _ANSWERS),
            ),
        ),
        "push": (*(("push", name, {}) for name in ("down", "lose_answer")), ("push", "slow", {"seconds": 0.7})),
        "broker": (
            *(("broker", name, {}) for name in ("down", "lose_answer", "hold")), ("broker", "slow", {"seconds": 0.7}),
        ),
        "shtrih": tuple(row for row in FAULTS if row[0] == "fiscal"),
        "atol": (
            *(("fiscal", name, {}) for name in ("paper_out", "cover_open", "printer_fault", "off", "link_lost")),
            ("fiscal", "noise", {"rate": 0.01}), ("fiscal", "refuse_tag", {"tag": 1192}),
            ("fiscal", "slow", {"seconds": 0.3}),
            *(("fiscal", "lose_answer", {"after": name}) for name in ("4A", "9A", "E8")),
        ),
        "atol-web": (
            *(("fiscal", name, {}) for name in ("paper_out", "cover_open", "off", "down")),
            ("fiscal", "refuse_tag", {"tag": 1192}), ("fiscal", "slow", {"seconds": 0.3}),
            *(("fiscal", "lose_answer", {"after": name}) for name in ("POST", "GET", "sell", "sellReturn")),
        ),
    }
)  # fmt: skip


@dataclass(frozen=True)
class Ways:
    """`bank`, `reader` and `qr_bank` count where their method is offered; `paper_first`: the receipt comes before the
    money; `cells`: where they are not the demo's; `broker`: its topic gets the events too."""

    methods: tuple[str, ...] = (TOKEN,)
    reader: str = "vtk"
    qr_bank: str = "tbank"
    registrar: str = "shtrih"
    paper_first: bool = False
    bank: str = "bank"
    cells: tuple[int, ...] = ()
    broker: bool = False

    def __str__(self) -> str:
        of = {
            TOKEN: f"{TOKEN} ({self.bank})",
            READER: f"{READER} ({self.reader})",
            QR_BANK: f"{QR_BANK} ({self.qr_bank})",
        }
        order = "before" if self.paper_first else "after"
        ways = ", ".join(of.get(name, name) for name in self.methods)
        cells = f", cells for {self.cells}" if self.cells else ""
        broker = ", with a broker" if self.broker else ""
        return f"by {ways}; receipt {order} the money, registrar {self.registrar}{cells}{broker}"

    def of_world(self) -> dict[str, Any]:
        """Members of `tests.crash.rig.World`."""
        return {
            "several_ways": True,
            "methods": self.methods,
            "reader": self.reader,
            "qr_bank": self.qr_bank,
            "paper_first": self.paper_first,
            "bank": self.bank,
            "also": ("push", "broker") if self.broker else ("push",),
            "extra": _REGISTRARS[self.registrar] + _PUSH + (_BROKER if self.broker else ""),
        }

    def faults(self) -> list[list[Fault]]:
        """By device, so that one with many faults does not break more often than another."""
        drivers = [self.registrar]
        drivers += [self.reader] if READER in self.methods else []
        drivers += [self.qr_bank] if QR_BANK in self.methods else []
        drivers += ["push", "broker"] if self.broker else ["push"]
        others = [[row for row in FAULTS if row[0] == device] for device in ("robot", "bank", "sms")]
        return [*([*_FAULTS[driver]] for driver in drivers), *others]

    def points(self) -> list[tuple[str, ...]]:
        """Subjects at whose points such a day may die."""
        found = [POINTS, _REFUNDS, RETURN_POINTS, EFFECT_POINTS]
        if self.bank == "yookassa" and READER not in self.methods:
            found.append((*READER_POINTS, *CANCEL_POINTS))
        if READER in self.methods:
            found.append((*READER_POINTS, *(SETTLEMENT_POINTS if self.reader == "inpas" else CANCEL_POINTS)))
        if QR_BANK in self.methods:
            found.append((*QR_POINTS, *CANCEL_POINTS))
        if self.broker:
            found.append(BROKER_POINTS)
        if self.paper_first:
            found.append((*PAPER_POINTS, *(TILL_POINTS if TILL in self.methods else ())))
        return found

    def parts_go_back_by(self) -> list[str]:
        """Methods of which a part of the sum may go back: by itself, or by the hands of staff who say so."""
        by_all_or_nothing = {READER: self.reader == "inpas", QR_BANK: self.qr_bank == "tbank"}
        return [name for name in self.methods if not by_all_or_nothing.get(name, False)]


def drawn(rng: random.Random) -> Ways:
    """Of one day."""
    return Ways(
        rng.choice(_METHODS),
        rng.choice(("vtk", "inpas")),
        rng.choice(("tbank", "raif")),
        rng.choice(("shtrih", "shtrih", "atol", "atol-web")),
        rng.random() < 0.4,
        rng.choice(("bank", "bank", "yookassa")),
        rng.choice(_CELLS),
        rng.random() < _OFTEN_A_BROKER,
    )
