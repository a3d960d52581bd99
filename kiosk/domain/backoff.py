"""When to try again what must arrive: quickly at first, then hourly without an end, never all at the same moment."""

from __future__ import annotations

import zlib

_DELAYS_S = (1.0, 5.0, 30.0, 300.0, 1800.0)
_HOURLY_S = 3600.0
_JITTER = 0.1


def is_hourly(failures: int) -> bool:
    """Past the quick tries: whoever is waited for is as good as away."""
    return failures > len(_DELAYS_S)


def retry_delay_s(failures: int, key: str) -> float:
    """Seconds to wait after so many failures; up to a tenth more, spread by `key`, so that a provider that comes back
    is not met by everything at once."""
    delay_s = _DELAYS_S[failures - 1] if failures <= len(_DELAYS_S) else _HOURLY_S
    share = zlib.crc32(f"{key}:{failures}".encode()) / 2**32
    return delay_s * (1 + _JITTER * share)
