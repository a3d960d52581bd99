"""What a test does in the middle of a flow: at a named point, before the flow goes on."""

from __future__ import annotations

from collections.abc import Callable

from kiosk.checkpoints import Checkpoints


class At(Checkpoints):
    """Does something the first time a point is passed, once it has been told what."""

    def __init__(self, point: str) -> None:
        super().__init__({})
        self._point = point
        self._act: Callable[[], object] | None = None

    def do(self, act: Callable[[], object]) -> None:
        self._act = act

    def __call__(self, name: str) -> None:
        if name == self._point and self._act is not None:
            act, self._act = self._act, None
            act()
