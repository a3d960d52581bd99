"""The simulated registrar's pictures and bar codes: 4Fh, C0h…C4h, DDh. They come out on paper and register nothing."""

from __future__ import annotations

from drivers.sim.shtrih.register import Register
from drivers.sim.shtrih.reports import print_text
from drivers.sim.shtrih.sales import operator_byte


def loaded(register: Register, operator: int, data: bytes) -> bytes:
    """A line of a picture, or a block of a bar code, for later: not kept, for nothing looks at it."""
    return operator_byte(operator)


def printed(register: Register, operator: int, data: bytes) -> bytes:
    """Refused while the printer is busy (50h) or without paper, like a line of text."""
    return print_text(register, operator, data)
