"""What a page did behind the screen: its errors, and every request it sent; a test ends with both clean."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from playwright.async_api import ConsoleMessage, Error, Page, Request

_STATUS = re.compile(r"status of (\d{3})")


class Traffic:
    """Listens to pages; a test names beforehand the refusals and the silence it brings about itself."""

    def __init__(self) -> None:
        self._complaints: list[str] = []
        self._origins: set[str] = set()
        self._refusals: set[int] = set()
        self._silence = False

    def expects(self, *statuses: int) -> None:
        """The browser prints every refused call as an error; these are part of the scene."""
        self._refusals |= set(statuses)

    def expects_silence(self) -> None:
        """The server goes away in this scene: broken calls are its consequence."""
        self._silence = True

    def listen(self, page: Page, origin: str) -> None:
        self._origins.add(origin)
        page.on("console", self._said)
        page.on("pageerror", self._broke)
        page.on("request", self._asked)
        page.on("requestfailed", self._failed)

    def assert_clean(self) -> None:
        assert not self._complaints, "\n".join(self._complaints)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type != "error":
            return
        status = _STATUS.search(message.text)
        if status and int(status[1]) in self._refusals and "/api/" in message.location["url"]:
            return
        if self._silence and "net::ERR_" in message.text:
            return
        if "fetching the script" in message.text:  # a page closed before its service worker came: nothing needs it
            return
        self._complaints.append(f"console: {message.text} ({message.location['url']})")

    def _broke(self, error: Error) -> None:
        self._complaints.append(f"uncaught: {error}")

    def _asked(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob") and f"{address.scheme}://{address.netloc}" not in self._origins:
            self._complaints.append(f"request outside: {request.url}")

    def _failed(self, request: Request) -> None:
        # A page that is left or reloaded gives up its own calls.
        if self._silence or "ERR_ABORTED" in (request.failure or ""):
            return
        self._complaints.append(f"failed: {request.method} {request.url} {request.failure}")
