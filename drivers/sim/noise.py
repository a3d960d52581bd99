"""A noisy line: a byte now and then gets a stray one before it, loses a bit, or gets lost."""

from __future__ import annotations

import random
from dataclasses import dataclass

from drivers.sim.faults import Faults


@dataclass(frozen=True, slots=True)
class Noise:
    """By the fault `noise` and its `rate`; `stray` is the byte that comes from nowhere."""

    faults: Faults
    rng: random.Random
    stray: int

    def heard(self, data: bytes) -> bytes:
        fault = self.faults.on("noise")
        rate = 0.0 if fault is None else float(fault["rate"])
        if rate <= 0:
            return data
        heard = bytearray()
        for byte in data:
            if self.rng.random() >= rate:
                heard.append(byte)
                continue
            kind = self.rng.randrange(3)
            heard += (bytes((self.stray, byte)), bytes((byte ^ 1 << self.rng.randrange(8),)), b"")[kind]
        return bytes(heard)
