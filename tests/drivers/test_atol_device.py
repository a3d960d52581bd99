"""The simulated ATOL register as a foreign client finds it: frames, tasks, modes, a sale (atol.md#task-buffer)."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from drivers.fiscal.atol.frames import ASYNC_ID, Broken, Decoder, Frame, bcd, bcd_value, encode
from drivers.fiscal.ffd.tlv import Tlv, encode_tlvs, text_tlv
from drivers.sim.atol.device import AtolDevice
from drivers.sim.world import World
from tests import folders
from tests.drivers.bench import Clock

OK = bytes((0x55, 0, 0))
SELL, SELL_RETURN, SELL_CORRECTION = 1, 2, 7


class Client:
    """Writes frames and reads what comes back; nothing of the driver."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.folder = folder
        self.clock = Clock()
        self._options = {"now": self.clock, "seed": 7, **options}
        self.frames: list[Frame | Broken] = []
        self._packet = 0
        self._task = 0
        self.boot()

    def boot(self) -> None:
        self._decoder = Decoder()
        self.world = World("fiscal", self.folder / "state", self.folder / "ledger")
        self.device = AtolDevice(self.world, self._heard, **self._options)

    def power_cut(self) -> None:
        self.device.faults.switch("off", on=True)
        self.world.close()
        self.boot()

    def _heard(self, data: bytes) -> None:
        self.frames += self._decoder.feed(data)

    def raw(self, data: bytes) -> list[Frame | Broken]:
        """Everything that comes back to these bytes."""
        self.frames.clear()
        self.device.feed(data)
        return list(self.frames)

    def exchange(self, data: bytes) -> list[bytes]:
        self._packet = (self._packet + 1) % 0xE0
        found = self.raw(encode(self._packet, data))
        assert all(isinstance(frame, Frame) and frame.id in (self._packet, ASYNC_ID) for frame in found)
        return [frame.data for frame in found if isinstance(frame, Frame)]

    def add(self, payload: bytes, flags: int = 1) -> list[bytes]:
        self._task = (self._task + 1) % 0xE0
        return self.exchange(bytes((0xC1, flags, self._task)) + bytes(2) + payload)

    def run(self, payload: bytes) -> bytes:
        """A whole turn: A1, A6 or A7 with its id, ACK."""
        queued, result = self.add(payload)
        assert queued == b"\xa1"
        assert result[:2] in (bytes((0xA6, self._task)), bytes((0xA7, self._task)))
        assert self.exchange(bytes((0xC2, self._task))) == [b"\xa3"]
        if payload[:1] != b"\x45":  # the one answer whose second byte is no error
            assert (result[0] == 0xA7) == (result[2] == 0x55 and len(result) == 5 and result[3] != 0)
        return result[2:]

    def refused(self, payload: bytes) -> int:
        answer = self.run(payload)
        assert answer[0] == 0x55
        return answer[1]

    def register(self, number: int, *parameters: int) -> bytes:
        answer = self.run(bytes((0x91, number, *parameters, 0, 0))[:4])
        assert answer[:2] == b"\x55\0"
        return answer[2:]

    def enter(self, mode: int) -> None:
        self.run(b"\x48")
        assert self.run(bytes((0x56, mode)) + bytes.fromhex("00000030")) == OK

    def tag(self, tlv: Tlv) -> bytes:
        return self.run(b"\xe8\1\1\0" + tlv.encode())

    def position(self, name: str, kopecks: int, quantity: int = 1000, tax: int = 6) -> bytes:
        assert self.run(b"\xea\0\1\0") == OK
        price = kopecks * 1000 // quantity
        head = b"\xeb\x0a" + bcd(price, 7) + bcd(quantity, 5) + bcd(kopecks, 7) + bytes((tax,))
        return self.run(head + bytes(7) + bytes((1, 1, 4, 0)) + bytes(9) + name.encode("cp866"))

    def open_shift(self) -> None:
        self.enter(1)
        assert self.run(b"\x9a\0") == OK

    def sell(self, kopecks: int = 50100, kind: int = SELL) -> bytes:
        assert self.run(bytes((0x92, 0, kind))) == OK
        assert self.tag(Tlv(1055, b"\2")) == OK
        assert self.position("Чай", kopecks) == OK
        assert self.run(b"\x99\0\2" + bcd(kopecks, 5))[:3] == OK
        return self.run(b"\x4a\0\1" + bytes(5))

    def effects(self) -> list[str]:
        lines = (self.folder / "ledger").read_text().splitlines()
        return [json.loads(line)["effect"] for line in lines]


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    folder = folders.new()
    found = Client(folder)
    yield found
    found.world.close()
    shutil.rmtree(folder)


async def test_the_probe_of_platform_5_is_skipped_and_the_abort_behind_it_answered(client: Client) -> None:
    found = client.raw(bytes.fromhex("24400d002001f7407465737465") + bytes.fromhex("fe010000c402"))
    assert found == [Frame(0, b"\xa3")]


async def test_a_broken_frame_is_answered_by_an_empty_one_with_its_id(client: Client) -> None:
    frame = bytearray(encode(0x33, b"\xc1\1\1\0\0\x3f"))
    frame[-1] ^= 4
    assert client.raw(bytes(frame)) == [Frame(0x33, b"")]
    assert client.exchange(b"\xc3\1") == [b"\xb3"]


async def test_an_empty_frame_brings_the_last_reply_again(client: Client) -> None:
    (reply,) = client.raw(encode(0x21, b"\xc3\x09"))
    assert client.raw(encode(0x21, b"")) == [reply] == [Frame(0x21, b"\xb3")]


async def test_a_task_is_queued_then_its_result_comes_by_itself_and_stays_until_acknowledged(client: Client) -> None:
    assert client.add(b"\x45") == [b"\xa1", b"\xa6\1\x55\0\0"]
    assert client.exchange(b"\xc3\1") == [b"\xa3\x55\0\0"]
    assert client.raw(encode(9, b"\xc1\1\1\0\0\x45")) == [Frame(9, b"\xb2")]
    assert client.exchange(b"\xc2\1") == [b"\xa3"]
    assert client.exchange(b"\xc3\1") == client.exchange(b"\xc2\1") == [b"\xb3"]


async def test_an_error_comes_as_a7_and_stays_as_a4(client: Client) -> None:
    assert client.add(b"\x4a\0\1" + bytes(5)) == [b"\xa1", b"\xa7\1\x55\x66\0"]
    assert client.exchange(b"\xc3\1") == [b"\xa4\x55\x66\0"]


async def test_a_task_that_needs_no_result_is_told_as_queued_only(client: Client) -> None:
    assert client.add(b"\x4cHELLO", flags=0) == [b"\xa1"]
    assert client.exchange(b"\xc3\1") == [b"\xb3"]


@pytest.mark.parametrize(
    ("data", "answer"),
    [("c2ff", "b3"), ("c4", "a3"), ("c9", "b4"), ("c1", "b4"), ("c101e00000 45", "b4"), ("c1f0010000 45", "b4")],
)
async def test_the_buffers_own_commands_are_answered_by_their_statuses(client: Client, data: str, answer: str) -> None:
    assert client.exchange(bytes.fromhex(data.replace(" ", ""))) == [bytes.fromhex(answer)]


async def test_acknowledging_and_adding_go_in_one(client: Client) -> None:
    client.add(b"\x45")
    assert client.exchange(b"\xc5\1\1\2\0\0\x45")[0] == b"\xa1"
    assert client.exchange(b"\xc3\1") == [b"\xb3"]


async def test_the_buffer_overflows_where_nobody_acknowledges(client: Client) -> None:
    replies = [client.add(b"\x45")[0] for _ in range(129)]
    assert replies == [b"\xa1"] * 128 + [b"\xb1"]


async def test_tasks_outlive_everything_but_acknowledgement_abort_and_power(client: Client) -> None:
    client.add(b"\x45")
    client.add(b"\x45")
    assert client.exchange(b"\xc3\1") == [b"\xa3\x55\0\0"]  # a reconnected client asks like this
    assert client.exchange(b"\xc4") == [b"\xa3"]
    assert client.exchange(b"\xc3\1") == client.exchange(b"\xc3\2") == [b"\xb3"]
    client.add(b"\x45")
    client.power_cut()
    assert client.exchange(b"\xc3\3") == [b"\xb3"]


async def test_a_running_task_is_a2_the_one_behind_it_a1_and_an_abort_drops_both(client: Client) -> None:
    client.device.faults.switch("slow", {"seconds": 30})
    assert client.add(b"\x45") == client.add(b"\x45") == [b"\xa1"]
    assert client.exchange(b"\xc3\1") == [b"\xa2"]
    assert client.exchange(b"\xc3\2") == [b"\xa1"]
    client.exchange(b"\xc4")
    assert client.exchange(b"\xc3\2") == [b"\xb3"]
    client.device.faults.switch("off", on=True)


async def test_tasks_behind_a_failed_one_stop_unless_they_ignore_errors(client: Client) -> None:
    client.device.faults.switch("slow", {"seconds": 0.02})
    client.add(b"\x59")  # wrong mode
    client.add(b"\x45")
    client.add(b"\x45", flags=3)
    client.device.faults.switch("slow", on=False)
    async with asyncio.timeout(40):
        while client.exchange(b"\xc3\3")[0][:1] != b"\xa3":
            await asyncio.wait([asyncio.ensure_future(asyncio.Event().wait())], timeout=0.005)
    assert client.exchange(b"\xc3\1") == [b"\xa4\x55\x66\0"]
    assert client.exchange(b"\xc3\2") == [b"\xa5"]


async def test_state_tells_what_the_healthy_register_is(client: Client) -> None:
    assert client.run(b"\x45") == b"\x55\0\0"
    full = client.run(b"\x3f")
    assert (full[0], len(full)) == (0x44, 30)
    assert full[3:9].hex() == "261122120030"
    assert full[9] == 0x4D
    assert (full[14], full[17], full[22]) == (69, 0, 0)
    client.open_shift()
    assert client.run(b"\x3f")[9] == 0x4F
    kind = client.run(b"\xa5")
    assert (kind[:3], kind[3], kind[11:].decode("cp866")) == (b"\0\3\1", 69, "АТОЛ 77Ф")
    assert client.run(b"\x9d\1") == bytes.fromhex("55 00 00 03 00 00 12 45")


async def test_paper_and_cover_show_in_both_states(client: Client) -> None:
    client.device.faults.switch("paper_out", on=True)
    assert client.run(b"\x45")[2] & 1
    assert not client.run(b"\x3f")[9] & 0x08
    client.device.faults.switch("cover_open", on=True)
    assert client.run(b"\x3f")[9] & 0x20
    client.enter(1)
    assert client.refused(b"\x9a\0") == 0x67


async def test_modes_are_entered_from_the_choice_with_the_right_password(client: Client) -> None:
    admin = bytes.fromhex("00000030")
    assert client.refused(b"\x9a\0") == 0x66
    assert client.refused(b"\x56\3" + bytes.fromhex("00000007")) == 0x8C
    assert client.run(b"\x56\1" + admin) == OK
    assert client.refused(b"\x56\2" + admin) == 0x66
    assert client.run(b"\x45")[1] == 1
    for mode, work in ((2, b"\x67\1"), (3, b"\x5a")):
        assert client.refused(work) == 0x66
        client.enter(mode)
        assert client.refused(work) == (0 if mode == 2 else 0x8F)
    assert client.refused(b"\x56\x09" + admin) == 0x66


async def test_a_sale_as_the_vendors_driver_makes_it(client: Client) -> None:
    client.open_shift()
    assert client.refused(b"\x59") == 0x9A  # no stale receipt
    assert client.tag(text_tlv(1021, "Кассир")) == OK
    before = bcd_value(client.register(0x34)[:5])
    assert client.register(0x12)[0] == 1
    assert client.run(b"\x92\0\1") == OK
    assert client.register(0x36)[0] == 2
    assert client.tag(text_tlv(1008, "+79990001122")) == OK
    assert client.tag(Tlv(1055, b"\2")) == OK
    assert client.register(0x13)[:2] == b"\1\1"
    assert client.position("Борщ", 36400) == OK
    assert client.position("Чай", 13700, quantity=1000) == OK
    assert client.register(0x14) == bcd(50100, 5) + bcd(50100, 5) + bcd(0, 5)
    paid = client.run(b"\x99\0\2" + bcd(50100, 5))
    assert paid == OK + bcd(0, 5) + bcd(0, 5)
    assert client.run(b"\x4a\0\1" + bytes(5)) == OK
    last = client.register(0x33)
    assert (bcd_value(last[:5]), last[5], bcd_value(last[6:13])) == (before + 1, SELL, 50100)
    assert client.register(0x34) == last[:5] + last[13:]
    found = client.run(b"\xa4\x40" + (before + 1).to_bytes(4, "little"))[2:]
    assert (found[0], int.from_bytes(found[7:11], "little")) == (3, before + 1)
    assert int.from_bytes(found[11:15], "little") == bcd_value(last[18:23])
    assert client.register(0x35) == bcd(1, 3) + bcd(1, 3)
    assert bcd_value(client.register(0x03, SELL, 2)) == 50100
    assert client.effects() == ["shift_opened", "receipt"]


async def test_refund_correction_cash_x_and_z_make_a_day(client: Client) -> None:
    client.open_shift()
    assert client.sell() == OK
    assert client.sell(kind=SELL_RETURN) == OK
    assert client.run(b"\x49\0" + bcd(100000, 5)) == OK
    assert client.run(b"\x4f\0" + bcd(40000, 5)) == OK
    assert bcd_value(client.register(0x0A)) == 60000
    assert client.run(b"\x4d") == b"\x4d" + bcd(60000, 7)
    assert client.refused(b"\x4f\0" + bcd(70000, 5)) == 0x98
    assert client.run(bytes((0x92, 0, SELL_CORRECTION))) == OK
    assert client.tag(Tlv(1173, b"\0")) == OK
    base = encode_tlvs((Tlv(1178, bytes(4)), text_tlv(1179, "1")))
    assert client.tag(Tlv(1174, base)) == OK
    assert client.run(b"\x99\0\2" + bcd(1000, 5))[:3] == OK
    assert client.run(b"\x4a\0\2" + bytes(5)) == OK
    client.enter(2)
    assert client.run(b"\x67\1") == client.run(b"\x67\x09") == OK
    client.enter(3)
    assert client.run(b"\x5a") == OK
    assert client.refused(b"\x5a") == 0x8F
    assert client.register(0x15) == bcd(1, 2)
    assert client.effects() == ["shift_opened", "receipt", "refund_receipt", "correction", "shift_closed"]


@pytest.mark.parametrize("missing", [1173, 1174, 1178, 1179])
async def test_a_correction_without_its_reason_is_refused(client: Client, missing: int) -> None:
    client.open_shift()
    assert client.run(bytes((0x92, 0, SELL_CORRECTION))) == OK
    base = [tlv for tlv in (Tlv(1178, bytes(4)), text_tlv(1179, "1")) if tlv.tag != missing]
    for tlv in (Tlv(1173, b"\0"), Tlv(1174, encode_tlvs(base))):
        if tlv.tag != missing:
            assert client.tag(tlv) == OK
    assert client.position("Коррекция", 1000) == OK
    assert client.refused(b"\x4a\0\1" + bytes(5)) == 0xE7
    assert client.run(b"\x59") == OK
    assert client.effects() == ["shift_opened"]


async def test_an_electronic_receipt_needs_its_addressee(client: Client) -> None:
    client.open_shift()
    client.device.faults.switch("paper_out", on=True)
    assert client.run(bytes((0x92, 4, SELL))) == OK
    assert client.position("Чай", 1000) == OK
    assert client.refused(b"\x4a\0\1" + bytes(5)) == 0xE7
    assert client.tag(text_tlv(1008, "a@b.ru")) == OK
    assert client.run(b"\x4a\0\1" + bytes(5)) == OK


@pytest.mark.parametrize("payload", ["4a0001" + "00" * 5, "99000100" + "00" * 4, "eb" + "0a" + "00" * 40 + "41"])
async def test_what_belongs_to_a_receipt_is_refused_without_one(client: Client, payload: str) -> None:
    client.open_shift()
    assert client.refused(bytes.fromhex(payload)) == 0x9A


@pytest.mark.parametrize(
    ("payload", "error"),
    [("9a00", 0x9C), ("9200", 0x14), ("920003", 0x6A), ("91ee0000", 0x6C), ("ab", 0x7A), ("a4ff", 0x7A),
     ("a440ffffff7f", 0xDA), ("a446", 0xDA), ("49001a00000000", 0xF2), ("ed221126120000", 0x9C)],
)  # fmt: skip
async def test_errors_of_an_open_shift_have_their_codes(client: Client, payload: str, error: int) -> None:
    client.open_shift()
    assert client.refused(bytes.fromhex(payload)) == error


@pytest.mark.parametrize(("fault", "error"), [("paper_out", 0x67), ("cover_open", 0x67), ("drive_full", 0xD8)])
async def test_what_keeps_a_receipt_from_being_opened_has_its_code(client: Client, fault: str, error: int) -> None:
    client.open_shift()
    client.device.faults.switch(fault, on=True)
    assert client.refused(b"\x92\0\1") == error


async def test_a_shift_over_24_hours_closes_and_sells_nothing(client: Client) -> None:
    client.open_shift()
    client.clock.forward(hours=25)
    assert client.register(0x12)[0] == 2
    assert client.refused(b"\x92\0\1") == 0x88
    client.enter(3)
    assert client.run(b"\x5a") == OK


async def test_a_rate_platform_2_5_does_not_know_and_a_wrong_sum_are_refused(client: Client) -> None:
    client.open_shift()
    client.run(b"\x92\0\1")
    price = bcd(100, 7) + bcd(1000, 5)
    tail = bytes(7) + bytes((1, 1, 4, 0)) + bytes(9) + b"A"
    assert client.refused(b"\xeb\x0a" + price + bcd(100, 7) + b"\x07" + tail) == 0xE7
    assert client.refused(b"\xeb\x0a" + price + bcd(300, 7) + b"\x01" + tail) == 0xDB
    assert client.refused(b"\x99\0\2" + bcd(1, 5)) == 0x71
    assert client.refused(b"\x99\0\x09" + bcd(0, 5)) == 0x7E


async def test_the_older_position_registers_too_and_cash_gives_change(client: Client) -> None:
    client.open_shift()
    client.run(b"\x92\0\1")
    old = b"\xe6\2" + "Чай".encode("cp866").ljust(64, b"\0") + bcd(1500, 6) + bcd(2000, 5) + bytes(26)
    assert client.run(old) == OK
    assert client.run(b"\x99\0\1" + bcd(5000, 5)) == OK + bcd(0, 5) + bcd(2000, 5)
    assert client.run(b"\x4a\0\1" + bytes(5)) == OK
    assert bcd_value(client.register(0x0A)) == 3000


async def test_an_open_receipt_survives_a_power_cut_and_is_cancelled(client: Client) -> None:
    client.open_shift()
    client.run(b"\x92\0\1")
    client.position("Чай", 1000)
    client.power_cut()
    assert client.run(b"\x3f")[22] == SELL
    assert client.register(0x14)[:5] == bcd(1000, 5)
    client.enter(1)
    assert client.run(b"\x59") == OK
    assert client.effects() == ["shift_opened"]


async def test_a_roll_that_ends_with_the_receipt_is_an_error_though_the_counter_moved(client: Client) -> None:
    client.open_shift()
    before = bcd_value(client.register(0x34)[:5])
    client.device.faults.switch("paper_out", {"at": "close"})
    assert client.sell()[1] == 0x67
    assert bcd_value(client.register(0x34)[:5]) == before + 1
    client.device.faults.switch("paper_out", on=False)
    assert client.run(b"\x55") == client.run(b"\x95") == client.run(b"\x97") == OK


async def test_the_drive_hands_its_documents_out_requisite_by_requisite(client: Client) -> None:
    client.open_shift()
    client.sell()
    assert client.run(b"\xa4\x45\3\0\0\0")[:4] == b"\x55\0\3\0"
    tags = set()
    while (answer := client.run(b"\xa4\x46"))[1] == 0:
        tags.add(int.from_bytes(answer[2:4], "little"))
    assert answer[1] == 0xDA
    assert {1012, 1020, 1038, 1040, 1054, 1055} <= tags


async def test_every_register_of_the_protocol_answers(client: Client) -> None:
    client.open_shift()
    sizes = {0x03: 6, 0x0A: 7, 0x11: 6, 0x12: 7, 0x13: 8, 0x14: 15, 0x15: 2, 0x16: 7, 0x18: 3, 0x1A: 5, 0x33: 23,
             0x34: 15, 0x35: 6}  # fmt: skip
    assert {number: len(client.register(number)) for number in sizes} == sizes
    for number in (0x2B, 0x36, 0x37, 0x3B, 0x3D):
        assert client.register(number)


async def test_registration_and_drive_questions_answer(client: Client) -> None:
    for tag in (1001, 1009, 1018, 1037, 1060, 1062, 1108, 1187, 1209):
        answer = client.run(b"\xe9" + tag.to_bytes(2, "little") + b"\0")
        assert answer[:3] == b"\x55\0\1"
        assert int.from_bytes(answer[3:5], "little") == tag
    sizes = {0x10: 5, 0x20: 13, 0x30: 30, 0x31: 16, 0x33: 17}
    assert {code: len(client.run(bytes((0xA4, code)))) - 2 for code in sizes} == sizes


async def test_who_works_here_is_named_for_one_document_also_across_modes(client: Client) -> None:
    client.enter(1)
    assert client.tag(text_tlv(1021, "Кассир")) == OK
    assert client.run(b"\x9a\0") == OK
    assert client.sell() == OK
    assert client.tag(text_tlv(1021, "Сменщик")) == OK
    client.enter(3)
    assert client.run(b"\x5a") == OK
    named = [tlv.text for number in (2, 3, 4) for tlv in client.device.till.drive.document(number).tlvs  # type: ignore[union-attr]
             if tlv.tag == 1021]  # fmt: skip
    assert named == ["Кассир", "Сменщик"]


async def test_a_receipt_may_go_without_paper_and_be_tried_without_being_opened(client: Client) -> None:
    client.open_shift()
    assert client.run(bytes((0x92, 1, SELL))) == OK
    assert client.run(b"\x3f")[22] == 0
    client.device.faults.switch("paper_out", on=True)
    assert client.refused(bytes((0x92, 0, SELL))) == 0x67
    assert client.run(bytes((0x92, 2, SELL))) == OK
    assert client.position("Чай", 1000) == OK
    assert client.run(b"\x4a\0\1" + bytes(5)) == OK


async def test_a_correction_by_totals_has_one_position_without_a_name(client: Client) -> None:
    """As the vendor's own driver composes it: 41 bytes, nothing behind them."""
    client.open_shift()
    assert client.run(bytes((0x92, 0, SELL_CORRECTION))) == OK
    base = encode_tlvs((Tlv(1178, bytes(4)), text_tlv(1179, "1")))
    for tlv in (Tlv(1055, b"\2"), Tlv(1173, b"\0"), Tlv(1174, base)):
        assert client.tag(tlv) == OK
    assert client.position("", 10000) == OK
    assert client.run(b"\x99\0\1" + bcd(10000, 5))[:3] == OK
    assert client.run(b"\x4a\0\1" + bytes(5)) == OK
    assert client.effects()[-1] == "correction"


async def test_a_discount_of_the_receipt_lowers_its_total_once_and_ends_its_positions(client: Client) -> None:
    client.open_shift()
    client.run(bytes((0x92, 0, SELL)))
    client.tag(Tlv(1055, b"\2"))
    client.position("Чай", 50150)
    assert client.refused(b"\x43\0\0\1\0" + bcd(50150, 5)) == 0x10  # nothing would be left
    assert client.run(b"\x43\0\0\1\0" + bcd(0, 5)) == OK  # down to a rouble
    assert client.register(0x14)[:5] == bcd(50100, 5)
    assert client.refused(b"\x43\0\0\1\0" + bcd(100, 5)) == 0x0F
    client.run(b"\xea\0\1\0")
    head = b"\xeb\x0a" + bcd(100, 7) + bcd(1000, 5) + bcd(100, 7) + b"\6" + bytes(7) + bytes((1, 1, 4, 0)) + bytes(9)
    assert client.refused(head + b"x") == 0x7C
    client.power_cut()
    client.enter(1)
    assert client.run(b"\x99\0\2" + bcd(50100, 5))[:3] == OK
    assert client.run(b"\x4a\0\1" + bytes(5)) == OK
    assert bcd_value(client.register(0x33)[6:13]) == 50100
