"""Fetches the menu over HTTP: outbound only, no redirects, one deadline, so many bytes and no more."""

from __future__ import annotations

from urllib.parse import urlsplit

from drivers.errors import DeviceError, DeviceUnreachable, OutcomeUnknown
from drivers.http import REFUSES_US, HttpDevice
from drivers.menu.port import MenuAnswer

_DEVICE = "menu"
_LONGEST_MENU, _LONGEST_PICTURE = 2 * 1024 * 1024, 12 * 1024 * 1024
_OK, _SAME = 200, 304


class HttpMenuSource:
    """`MenuSource`."""

    def __init__(self, url: str, timeout_s: float = 60.0) -> None:
        parts = urlsplit(url)
        self._menu = HttpDevice(_DEVICE, url, "", timeout_s, fresh=True, longest=_LONGEST_MENU)
        origin = f"{parts.scheme}://{parts.netloc}"
        self._pictures = HttpDevice(_DEVICE, origin, "", timeout_s, fresh=True, longest=_LONGEST_PICTURE)

    async def menu(self, etag: str) -> MenuAnswer | None:
        try:
            status, headers, body = await self._menu.exchange(
                "GET", "", headers={"If-None-Match": etag} if etag else {}
            )
        except OutcomeUnknown as error:  # a question changes nothing
            raise DeviceUnreachable(_DEVICE, error.code, error.detail) from error
        if status == _SAME and etag:
            return None
        if status != _OK:
            raise _unusable(status)
        return MenuAnswer(
            body,
            headers.get("webhook-id", ""),
            headers.get("webhook-timestamp", ""),
            headers.get("webhook-signature", ""),
            headers.get("ETag", ""),
        )

    async def picture(self, place: str) -> bytes:
        try:
            status, body = await self._pictures.call("GET", f"/{place.lstrip('/')}")
        except OutcomeUnknown as error:
            raise DeviceUnreachable(_DEVICE, error.code, error.detail) from error
        if status != _OK:
            raise _unusable(status)
        return body

    async def close(self) -> None:
        await self._menu.close()
        await self._pictures.close()


def _unusable(status: int) -> DeviceError:
    code = "unauthorized" if status in REFUSES_US else "unexpected_answer"
    return DeviceUnreachable(_DEVICE, code, f"HTTP {status}")
