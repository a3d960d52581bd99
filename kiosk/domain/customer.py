"""How often one device, one number and the whole site may ask for sessions and codes (`[auth] limits`)."""

from __future__ import annotations

from typing import Annotated

import msgspec

_Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
_Pause = Annotated[int, msgspec.Meta(ge=0, le=86_400)]  # seconds


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Sessions and sign-ins a minute for a device; SMS for a number and, a day, for the site."""

    guest_sessions_per_minute: _Count = 600
    logins_per_device_per_minute: _Count = 5
    resend_s: _Pause = 60
    sms_per_phone_per_hour: _Count = 3
    sms_per_phone_per_day: _Count = 6
    sms_per_site_per_day: _Count = 1000
