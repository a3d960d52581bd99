"""How often one device, one number and the whole site may ask for sessions and codes (`[auth] limits`)."""

from __future__ import annotations

import msgspec


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Sessions and sign-ins a minute for a device; SMS for a number and, a day, for the site."""

    guest_sessions_per_minute: int = 600
    logins_per_device_per_minute: int = 5
    resend_s: int = 60
    sms_per_phone_per_hour: int = 3
    sms_per_phone_per_day: int = 6
    sms_per_site_per_day: int = 1000
