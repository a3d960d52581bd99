"""What the kiosk asks of a push gateway."""

from __future__ import annotations

from typing import Protocol


class PushGateway(Protocol):
    """`DeviceUnreachable`: not sent. `OutcomeUnknown`: perhaps sent. `DeviceRefused`: will never be sent."""

    async def send(self, to: str, title: str, body: str, client_id: str) -> None:
        """`to` is the address the customer's device gave. The same `client_id` again sends nothing new."""

    async def close(self) -> None: ...
