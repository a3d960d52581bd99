"""What the kiosk asks of a mail server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Attachment:
    """`media`: as `text/csv`."""

    name: str
    media: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """One message to one person. `message_id`: the left side of its Message-ID, the same in every try, so that whoever
    reads sees a repetition as one (RFC 5322 3.6.4); `written_at`: its Date (3.6.1)."""

    to: str
    subject: str
    text: str
    message_id: str
    written_at: datetime
    attachments: tuple[Attachment, ...] = ()


class MailServer(Protocol):
    """`DeviceUnreachable`: not taken, try again. `OutcomeUnknown`: perhaps taken. `DeviceRefused`: never will be."""

    async def send(self, letter: Letter) -> None: ...

    async def close(self) -> None: ...
