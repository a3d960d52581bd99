"""What the kiosk asks of an SMS gateway."""

from __future__ import annotations

from typing import Protocol


class SmsGateway(Protocol):
    """`DeviceUnreachable`: not sent. `OutcomeUnknown`: perhaps sent. `DeviceRefused`: will never be sent."""

    async def send(self, to: str, text: str, client_id: str) -> None:
        """`to` in E.164. The same `client_id` again sends nothing new: a repetition is safe."""

    async def probe(self) -> None:
        """Is anybody there who would take messages from us? Sends none. Raises `DeviceUnreachable`."""

    async def close(self) -> None: ...
