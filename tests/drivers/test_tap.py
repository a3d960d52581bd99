"""A line is heard only while somebody wants to, and no phone that went over it is read back."""

from __future__ import annotations

from datetime import UTC, datetime

from drivers.link import Link
from drivers.tap import Tap

AT = datetime(2026, 11, 30, tzinfo=UTC)


class Echo:
    """A device that sends back what it was told."""

    def __init__(self) -> None:
        self.told = b""

    async def read(self, timeout_s: float) -> bytes:
        return self.told

    def write(self, data: bytes) -> None:
        self.told = data

    def discard(self) -> int:
        return 0

    def close(self) -> None:
        pass


async def opened(port: str, baudrate: int) -> Link:
    return Echo()


async def test_nothing_is_kept_before_and_after_and_long_numbers_are_crossed_out() -> None:
    seconds = [100.0]
    tap = Tap(lambda: AT, lambda: seconds[0])
    link = await tap.on(opened)("port", 9600)
    link.write(b"before")
    tap.listen(600.0)
    link.write(b"\x02+79161234567\x03")
    assert await link.read(1.0) == b"\x02+79161234567\x03"  # the driver has it whole
    seconds[0] += 601.0
    link.write(b"after")
    assert tap.left_s == 0.0
    assert tap.heard() == [(AT, True, b"\x02+***********\x03"), (AT, False, b"\x02+***********\x03")]
    tap.listen(600.0)
    assert tap.heard() == []
    for number in range(600):
        link.write(b"%d" % number)
    assert (len(tap.heard()), tap.heard()[-1].data) == (500, b"599")
    tap.stop()
    link.write(b"over")
    assert tap.heard()[-1].data == b"599"
