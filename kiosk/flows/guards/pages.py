"""The touch screens' heartbeats: which page has fallen silent, for readiness and metrics."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated

import msgspec

from kiosk.clock import Clock
from kiosk.domain.errors import InvalidRequest

TerminalId = Annotated[str, msgspec.Meta(max_length=64)]
SILENT_AFTER_S = 15.0  # three beats of the page


class Heartbeat(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`screen`: what it shows; no customer's data."""

    screen: Annotated[str, msgspec.Meta(max_length=32, pattern="^[a-z_]*$")] = ""
    terminal_id: TerminalId | None = None


class PageWatch:
    """In memory: a page that was never heard since the start is not missed."""

    def __init__(self, terminals: Collection[str], clock: Clock) -> None:
        self._terminals = list(terminals)
        self._clock = clock
        self._heard_at: dict[str, float] = {}
        self.reloads = 0  # asked for since the start

    def beat(self, told: Heartbeat) -> None:
        """Raises `InvalidRequest` for an unknown terminal."""
        terminal_id = told.terminal_id or self._terminals[0]
        if terminal_id not in self._terminals:
            raise InvalidRequest.at("$.terminal_id", "no such terminal")
        self._heard_at[terminal_id] = self._clock.monotonic()

    def ask_to_reload(self) -> None:
        """Every page that knows a smaller number of these loads itself anew."""
        self.reloads += 1

    def silence_s(self) -> dict[str, float]:
        """Seconds since each page was heard."""
        now = self._clock.monotonic()
        return {terminal_id: now - at for terminal_id, at in self._heard_at.items()}

    def silent(self) -> dict[str, str | None]:
        """Every page that was ever heard: None, or the word for its silence."""
        return {
            f"page:{terminal_id}": "page_silent" if silence_s > SILENT_AFTER_S else None
            for terminal_id, silence_s in self.silence_s().items()
        }
