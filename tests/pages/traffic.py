"""What a page did behind the screen: its errors, and requests that failed or went outside; a test ends with none."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from playwright.async_api import ConsoleMessage, Error, Page, Request

_STATUS = re.compile(r"status of (\d{3})")


class Traffic:
    """Listens to pages; a test names beforehand the refusals and the silence it brings about itself."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
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
        # Its own policy lets a page ask nobody but its server, and the browser says so: not every request is heard of.
        page.on("requestfailed", self._failed)

    def assert_clean(self) -> None:
        assert not self.complaints, "\n".join(self.complaints)

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
        self.complaints.append(f"console: {message.text} ({message.location['url']})")

    def _broke(self, error: Error) -> None:
        self.complaints.append(f"uncaught: {error}")

    def _failed(self, request: Request) -> None:
        if self._is_outside(request.url):
            self.complaints.append(f"request outside: {request.url}")
            return
        # A page that is left or reloaded gives up its own calls.
        if self._silence or "ERR_ABORTED" in (request.failure or ""):
            return
        self.complaints.append(f"failed: {request.method} {request.url} {request.failure}")

    def _is_outside(self, url: str) -> bool:
        address = urlsplit(url)
        return address.scheme not in ("data", "blob") and f"{address.scheme}://{address.netloc}" not in self._origins
