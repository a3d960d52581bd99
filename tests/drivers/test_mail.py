"""The way of a letter: SMTP against the simulated server, which delivers each letter that it has taken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from drivers.errors import DeviceError, DeviceRefused, DeviceUnreachable, OutcomeUnknown
from drivers.mail.port import Letter
from drivers.mail.smtp import SmtpAccess, SmtpServer
from drivers.sim.gateways.http import held_port
from drivers.sim.smtp.device import SmtpDevice, smtp
from tests.restaurant import ledger

WRITTEN_AT = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)
LETTER = Letter("ira@example.com", "Огонёк: касса молчит", "Проверьте питание.\n.\nИ кабель.", "alarm-1", WRITTEN_AT)


def server(port: int, timeout_s: float = 5.0) -> SmtpServer:
    access = SmtpAccess(host="127.0.0.1", port=port, encryption="none", sender="kiosk@example.com")
    return SmtpServer(access, timeout_s)


@asynccontextmanager
async def pair(folder: Path, timeout_s: float = 5.0) -> AsyncIterator[tuple[SmtpDevice, SmtpServer]]:
    async with smtp(0, state=folder / "smtp.state", ledger=folder / "smtp.jsonl") as device:
        yield device, server(device.port, timeout_s)


async def test_letter_arrives_in_the_letters_of_its_language_and_a_dot_alone_ends_nothing(tmp_path: Path) -> None:
    async with pair(tmp_path) as (_, mail):
        await mail.send(LETTER)
    (line,) = ledger(tmp_path / "smtp.jsonl")
    assert (line["effect"], line["from"], line["to"]) == ("delivered", "kiosk@example.com", "ira@example.com")
    assert (line["subject"], line["text"]) == (LETTER.subject, LETTER.text)
    assert line["message_id"] == "<alarm-1@example.com>"


async def test_letter_sent_again_has_the_same_message_id(tmp_path: Path) -> None:
    async with pair(tmp_path) as (device, mail):
        device.faults.switch("lose_answer")
        with pytest.raises(OutcomeUnknown):
            await mail.send(LETTER)
        await mail.send(LETTER)
    first, second = ledger(tmp_path / "smtp.jsonl")
    assert first["message_id"] == second["message_id"]


@pytest.mark.parametrize(
    ("fault", "error", "code"),
    [("refuse", DeviceRefused, "refused"), ("busy", DeviceUnreachable, "busy"), ("hold", DeviceError, "no_answer"),
     ("endless", DeviceError, "")],
)  # fmt: skip
async def test_whatever_the_server_answers_is_a_drivers_own_error(
    tmp_path: Path, fault: str, error: type[DeviceError], code: str
) -> None:
    async with pair(tmp_path, timeout_s=0.5) as (device, mail):
        device.faults.switch(fault)
        async with asyncio.timeout(20):
            with pytest.raises(error) as raised:
                await mail.send(LETTER)
        assert raised.value.code == code or not code
    assert ledger(tmp_path / "smtp.jsonl") == []


async def test_server_that_is_away_took_nothing() -> None:
    with held_port(0) as held, pytest.raises(DeviceUnreachable):
        await server(held.getsockname()[1]).send(LETTER)


async def test_text_that_is_no_smtp_is_an_error_of_the_driver() -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\xff\x00HTTP/1.1 200 OK\r\n" * 10_000)
        writer.close()

    peer = await asyncio.start_server(babble, "127.0.0.1", 0)
    async with peer:
        with pytest.raises(DeviceUnreachable):
            await server(peer.sockets[0].getsockname()[1]).send(LETTER)
