"""The vendor's own driver lives a day with the simulated register over a real pseudo-terminal, its line cut in between.

`KIOSK_LIBFPTR10=/path/to/libfptr10.so` runs it (10.8 was used; `npm pack node-atol-wrapper@0.0.20` holds that file).
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests import folders
from tests.drivers.register_stand import Stand
from tests.drivers.vendor_driver import LIBRARY, VendorDriver, VendorError

pytestmark = pytest.mark.skipif(not LIBRARY, reason="KIOSK_LIBFPTR10 does not name the vendor's library")
OPERATOR = {"name": "Кассир Иванов", "vatin": "123456789047"}
VATS = ("vat20", "vat10", "vat120", "vat110", "vat0", "none")
NO_PAPER, BAD_DATA = 44, 501
CUT_S = 0.7


@pytest.fixture
def stand() -> Iterator[Stand]:
    folder = folders.new()
    found = Stand(folder, "atol")
    found.start()
    yield found
    found.close()
    shutil.rmtree(folder)


@pytest.fixture
def vendor(stand: Stand) -> Iterator[VendorDriver]:
    found = VendorDriver(stand.port)
    yield found
    found.close()


def receipt(*vats: str, pay: str = "electronically", price: float = 123.45) -> dict[str, Any]:
    items = [
        {"type": "position", "name": f"Борщ № {vat}", "price": price, "quantity": 1, "amount": price}
        | {"tax": {"type": vat}, "paymentMethod": "fullPayment", "paymentObject": "commodity"}
        for vat in vats
    ]
    total = round(price * len(vats), 2)
    return {
        "taxationType": "usnIncome",
        "operator": OPERATOR,
        "items": items,
        "payments": [{"type": pay, "sum": total}],
        "total": total,
    }


def effects(stand: Stand) -> list[str]:
    return [effect["effect"] for effect in stand.effects()]


def test_a_whole_day_is_lived(stand: Stand, vendor: VendorDriver) -> None:
    assert vendor.run("getDeviceStatus")["deviceStatus"]["shift"] == "closed"
    assert vendor.run("getFnInfo")["fnInfo"]["livePhase"] == "fiscalMode"
    registered = vendor.run("getRegistrationInfo")
    assert (registered["device"]["autoMode"], registered["organization"]["vatin"]) == (True, "7700000000")
    opened = vendor.run("openShift", operator=OPERATOR)["fiscalParams"]
    assert (opened["fiscalDocumentNumber"], opened["shiftNumber"]) == (2, 1)
    for number, vat in enumerate(VATS, 3):
        sold = vendor.run("sell", **receipt(vat, "none"))
        assert (sold["fiscalParams"]["fiscalDocumentNumber"], sold["fiscalParams"]["total"]) == (number, 246.9)
        assert sold["warnings"] == {}
    with pytest.raises(VendorError) as unknown:
        vendor.run("sell", **receipt("vat5"))
    assert unknown.value.code == BAD_DATA
    paperless = receipt("none", pay="cash") | {"clientInfo": {"emailOrPhone": "+79991112233"}, "electronically": True}
    vendor.run("sell", **paperless)
    vendor.run("sellReturn", **receipt("none", pay="cash"))
    correction = {"correctionType": "self", "correctionBaseDate": "2026.11.20", "correctionBaseNumber": "1"}
    paid = {"payments": [{"type": "cash", "sum": 100}], "taxes": [{"type": "none", "sum": 0}], "total": 100}
    vendor.run("sellCorrection", taxationType="usnIncome", operator=OPERATOR, **correction, **paid)
    assert vendor.run("cashIn", cashSum=1000, operator=OPERATOR)["counters"]["cashSum"] == 1100
    assert vendor.run("cashOut", cashSum=100, operator=OPERATOR)["counters"]["cashSum"] == 1000
    vendor.run("nonFiscal", items=[{"type": "text", "text": "не чек"}])
    vendor.run("reportX", operator=OPERATOR)
    totals = vendor.run("getShiftTotals")["shiftTotals"]
    told = {name: (of["count"], of["sum"], of["payments"]["cash"]) for name, of in totals["receipts"].items()}
    assert told == {
        "sell": (7, 1604.85, 123.45),
        "sellReturn": (1, 123.45, 123.45),
        "buy": (0, 0, 0),
        "buyReturn": (0, 0, 0),
    }
    assert (totals["income"], totals["outcome"]) == ({"count": 1, "sum": 1000}, {"count": 1, "sum": 100})
    exchange = vendor.run("reportOfdExchangeStatus", operator=OPERATOR)["fiscalParams"]
    assert exchange["fiscalDocumentNumber"] == 12
    vendor.run("printLastReceiptCopy", operator=OPERATOR)
    told = vendor.run("getFnDocument", fiscalDocumentNumber=3)["documentTLV"]
    assert (told["1020"], told["1021"], told["1054"]) == (246.9, OPERATOR["name"], 1)
    closed = vendor.run("closeShift", operator=OPERATOR)["fiscalParams"]
    assert (closed["fiscalDocumentNumber"], closed["receiptsCount"]) == (13, 9)
    vendor.run("openShift", operator=OPERATOR)
    receipts = ["receipt"] * 7 + ["refund_receipt", "correction"]
    assert effects(stand) == ["shift_opened", *receipts, "shift_closed", "shift_opened"]


@pytest.mark.long
@pytest.mark.parametrize(("code", "forget"), [("92", False), ("EB", False), ("99", False), ("4A", False), ("4A", True)])
def test_a_lost_answer_registers_once(stand: Stand, vendor: VendorDriver, code: str, forget: bool) -> None:
    """With `forget` the register's buffer does not know the task either, as after a power cut."""
    vendor.run("openShift", operator=OPERATOR)
    assert stand.control(fault="lose_answer", on=True, after=code, forget=forget)["ok"]
    sold = vendor.run("sell", **receipt("none", "vat10"))["fiscalParams"]
    assert (sold["fiscalDocumentNumber"], sold["total"]) == (3, 246.9)
    assert effects(stand) == ["shift_opened", "receipt"]


@pytest.mark.long
def test_a_cut_line_registers_once(stand: Stand, vendor: VendorDriver) -> None:
    vendor.run("openShift", operator=OPERATOR)
    for turn in range(8):
        timers = cutting(stand, 0.02 + 0.012 * turn)
        sold = vendor.run("sell", **receipt("none", "vat10"))["fiscalParams"]
        for timer in timers:
            timer.join()
        assert sold["fiscalDocumentNumber"] == 3 + turn
    assert effects(stand) == ["shift_opened", *["receipt"] * 8]


def cutting(stand: Stand, after_s: float) -> list[threading.Timer]:
    """The cable is pulled in mid-sale and put back."""
    moments = ((after_s, True), (after_s + CUT_S, False))
    timers = [threading.Timer(at_s, stand.control, kwargs={"fault": "link_lost", "on": on}) for at_s, on in moments]
    for timer in timers:
        timer.start()
    return timers


@pytest.mark.parametrize("ends", ["close", ""])
def test_paper_that_ends_is_an_error_before_the_close_only(stand: Stand, vendor: VendorDriver, ends: str) -> None:
    vendor.run("openShift", operator=OPERATOR)
    stand.control(fault="paper_out", on=True, at=ends)
    if ends:
        assert vendor.run("sell", **receipt("none"))["fiscalParams"]["fiscalDocumentNumber"] == 3
    else:
        with pytest.raises(VendorError) as refused:
            vendor.run("sell", **receipt("none"))
        assert refused.value.code == NO_PAPER
    stand.control(fault="paper_out", on=False)
    vendor.run("sell", **receipt("none"))
    assert effects(stand).count("receipt") == (2 if ends else 1)
