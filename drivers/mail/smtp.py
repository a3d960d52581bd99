"""A mail server over SMTP (RFC 5321): a connection and one deadline for each letter."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Literal

import aiosmtplib

from drivers.errors import DeviceError, DeviceRefused, DeviceUnreachable, OutcomeUnknown, connection_word
from drivers.mail.port import Letter

_DEVICE = "email"
_PERMANENT = 500
_CALLED = "kiosk"  # what it says of itself in EHLO: the name of the machine is nobody's affair
Encryption = Literal["tls", "starttls", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpAccess:
    """`sender`: the address in From; `user` empty: no sign-in."""

    host: str
    port: int
    encryption: Encryption
    sender: str
    user: str = ""
    password: str = ""


class SmtpServer:
    """`MailServer`; certificates are always checked."""

    def __init__(self, access: SmtpAccess, timeout_s: float = 15.0) -> None:
        self._access = access
        self._timeout_s = timeout_s

    async def send(self, letter: Letter) -> None:
        """A 5xx about the addressee or the letter is final (RFC 5321 4.2.1), all else may pass. What breaks after the
        text began to go may have been taken."""
        client = aiosmtplib.SMTP(
            hostname=self._access.host,
            port=self._access.port,
            local_hostname=_CALLED,
            timeout=self._timeout_s,
            use_tls=self._access.encryption == "tls",
            start_tls=self._access.encryption == "starttls",
        )
        giving = False
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._open(client)
                giving = True
                await client.send_message(self._message(letter))
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _answered(error.recipients[0]) from error
        except aiosmtplib.SMTPResponseException as error:
            raise _answered(error) from error
        except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError) as error:
            kind = OutcomeUnknown if giving else DeviceUnreachable
            raise kind(_DEVICE, "no_answer", repr(error)[:200]) from error
        finally:
            client.close()  # no QUIT is waited for: the letter is taken or it is not

    async def _open(self, client: aiosmtplib.SMTP) -> None:
        """Raises `DeviceUnreachable`: nothing of the letter has left."""
        try:
            await client.connect()
            if self._access.user:
                await client.login(self._access.user, self._access.password)
        except aiosmtplib.SMTPAuthenticationError as error:
            raise DeviceUnreachable(_DEVICE, "unauthorized", f"SMTP {error.code}") from error
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise DeviceUnreachable(_DEVICE, connection_word(error), repr(error)[:200]) from error

    def _message(self, letter: Letter) -> EmailMessage:
        domain = self._access.sender.rpartition("@")[2]
        found = EmailMessage()
        found["From"], found["To"], found["Subject"] = self._access.sender, letter.to, letter.subject
        found["Message-ID"] = f"<{letter.message_id}@{domain}>"
        found["Date"] = format_datetime(letter.written_at)
        found["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notice comes back
        found.set_content(letter.text)
        for file in letter.attachments:
            main, _, sub = file.media.partition("/")
            found.add_attachment(file.body, maintype=main, subtype=sub, filename=file.name)
        return found

    async def close(self) -> None:
        """Nothing is kept open."""


def _answered(error: aiosmtplib.SMTPResponseException) -> DeviceError:
    kind, code = (DeviceRefused, "refused") if error.code >= _PERMANENT else (DeviceUnreachable, "busy")
    return kind(_DEVICE, code, f"SMTP {error.code} {error.message}"[:200])
