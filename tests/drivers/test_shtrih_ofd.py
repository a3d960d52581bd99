"""A Shtrih-M register whose documents the host carries to a simulated operator, over real TCP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drivers.errors import DeviceError, DeviceRefused, DeviceUnreachable
from drivers.fiscal.ofd import HEADER_SIZE, Header, OfdClient, OfdTimeouts
from drivers.fiscal.port import FiscalDocument, OfdSettings, Receipt
from drivers.fiscal.shtrih.commands import write_table
from drivers.fiscal.shtrih.registrar import ShtrihRegistrar
from drivers.sim.gateways.http import serving
from drivers.sim.ofd.container import Container, document_message, ticket_message
from drivers.sim.ofd.device import OfdDevice
from drivers.sim.shtrih.commands import execute
from drivers.sim.shtrih.tables import NETWORK, OFD_EXCHANGE
from drivers.sim.world import World
from tests.clocks import START
from tests.drivers.shtrih_rig import Rig, receipt, rig
from tests.restaurant import ledger

QUICK = OfdTimeouts(connect_s=1.0, answer_s=0.4)
NUMBER = "9999000000000007"  # of the rig's drive


@asynccontextmanager
async def carried(
    kind: type[OfdDevice] = OfdDevice, **device: Any
) -> AsyncIterator[tuple[Rig, ShtrihRegistrar, OfdDevice]]:
    """Registration report and opened shift wait to be carried to an operator of this `kind`."""
    async with rig(shift=False, **device) as (bench, _), operator(bench, kind) as there:
        bench.options["host_carries_to"] = ("127.0.0.1", there.port)
        bench.restart()
        registrar = bench.driver(ofd=OfdClient(QUICK))
        await registrar.open_shift()
        yield bench, registrar, there
        await registrar.close()


@asynccontextmanager
async def operator(bench: Rig, kind: type[OfdDevice] = OfdDevice) -> AsyncIterator[OfdDevice]:
    world = World("ofd", bench.folder / "ofd.state", bench.folder / "ofd.jsonl")
    async with serving(kind(world), world, 0, None) as there:
        yield there


async def sell(bench: Rig, registrar: ShtrihRegistrar, wanted: Receipt | None = None) -> FiscalDocument:
    wanted = wanted or receipt()
    return await registrar.print_receipt(wanted, bench.intent(wanted, await registrar.counter()))


def taken(bench: Rig) -> list[int]:
    rows = ledger(bench.folder / "ofd.jsonl")
    assert {row["fiscal_drive_number"] for row in rows} <= {NUMBER}
    return [row["fiscal_document_number"] for row in rows if row["effect"] == "taken"]


async def carry_all(registrar: ShtrihRegistrar) -> list[int]:
    numbers = []
    while (number := await registrar.ofd.carry()) is not None:
        numbers.append(number)
    return numbers


async def test_documents_are_carried_in_their_order_and_the_queue_goes_down_by_tickets_only() -> None:
    async with carried() as (bench, registrar, _):
        sold = await sell(bench, registrar)
        bench.clock.forward(hours=1)
        before = await registrar.status()
        assert before.unsent_documents == sold.number == 3
        assert before.first_unsent_at is not None
        assert before.last_ticket_at is None
        assert await carry_all(registrar) == [1, 2, 3] == taken(bench)
        after = await registrar.status()
        assert (after.unsent_documents, after.first_unsent_at) == (0, None)
        assert after.last_ticket_at == bench.device.register.now().replace(second=0, microsecond=0)
        assert await registrar.ofd.carry() is None


async def test_a_register_with_its_own_network_is_left_alone() -> None:
    async with rig() as (bench, registrar):
        assert (await registrar.ofd.settings()) == OfdSettings(
            "connect.ofd.example", 7779, by_host=False, host_possible=True
        )
        assert (await registrar.status()).unsent_documents == 2
        with pytest.raises(DeviceRefused) as caught:
            await registrar.ofd.carry()
        assert caught.value.code == "no_document_offered"
        bench.clock.forward(seconds=10)
        status = await registrar.status()
        assert status.device_time is not None
        assert (status.unsent_documents, status.last_ticket_at) == (0, status.device_time.replace(second=0))


async def test_what_has_its_ticket_keeps_it_when_a_technician_changes_the_way() -> None:
    async with rig() as (bench, registrar):
        bench.clock.forward(seconds=10)
        assert (await registrar.status()).unsent_documents == 0
        execute(bench.device.register, write_table(NETWORK, 1, OFD_EXCHANGE, b"\0").payload(30))
        await sell(bench, registrar)
        assert (await registrar.status()).unsent_documents == 1


@pytest.mark.parametrize(
    ("address", "port", "settings"),
    [
        (b"", 7779, OfdSettings("", 7779, by_host=True, host_possible=True)),
        (b"127.0.0.1", 0, OfdSettings("127.0.0.1", 0, by_host=True, host_possible=True)),
    ],
)
async def test_a_register_without_an_address_of_its_operator_says_so(
    address: bytes, port: int, settings: OfdSettings
) -> None:
    async with carried() as (bench, registrar, _):
        bench.device.register.tables.write(19, 1, 1, address or b"\0")
        bench.device.register.tables.write(19, 1, 2, port.to_bytes(2, "little"))
        assert await registrar.ofd.settings() == settings
        with pytest.raises(DeviceRefused) as caught:
            await registrar.ofd.carry()
        assert caught.value.code == "no_ofd_address"


@pytest.mark.parametrize("code", ["F7", "1F", "FF3C"])
async def test_older_firmware_carries_all_the_same(code: str) -> None:
    async with carried() as (bench, registrar, _):
        bench.fault("unknown_command", code=code)
        if code == "1F":
            assert (await registrar.ofd.settings()).by_host is None
            return
        assert await carry_all(registrar) == [1, 2]
        assert (await registrar.status()).unsent_documents == 0


async def test_firmware_that_hands_out_nothing_is_known_by_its_answer() -> None:
    async with carried() as (bench, registrar, _):
        bench.fault("unknown_command", code="FF30")
        assert (await registrar.ofd.settings()).host_possible is False


FAULTS: list[tuple[str, dict[str, Any], type[DeviceError], str]] = [
    ("away", {}, DeviceUnreachable, "no_connection"),
    ("refuse", {}, DeviceUnreachable, "closed_early"),
    ("silent", {}, DeviceUnreachable, "silent"),
    ("slow", {"seconds": 5.0}, DeviceUnreachable, "silent"),
    ("garbage", {}, DeviceRefused, "no_ticket"),
    ("half_answer", {}, DeviceUnreachable, "closed_early"),
    ("too_long", {}, DeviceRefused, "no_ticket"),
    ("wrong_ticket", {"of": "drive"}, DeviceRefused, "other_drive"),
    ("wrong_ticket", {"of": "document"}, DeviceRefused, "ofd_message_refused"),
]


@pytest.mark.parametrize(("fault", "parameters", "kind", "code"), FAULTS, ids=lambda value: str(value)[:20])
async def test_an_operator_that_fails_moves_nothing_and_is_tried_again(
    fault: str, parameters: dict[str, Any], kind: type[DeviceError], code: str
) -> None:
    async with carried() as (bench, registrar, there):
        there.faults.switch(fault, parameters)
        await there.settled()
        with pytest.raises(DeviceError) as caught:
            await registrar.ofd.carry()
        assert (type(caught.value) in (kind, *kind.__subclasses__()), caught.value.code) == (True, code)
        assert (await registrar.status()).unsent_documents == 2
        assert (await sell(bench, registrar)).number == 3  # sales go on
        there.faults.switch(fault, on=False)
        await there.settled()
        assert await carry_all(registrar) == [1, 2, 3]
        assert taken(bench) == [1, 2, 3]


@pytest.mark.parametrize("transport", ["byte_by_byte", "delayed"])
@pytest.mark.parametrize("protocol", [1, 2])
async def test_both_protocols_and_slow_lines_carry(transport: str, protocol: Any) -> None:
    async with carried(transport=transport) as (bench, registrar, _):
        await registrar.close()
        bench.restart()
        again = bench.driver(ofd=OfdClient(QUICK), protocol=protocol)
        assert await carry_all(again) == [1, 2]
        await again.close()


@pytest.mark.parametrize("command", ["FF30", "FF31", "FF32", "FF33", "FF39"])
async def test_a_lost_answer_loses_nothing(command: str) -> None:
    async with carried() as (bench, registrar, _):
        bench.fault("lose_answer", after=command, forget=True)
        numbers: list[int] = []
        for _ in range(4):
            try:
                numbers += await carry_all(registrar)
            except DeviceError:
                continue
        assert (await registrar.status()).unsent_documents == 0
        assert taken(bench) == [1, 2]


class Held(OfdClient):
    """An operator that answers when the test lets it."""

    def __init__(self) -> None:
        super().__init__(QUICK)
        self.asked, self.may_answer = asyncio.Event(), asyncio.Event()

    async def exchange(self, host: str, port: int, message: bytes) -> bytes:
        self.asked.set()
        await self.may_answer.wait()
        return await super().exchange(host, port, message)


async def test_a_receipt_is_printed_while_the_operator_is_waited_for() -> None:
    async with carried() as (bench, registrar, _):
        await registrar.close()
        client = Held()
        host = bench.driver(ofd=client)
        carrying = asyncio.create_task(host.ofd.carry())
        await client.asked.wait()
        assert (await sell(bench, host)).number == 3
        assert not carrying.done()
        client.may_answer.set()
        assert await carrying == 1
        await host.close()


async def test_a_receipt_waits_for_no_more_than_one_short_command_of_the_carrier() -> None:
    async with carried() as (bench, registrar, _):
        order: list[str] = []
        begun = asyncio.Event()

        def told(data: bytes) -> bytes:
            if data[:1] == b"\x02":
                order.append((data[2:4] if data[2] == 0xFF else data[2:3]).hex().upper())
                begun.set()
            return data

        bench.wire.to_device = told
        carrying = asyncio.create_task(registrar.ofd.carry())
        await begun.wait()
        wanted = receipt("ord-2")
        await registrar.print_receipt(wanted, bench.intent(wanted, await registrar.counter()))
        await carrying
        of_carrier = {"FF39", "F7", "1F", "FF30", "FF31", "FF32", "FF33"}
        assert next(n for n, code in enumerate(order) if code not in of_carrier) <= 2, order
        whole = order[order.index("10") : order.index("FF45")]
        assert not set(whole) & {"FF30", "FF31", "FF32", "FF33"}, "a receipt is one piece on the line"


def parts(message: bytes) -> st.SearchStrategy[bytes]:
    """A ticket cut, spoiled, doubled, and what is none at all."""
    cut = st.integers(0, len(message)).map(lambda n: message[:n])
    spoiled = st.tuples(st.integers(0, len(message) - 1), st.integers(1, 255)).map(
        lambda change: message[: change[0]] + bytes((message[change[0]] ^ change[1],)) + message[change[0] + 1 :]
    )
    return st.one_of(cut, spoiled, st.binary(max_size=200), st.just(message * 2))


async def answered(answer: bytes) -> bytes:
    """What a client makes of a peer that says `answer` and hangs up."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(HEADER_SIZE)
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    message = document_message(NUMBER, 1, 3, [])
    try:
        return await OfdClient(QUICK).exchange("127.0.0.1", server.sockets[0].getsockname()[1], message)
    finally:
        server.close()


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(parts(ticket_message(NUMBER, 1, START)))
def test_whatever_an_operator_answers_is_a_ticket_of_this_drive_or_a_device_error(answer: bytes) -> None:
    try:
        ticket = asyncio.run(answered(answer))
    except DeviceError:
        return
    assert Header.parse(ticket).drive_number == NUMBER
    assert len(ticket) <= len(answer)


@pytest.mark.parametrize("host", ["", "no such host", "." * 300, "xn--" + "a" * 80, "[::", "host\x00name", "127.0.0.1"])
async def test_an_address_that_leads_nowhere_is_a_device_error(host: str) -> None:
    with pytest.raises(DeviceUnreachable):
        await OfdClient(QUICK).exchange(host, 9, document_message(NUMBER, 1, 3, []))


# Nothing lost, nothing twice.

#: What is wrong in the books of drive and operator, with the numbers.


def disagreements(bench: Rig) -> list[str]:
    drive, there = bench.device.register.drive, taken(bench)
    waiting = [document.number for document in drive.unsent()]
    sent = [number for number in range(1, drive.state.last_document + 1) if number not in waiting]
    found = [f"{number} is sent for the drive, the operator lacks it" for number in sent if number not in there]
    found += [f"{number} was taken twice" for number in set(there) if there.count(number) > 1]
    if there != sorted(there):
        found.append(f"out of order: {there}")
    return found


async def lives(client: OfdClient, kind: type[OfdDevice] = OfdDevice, *, cut_power: bool) -> tuple[int, list[str]]:
    """One document waits, and the host dies (or the register's power goes) after the first, the second… piece that it
    sends; then another host carries on. Until a host comes through: (deaths, first disagreements)."""
    async with carried(kind) as (bench, registrar, _):
        await registrar.close()
        for pieces in range(1, 200):
            through = await _dies(bench, client, pieces, cut_power=cut_power)
            found = disagreements(bench)
            after = bench.driver(ofd=client)
            await carry_all(after)
            found += disagreements(bench)
            if found or through:
                await after.close()
                return pieces - 1, found
            await (after.close_shift() if bench.device.register.drive.state.shift_open else after.open_shift())
            await after.close()
    raise AssertionError("no host came through")


async def _dies(bench: Rig, client: OfdClient, after: int, *, cut_power: bool) -> bool:
    """Carries until `after` pieces went to the register, then is gone at once. True: it came through."""
    left, gone = after, asyncio.Event()

    def count(data: bytes) -> bytes:
        nonlocal left
        left -= 1
        if left < 0:
            gone.set()
            return b""
        return data

    async def open_link(port: str, baudrate: int) -> Any:
        link = await bench.open_link(port, baudrate)
        bench.wire.to_device = count
        return link

    host = bench.driver(ofd=client, open_link=open_link)
    carrying = asyncio.create_task(carry_all(host))
    dying = asyncio.create_task(gone.wait())
    await asyncio.wait({carrying, dying}, return_when=asyncio.FIRST_COMPLETED)
    through = carrying.done()
    for task in (carrying, dying):
        task.cancel()
    await asyncio.gather(carrying, dying, return_exceptions=True)
    await host.close()
    if cut_power:
        bench.restart()
    return through


@pytest.mark.parametrize("cut_power", [False, True], ids=["host dies", "register loses power"])
async def test_a_death_at_every_step_leaves_drive_and_operator_agreeing(cut_power: bool) -> None:
    deaths, found = await lives(OfdClient(QUICK), cut_power=cut_power)
    assert found == []
    assert deaths >= 18, "two pieces, a frame and an acknowledgement, of each command"


class Hasty(OfdClient):
    """Writes the ticket itself instead of waiting for it: the queue goes down, whatever the operator has."""

    async def exchange(self, host: str, port: int, message: bytes) -> bytes:
        document = Container.parse(message[HEADER_SIZE:])
        return ticket_message(document.drive_number, document.document, START)


async def test_planted_carrier_that_does_not_wait_for_the_operator_is_caught() -> None:
    _, found = await lives(Hasty(), cut_power=False)
    assert any("the operator lacks it" in line for line in found)


class Forgetful(OfdDevice):
    """Does not know what it took."""

    def _take(self, document: Container, raw: bytes) -> None:
        with self._world.change() as change:
            change.delete(f"document:{document.drive_number}:{document.document:08d}")
        super()._take(document, raw)


async def test_planted_operator_that_forgets_what_it_took_is_caught() -> None:
    _, found = await lives(OfdClient(QUICK), Forgetful, cut_power=False)
    assert any("taken twice" in line for line in found), "no death came between the operator's taking and the ticket"


# A month.


async def test_29_days_without_the_operator_sell_on_and_everything_is_carried_afterwards() -> None:
    async with carried() as (bench, registrar, there):
        there.faults.switch("away", on=True)
        await there.settled()
        for day in range(29):
            with pytest.raises(DeviceUnreachable):
                await registrar.ofd.carry()
            await sell(bench, registrar, receipt(f"ord-{day}"))
            bench.clock.forward(hours=23)
            await registrar.close_shift()
            bench.clock.forward(hours=1)
            await registrar.open_shift()
            status = await registrar.status()
            assert status.blocked is None
            assert ("ofd_timeout" in status.warnings) == (day >= 4)
        assert (await sell(bench, registrar, receipt("last"))).number == status.last_document + 1
        there.faults.switch("away", on=False)
        await there.settled()
        count = (await registrar.status()).unsent_documents
        assert count == 29 * 3 + 3
        assert await carry_all(registrar) == list(range(1, count + 1)) == taken(bench)
        status = await registrar.status()
        assert (status.unsent_documents, status.warnings) == (0, ())


async def test_30_days_without_a_ticket_block_the_drive_and_one_ticket_frees_it() -> None:
    async with carried() as (bench, registrar, _):
        wanted = receipt()
        bench.clock.forward(days=30)
        await registrar.close_shift()
        status = await registrar.status()
        assert status.blocked == status.why_not() == "ofd_wait_expired"
        with pytest.raises(DeviceRefused) as caught:
            await registrar.open_shift()
        assert caught.value.code == "ofd_wait_expired"
        await carry_all(registrar)
        assert (await registrar.status()).blocked is None
        await registrar.open_shift()
        assert await sell(bench, registrar, wanted)
