"""How often one address, one number and the whole site may ask for sessions and codes (`[auth] limits`)."""

from __future__ import annotations

from typing import Annotated

import msgspec

_Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
_Pause = Annotated[int, msgspec.Meta(ge=0, le=86_400)]  # seconds


_Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
#: A budget up to this is not divided.
_SMALL = 10


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Guest sessions and sign-ins for an address, new orders for one that is not this machine; SMS with codes for a
    number and, a day, for the site. Of the site's budget an hour may use `sms_hour_share`, of the hour's and the day's
    one address `sms_address_share`; other machines leave `sms_house_share` of each to the site's own screens, and
    numbers that were never confirmed leave `sms_reserve` of each to customers."""

    guest_sessions_per_minute: _Count = 600
    guest_sessions_per_hour: _Count = 6000
    orders_per_address_per_minute: _Count = 300
    logins_per_device_per_minute: _Count = 5
    resend_s: _Pause = 60
    sms_per_phone_per_hour: _Count = 3
    sms_per_phone_per_day: _Count = 6
    sms_per_site_per_day: _Count = 1000
    sms_hour_share: _Share = 0.25
    sms_address_share: _Share = 0.5
    sms_house_share: _Share = 0.25
    sms_reserve: _Share = 0.2

    @property
    def sms_per_site_per_hour(self) -> int:
        return _part(self.sms_per_site_per_day, self.sms_hour_share)

    def of_one_address(self, budget: int) -> int:
        return _part(budget, self.sms_address_share)

    def of_other_machines(self, budget: int) -> int:
        return _part(budget, 1 - self.sms_house_share)

    def of_new_numbers(self, budget: int) -> int:
        return _part(budget, 1 - self.sms_reserve)


def _part(budget: int, share: float) -> int:
    return budget if budget <= _SMALL else max(_SMALL, round(budget * share))
