"""Encrypted ways out, against servers that are not ours: aiosmtpd takes letters by TLS and STARTTLS after a sign-in,
and whoever shows a certificate that this machine does not trust gets nothing and is told apart from one who is away."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme
from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from drivers.errors import DeviceRefused, DeviceUnreachable, trouble_word
from drivers.http import HttpDevice
from drivers.mail.smtp import Encryption, SmtpAccess, SmtpServer
from kiosk.domain.staff.staff_words import stuck_words
from kiosk.domain.staff.stuck import Kind
from tests.drivers.test_mail import LETTER

_USER, _PASSWORD = "kiosk@example.com", "s3cret"
_WAYS: tuple[Encryption, ...] = ("tls", "starttls")


class Letters:
    """What the foreign server has taken."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # aiosmtpd's name
        assert isinstance(envelope.content, bytes)
        self.taken.append(envelope.content)
        return "250 taken"


def _admitted(_: SMTP, __: Session, ___: Envelope, ____: str, told: object) -> AuthResult:
    right = isinstance(told, LoginPassword) and (told.login, told.password) == (_USER.encode(), _PASSWORD.encode())
    return AuthResult(success=right, handled=False)


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """Whom this machine trusts, and nobody else."""
    found = trustme.CA()
    file = tmp_path / "authority.pem"
    found.cert_pem.write_to_path(str(file))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    return found


def _shown(authority: trustme.CA, name: str = "localhost") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


@asynccontextmanager
async def mail_server(way: Encryption, certificate: ssl.SSLContext) -> AsyncIterator[tuple[Letters, int]]:
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # it tells of each one who hangs up
    letters = Letters()
    inside = way == "starttls"

    def talk() -> SMTP:
        return SMTP(
            letters,
            hostname="mail.invalid",
            tls_context=certificate if inside else None,
            require_starttls=inside,
            authenticator=_admitted,
            auth_required=True,
            auth_require_tls=inside,
            loop=asyncio.get_running_loop(),
        )

    server = await asyncio.get_running_loop().create_server(talk, "127.0.0.1", 0, ssl=None if inside else certificate)
    async with server:
        yield letters, server.sockets[0].getsockname()[1]


def _sender(way: Encryption, port: int, password: str = _PASSWORD) -> SmtpServer:
    access = SmtpAccess(
        host="localhost", port=port, encryption=way, sender="kiosk@example.com", user=_USER, password=password
    )
    return SmtpServer(access, 20.0)


pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # the whole line is encrypted


@pytest.mark.parametrize("way", _WAYS)
async def test_letter_goes_encrypted_after_a_sign_in(authority: trustme.CA, way: Encryption) -> None:
    async with mail_server(way, _shown(authority)) as (letters, port):
        await _sender(way, port).send(LETTER)
        assert len(letters.taken) == 1


@pytest.mark.parametrize("way", _WAYS)
async def test_wrong_password_sends_nothing_and_says_so(authority: trustme.CA, way: Encryption) -> None:
    async with mail_server(way, _shown(authority)) as (letters, port):
        with pytest.raises(DeviceUnreachable) as raised:
            await _sender(way, port, "guessed").send(LETTER)
        assert (raised.value.code, letters.taken) == ("unauthorized", [])


@pytest.mark.parametrize("way", _WAYS)
@pytest.mark.parametrize("fault", ["issuer", "name"])
async def test_password_is_not_told_to_one_whose_certificate_is_not_trusted(
    authority: trustme.CA, way: Encryption, fault: str
) -> None:
    certificate = _shown(trustme.CA()) if fault == "issuer" else _shown(authority, "mail.elsewhere.example")
    async with mail_server(way, certificate) as (letters, port):
        with pytest.raises(DeviceUnreachable) as raised:
            await _sender(way, port).send(LETTER)
        assert (raised.value.code, letters.taken) == ("untrusted_certificate", [])


async def test_server_that_offers_no_encryption_is_told_no_password(authority: trustme.CA) -> None:
    heard: list[bytes] = []

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.invalid ESMTP\r\n")
        while line := await reader.readline():
            heard.append(line)
            writer.write(b"250-mail.invalid\r\n250 AUTH PLAIN LOGIN\r\n" if line.startswith(b"EHLO") else b"502 no\r\n")
        writer.close()

    assert authority
    async with await asyncio.start_server(plain, "127.0.0.1", 0) as server:
        with pytest.raises((DeviceUnreachable, DeviceRefused)):
            await _sender("starttls", server.sockets[0].getsockname()[1]).send(LETTER)
    assert not any(line.startswith(b"AUTH") for line in heard)


async def test_bank_whose_certificate_is_not_trusted_is_not_called_one_that_refuses() -> None:
    runner = web.AppRunner(web.Application())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=_shown(trustme.CA())).start()
    client = HttpDevice("bank", f"https://localhost:{runner.addresses[0][1]}", "", 20.0)
    try:
        with pytest.raises(DeviceUnreachable) as raised:
            await client.call("GET", "/")
        assert raised.value.code == "untrusted_certificate"
        assert "сертификат" in stuck_words(Kind.VOID_PENDING, trouble_word(raised.value)).ru
    finally:
        await client.close()
        await runner.cleanup()
