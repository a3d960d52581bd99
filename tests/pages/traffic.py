"""What a page did behind the screen: its errors, and requests that failed or went outside; a test ends with none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.async_api import ConsoleMessage, Error, Page, Request

_STATUS = re.compile(r"status of (\d{3})")


@dataclass(frozen=True)
class _Heard:
    """`status` of a refused call of the API, `by_silence` what a server that is away brings about."""

    text: str
    status: int | None = None
    by_silence: bool = False


class Traffic:
    """Listens to pages; a test names the refusals and the silence it brings about itself, at any line of it: a page's
    word comes when it comes, before or after the test's next step."""

    def __init__(self) -> None:
        self._heard: list[_Heard] = []
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

    @property
    def complaints(self) -> list[str]:
        """What no scene brings about, and what this one has not named."""
        return [
            heard.text
            for heard in self._heard
            if heard.status not in self._refusals and not (heard.by_silence and self._silence)
        ]

    def assert_clean(self) -> None:
        assert not self.complaints, "\n".join(self.complaints)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type != "error":
            return
        if "fetching the script" in message.text:  # a page closed before its service worker came: nothing needs it
            return
        url = message.location["url"]
        status = _STATUS.search(message.text) if "/api/" in url else None
        self._heard.append(
            _Heard(
                f"console: {message.text} ({url})",
                status=int(status[1]) if status else None,
                by_silence="net::ERR_" in message.text,
            )
        )

    def _broke(self, error: Error) -> None:
        self._heard.append(_Heard(f"uncaught: {error}"))

    def _failed(self, request: Request) -> None:
        if self._is_outside(request.url):
            self._heard.append(_Heard(f"request outside: {request.url}"))
            return
        # A page that is left or reloaded gives up its own calls.
        if "ERR_ABORTED" not in (request.failure or ""):
            self._heard.append(_Heard(f"failed: {request.method} {request.url} {request.failure}", by_silence=True))

    def _is_outside(self, url: str) -> bool:
        address = urlsplit(url)
        return address.scheme not in ("data", "blob") and f"{address.scheme}://{address.netloc}" not in self._origins
