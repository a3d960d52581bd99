"""The simulated ATOL register's printer: the roll, the cover, a document that was torn from its paper."""

from __future__ import annotations

from drivers.fiscal.atol import errors
from drivers.sim.faults import Faults
from drivers.sim.refusal import Refusal
from drivers.sim.world import Change, World

_STALLED = "stalled"
_MECHANICS = 0x69


class Printer:
    def __init__(self, world: World, faults: Faults) -> None:
        self._world = world
        self._faults = faults
        self.stalled: bool = world.get(_STALLED, False)  # registered, not printed: waits for paper

    @property
    def paper(self) -> bool:
        """`"at": "close"` says that the roll will end with the next document."""
        fault = self._faults.on("paper_out")
        return fault is None or (fault.get("at") == "close" and not self.stalled)

    @property
    def cover_open(self) -> bool:
        return self._faults.on("cover_open") is not None

    @property
    def ready(self) -> bool:
        return self.paper and not self.cover_open

    @property
    def failed(self) -> bool:
        return self._faults.on("printer_fault") is not None

    def require(self) -> None:
        """Paper that came back takes the rest of the document it was torn from."""
        if self.failed:
            raise Refusal(_MECHANICS)
        if not self.ready:
            raise Refusal(errors.NO_PAPER)
        self.resume()

    def resume(self) -> None:
        if self.stalled and self.ready:
            self.drop()

    def drop(self) -> None:
        """What waits for paper is given up; it can still be copied."""
        with self._world.change() as change:
            self._stall(change, stalled=False)

    def print(self, change: Change) -> None:
        if self._faults.on("paper_out") is not None or self.cover_open:
            self._stall(change, stalled=True)

    def _stall(self, change: Change, *, stalled: bool) -> None:
        self.stalled = stalled
        change.put(_STALLED, stalled)
