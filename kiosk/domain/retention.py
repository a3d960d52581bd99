"""How long is kept what no law asks for; orders, payments, receipts, points and statistics are kept for ever."""

from __future__ import annotations

from typing import Annotated

import msgspec

#: The audit looks back a month: an order's event outlives that.
_AUDITED = 35
_Days = Annotated[int, msgspec.Meta(ge=1, le=3650)]
_PersonalDays = Annotated[int, msgspec.Meta(ge=1, le=90)]  # 152-FZ article 5 part 7: no longer than the purpose asks
_EventDays = Annotated[int, msgspec.Meta(ge=_AUDITED, le=3650)]


class Keep(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Days, counted from the end of each. `sessions_days`: of sessions that ordered nothing (others are part of their
    order); `keys_days`: idempotency keys; `messages_days`: what is left of a notice that is out, without number and
    text; `journal_days`: lines about sales, stop list, cells and webhooks (those about money stay); `events_days`:
    events that every consumer and endpoint has got; `removed_endpoints_days`: the place of an endpoint that is no
    longer in the configuration, counted from the oldest event it has not got."""

    sessions_days: _Days = 30
    keys_days: _Days = 7
    codes_days: _PersonalDays = 1
    unconfirmed_days: _PersonalDays = 1
    guests_days: _PersonalDays = 1
    messages_days: _Days = 30
    journal_days: _Days = 365
    events_days: _EventDays = 90
    removed_endpoints_days: _Days = 90
