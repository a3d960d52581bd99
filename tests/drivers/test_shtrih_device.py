"""The simulated Shtrih-M registrar keeps to the device's side of protocol 1 (shtrih.md#line)."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drivers.fiscal.ffd.tlv import text_tlv
from drivers.fiscal.shtrih import commands
from drivers.fiscal.shtrih.frames import Decoder, Frame, encode
from drivers.fiscal.shtrih.receipt import SUMS, CloseReceipt, LegacyClose, LegacyLine, ReceiptOperation
from drivers.sim.shtrih.device import KNOWN_FAULTS, ShtrihDevice
from drivers.sim.shtrih.tables import CUT_IN_RECEIPT
from drivers.sim.world import World
from tests import folders
from tests.drivers.bench import Clock

ENQ, ACK, NAK = b"\x05", b"\x06", b"\x15"
SALE = ReceiptOperation(
    kind=1, quantity_micro=1_000_000, price_kopecks=100, sum_kopecks=100, tax=8, subject=1, name="Чай"
)
CASH = CloseReceipt(sums=(100,) + (0,) * (SUMS - 1), tax_system=2)


class Desk:
    """A device whose bytes are written and read by hand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sent = bytearray()
        self.heard = asyncio.Event()
        self.clock = Clock()
        self.power_on()

    def power_on(self) -> None:
        self.world = World("fiscal", self.folder / "state", self.folder / "ledger")
        self.device = ShtrihDevice(self.world, self._hear, now=self.clock, byte_s=0.02)

    def _hear(self, data: bytes) -> None:
        self.sent += data
        self.heard.set()

    def say(self, data: bytes) -> bytes:
        self.device.feed(data)
        heard = bytes(self.sent)
        self.sent.clear()
        return heard

    def ask(self, payload: bytes) -> bytes:
        """A whole exchange; the answer's payload."""
        assert self.say(ENQ) == NAK
        heard = self.say(encode(payload))
        assert heard[:1] == ACK
        (frame,) = Decoder().feed(heard[1:])
        assert isinstance(frame, Frame)
        assert self.say(ACK) == b""
        return frame.payload

    def error(self, payload: bytes | str) -> int:
        raw = bytes.fromhex(payload) if isinstance(payload, str) else payload
        answer = self.ask(raw)
        return answer[2] if raw[0] == 0xFF else answer[1]

    def open_shift(self) -> None:
        assert self.error(commands.open_shift().payload(30)) == 0

    def sell(self) -> None:
        assert self.error(commands.operation(SALE).payload(30)) == 0


@pytest.fixture
def folder() -> Iterator[Path]:
    path = folders.new()
    yield path
    shutil.rmtree(path)


@pytest.fixture
async def desk(folder: Path) -> Desk:
    return Desk(folder)


async def test_nothing_is_answered_before_the_first_enquiry(desk: Desk) -> None:
    assert desk.say(b"\x00\xff" + encode(b"\xfc")) == b""
    assert desk.say(ENQ) == NAK


async def test_idle_it_answers_nak_to_every_byte_that_begins_no_frame(desk: Desk) -> None:
    assert desk.say(ENQ + b"\x41" + ENQ + ACK) == NAK * 4


async def test_an_answer_is_repeated_until_it_is_acknowledged(desk: Desk) -> None:
    desk.say(ENQ)
    first = desk.say(encode(b"\xfc"))
    assert first[:1] == ACK
    for _ in range(12):
        assert desk.say(NAK) == b""  # it never repeats by itself
        assert desk.say(ENQ) == first
    assert desk.say(ACK) == b""
    assert desk.say(ENQ) == NAK


async def test_a_late_acknowledgement_keeps_the_answer_for_the_next_enquiry(desk: Desk) -> None:
    desk.say(ENQ)
    first = desk.say(encode(b"\xfc"))
    desk.say(b"\x00")  # not an ACK
    assert desk.say(ACK) == b""
    assert desk.say(ENQ) == first


async def test_power_loss_drops_the_pending_answer_and_its_hearing(desk: Desk) -> None:
    desk.say(ENQ)
    desk.say(encode(b"\xfc"))
    desk.device.faults.switch("off", on=True)
    assert desk.say(ENQ) == b""
    desk.device.faults.switch("off", on=False)
    assert desk.say(b"\x41") == b""
    assert desk.say(ENQ) == NAK


async def test_a_bad_checksum_is_refused_and_not_executed(desk: Desk) -> None:
    desk.say(ENQ)
    frame = bytearray(encode(commands.open_shift().payload(30)))
    frame[-1] ^= 1
    assert desk.say(bytes(frame)) == NAK
    assert not desk.device.register.drive.state.shift_open


async def test_a_frame_that_stops_half_way_is_refused_after_the_byte_timeout(desk: Desk) -> None:
    desk.say(ENQ)
    assert desk.say(encode(b"\xfc")[:2]) == b""
    desk.heard.clear()
    await asyncio.wait_for(desk.heard.wait(), 40)
    assert bytes(desk.sent) == NAK


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        ("10", 0x7E),
        ("10 FF FF FF FF", 0x4F),
        ("10 1F 00 00 00", 0x4F),
        ("10 1E 00 00 00 00", 0x7E),
        ("25 1E 00 00 00 02", 0x33),
        ("1F 1E 00 00 00 00 01 00 01", 0x5D),
        ("1E 1E 00 00 00 12 01 00 05 01", 0x7A),
        ("41 01 00 00 00", 0x4F),
        ("55 1E 00 00 00", 0x37),
        ("FF 99 1E 00 00 00", 0x37),
        ("FF 0A 1E 00 00 00 63 00 00 00", 0x08),
        ("FF 0C 1E 00 00 00 A8 04 01 00 31", 0x02),
        ("FF 45 1E 00 00 00" + "00" * 111 + "02", 0x55),
        ("88 1E 00 00 00", 0x55),
        ("40 1E 00 00 00", 0x73),
        ("B0 1E 00 00 00", 0x72),
        ("23 1E 00 00 00 01 01 1A", 0x73),
    ],
)
async def test_a_wrong_command_is_refused_with_its_code(desk: Desk, payload: str, error: int) -> None:
    assert desk.error(payload) == error


async def test_an_open_shift_refuses_what_belongs_to_a_closed_one(desk: Desk) -> None:
    desk.open_shift()
    assert desk.error("E0 1E 00 00 00") == 0x3C
    assert desk.error("21 1E 00 00 00 0A 00 00") == 0x73


async def test_an_open_receipt_refuses_what_does_not_belong_to_it(desk: Desk) -> None:
    desk.open_shift()
    desk.sell()
    assert desk.error("25 1E 00 00 00 01") == 0x4A
    assert desk.error("50 1E 00 00 00 01 00 00 00 00") == 0x4A
    assert desk.error("41 1E 00 00 00") == 0x4A
    assert desk.error("21 1E 00 00 00 0A 00 00") == 0x73
    assert desk.error(commands.legacy_refund(LegacyLine(1000, 100, 0, bytes(4), "Чай")).payload(30)) == 0x49
    desk.device.register.tables.write(1, 1, CUT_IN_RECEIPT, b"\1")
    assert desk.error("25 1E 00 00 00 01") == 0


async def test_a_receipt_belongs_to_the_operator_who_opened_it(desk: Desk) -> None:
    desk.open_shift()
    assert desk.error(commands.operation(SALE).payload(5)) == 0
    for password in (6, 29, 30):
        assert desk.error(commands.operation(SALE).payload(password)) == 0x59
        assert desk.error(commands.close_receipt(CASH).payload(password)) == 0x59
    assert desk.error(commands.cancel_receipt().payload(6)) == 0x59
    assert desk.error(commands.cancel_receipt().payload(30)) == 0


async def test_the_mode_byte_tells_a_refund_from_a_sale(desk: Desk) -> None:
    desk.open_shift()
    assert desk.ask(commands.open_receipt(2).payload(30))[1] == 0
    assert desk.ask(commands.short_status().payload(30))[5] == 0x28


@pytest.mark.parametrize(
    ("close", "error"),
    [
        (CloseReceipt((99,) + (0,) * 15, 2), 0x45),
        (CloseReceipt((0, 101) + (0,) * 14, 2), 0x4D),
        (CloseReceipt((100,) + (0,) * 15, 3), 0x33),
        (CloseReceipt((100,) + (0,) * 15, 0), 0x33),
        (CloseReceipt((100,) + (0,) * 15, 8), 0x63),
    ],
)
async def test_a_close_that_does_not_add_up_is_refused(desk: Desk, close: CloseReceipt, error: int) -> None:
    desk.open_shift()
    desk.sell()
    assert desk.error(commands.close_receipt(close).payload(30)) == error
    assert desk.error(commands.close_receipt(CASH).payload(30)) == 0


async def test_an_empty_receipt_cannot_be_closed(desk: Desk) -> None:
    desk.open_shift()
    desk.ask(commands.open_receipt(0).payload(30))
    assert desk.error(commands.close_receipt(CASH).payload(30)) == 0x8E


async def test_cash_gets_its_change(desk: Desk) -> None:
    desk.open_shift()
    desk.sell()
    answer = desk.ask(commands.close_receipt(CloseReceipt((150, 30) + (0,) * 14, 2)).payload(30))
    assert int.from_bytes(answer[3:8], "little") == 80
    desk.ask(commands.legacy_sale(LegacyLine(2500, 200, 0, bytes(4), "Чай")).payload(30))
    assert desk.ask(commands.subtotal().payload(30))[3:] == (500).to_bytes(5, "little")
    answer = desk.ask(commands.legacy_close(LegacyClose((600, 0, 0, 0))).payload(30))
    assert answer[3:] == (100).to_bytes(5, "little")


async def test_an_open_receipt_survives_a_power_cut(desk: Desk) -> None:
    desk.open_shift()
    desk.sell()
    desk.ask(commands.send_tlvs((text_tlv(1192, "o-1"),)).payload(30))
    desk.world.close()
    desk.power_on()
    assert desk.error(commands.close_receipt(CASH).payload(30)) == 0
    assert '"order_id": "o-1"' in (desk.folder / "ledger").read_text()


async def test_the_clock_is_set_and_the_date_confirmed(desk: Desk) -> None:
    assert desk.error("21 1E 00 00 00 0A 1E 00") == 0
    assert desk.error("22 1E 00 00 00 18 0B 1A") == 0
    assert desk.ask(commands.short_status().payload(30))[5] == 6
    assert desk.error("23 1E 00 00 00 19 0B 1A") == 0x7C
    assert desk.error("23 1E 00 00 00 18 0B 1A") == 0
    assert desk.device.register.now().isoformat(timespec="seconds") == "2026-11-24T10:30:00"


async def test_tables_have_shapes_and_keep_what_is_written(desk: Desk) -> None:
    for table, row in ((1, 1), (2, 30), (17, 1), (18, 1)):
        assert desk.error(commands.table_shape(table).payload(30)) == 0
        assert desk.error(commands.field_shape(table, 2).payload(30)) == 0
        assert desk.error(commands.read_table(table, row, 2).payload(30)) == 0
    assert desk.error(commands.write_table(17, 1, 7, b"\1").payload(30)) == 0
    assert desk.ask(commands.read_table(17, 1, 7).payload(30)) == b"\x1f\x00\x01"


async def test_every_fault_can_be_switched_and_shows_in_the_state(desk: Desk) -> None:
    for name, needed in KNOWN_FAULTS.items():
        desk.device.faults.switch(name, dict.fromkeys(needed, "0"))
        assert name in desk.device.faults.listing()
        desk.device.faults.switch(name, on=False)
    assert desk.device.state()["last_document"] == 1


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.binary(max_size=40) | st.binary(min_size=1, max_size=60).map(encode), max_size=15))
def test_no_bytes_break_the_device(folder: Path, chunks: list[bytes]) -> None:
    async def run() -> None:
        desk = Desk(folder)
        for chunk in chunks:
            desk.say(ENQ + ACK)
            desk.say(chunk)
        desk.world.close()

    asyncio.run(run())


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([0x80, 0x82, 0x85, 0x8D, 0x88, 0xE0, 0x41, 0xFF45, 0xFF46, 0xFF0C, 0xFF36, 0xFF4A, 0x1E]),
            st.binary(max_size=80),
        ),
        max_size=12,
    )
)
def test_no_data_behind_a_known_code_breaks_the_device(folder: Path, calls: list[tuple[int, bytes]]) -> None:
    async def run() -> None:
        desk = Desk(folder)
        for code, data in calls:
            head = code.to_bytes(2 if code > 0xFF else 1, "big") + b"\x1e\0\0\0"
            desk.ask(head + data)
        desk.world.close()

    asyncio.run(run())
