"""What the process knows of its devices right now, and so why sales are paused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kiosk.domain.reasons import STARTING
from kiosk.domain.text import Text


@dataclass(frozen=True, slots=True)
class Check:
    """One line of `/readyz` and `kiosk check`. One that does not block (SMS, a station) closes only what needs it."""

    ok: bool
    reason: str | None = None
    blocks: bool = True
    detail: str = ""  # the device's own code and text, for the call to its service
    told: Text | None = None  # the same in words


class Readiness:
    """Checks by name; sales go on only while every one that blocks them is ok."""

    def __init__(self, waiting_for: tuple[str, ...]) -> None:
        self._checks = {name: Check(ok=False, reason=STARTING) for name in waiting_for}
        self._when_all_spoke: list[Callable[[], None]] = []

    def set(
        self, name: str, reason: str | None, *, blocks: bool = True, detail: str = "", told: Text | None = None
    ) -> bool:
        """`reason` None = ok. True when this changed anything."""
        check = Check(reason is None, reason, blocks, detail, told)
        changed = self._checks.get(name) != check
        self._checks[name] = check
        if not self.starting:
            waiting, self._when_all_spoke = self._when_all_spoke, []
            for tell in waiting:
                tell()
        return changed

    def when_all_spoke(self, tell: Callable[[], None]) -> None:
        """Call `tell` once nothing is `starting` any more; at once where nothing is."""
        if self.starting:
            self._when_all_spoke.append(tell)
        else:
            tell()

    def blocked(self, *, unless_starting: bool = False) -> tuple[str, str] | None:
        """(check, reason) of the first that sales wait for, or None. `unless_starting`: of those that have spoken."""
        for name, check in self._checks.items():
            if check.blocks and check.reason is not None and not (unless_starting and check.reason == STARTING):
                return name, check.reason
        return None

    def pause_reason(self) -> str | None:
        """Why nothing is sold now, or None."""
        found = self.blocked()
        return None if found is None else found[1]

    @property
    def starting(self) -> bool:
        """Something that sales hang on has not spoken since the start."""
        return any(check.reason == STARTING for check in self._checks.values())

    def checks(self) -> Mapping[str, Check]:
        return dict(self._checks)
