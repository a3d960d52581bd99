"""What lies in the robot's staging registers, so that only what differs is written (robot.md#registers).

At 115200 baud a whole chart takes the line for 22 ms, and dishes differ in a few registers. Nothing is at stake where
the robot holds something else after all: the CRC in the mailbox covers chart and extension, so it refuses the order.
"""

from __future__ import annotations

from collections.abc import Sequence

#: One FC16 writes no more registers (Modbus application protocol V1.1b3, 6.12).
MOST_IN_A_WRITE = 123


class Staging:
    """Of one power-up of one robot. `keeps`: whether the robot has its staged registers still after an order."""

    def __init__(self) -> None:
        self.keeps = True
        self.spared = False  # since `begin`: something was not written because it lies there already
        self._held: dict[int, int] = {}

    def begin(self) -> None:
        """Another order is staged."""
        self.spared = False
        if not self.keeps:
            self.forget()

    def forget(self) -> None:
        """The power went, or the robot holds something else."""
        self._held.clear()

    def writes(self, address: int, words: Sequence[int]) -> list[tuple[int, Sequence[int]]]:
        """(address, registers) of each write after which `words` lie from `address` on: from the first that differs to
        the last, for a second write costs more than the registers between."""
        differ = [n for n, word in enumerate(words) if self._held.get(address + n) != word]
        begin, end = (differ[0], differ[-1] + 1) if differ else (0, 0)
        self.spared = self.spared or end - begin < len(words)
        parts = range(begin, end, MOST_IN_A_WRITE)
        return [(address + n, words[n : min(n + MOST_IN_A_WRITE, end)]) for n in parts]

    def sent(self, address: int, words: Sequence[int]) -> None:
        """They are under way: until the robot has answered nobody knows what lies there."""
        for n in range(len(words)):
            self._held.pop(address + n, None)

    def arrived(self, address: int, words: Sequence[int]) -> None:
        """The robot has answered that it has them."""
        self._held.update(enumerate(words, address))
