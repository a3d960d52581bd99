"""How long is kept what no law asks for, and how long orders stay in the database before they move to their year's
archive; payments, receipts, points and statistics are never deleted."""

from __future__ import annotations

from typing import Annotated

import msgspec

#: The audit looks back a month: an order's event outlives that.
_AUDITED = 35
_Days = Annotated[int, msgspec.Meta(ge=1, le=3650)]
_PersonalDays = Annotated[int, msgspec.Meta(ge=1, le=90)]  # 152-FZ article 5 part 7: no longer than the purpose asks
_EventDays = Annotated[int, msgspec.Meta(ge=_AUDITED, le=3650)]
_ContactDays = Annotated[int, msgspec.Meta(ge=1, le=366)]
_CustomerDays = Annotated[int, msgspec.Meta(ge=30, le=3650)]
_OrderDays = Annotated[int, msgspec.Meta(ge=367, le=3650)]  # a year is compared with the one before it
#: Years that fiscal and payment records are kept at least (402-FZ article 29 part 1), from the end of the year.
_ARCHIVE_YEARS = 5


class Keep(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Days, counted from the end of each. `sessions_days`: of sessions that ordered nothing (others are part of their
    order); `keys_days`: idempotency keys; `contacts_days`: where a receipt went to, of orders that are over;
    `customers_days`: accounts by which nothing was ordered, with their points; `messages_days`: what is left of a
    notice that is out, without number and text, and of the alarms' messages; `journal_days`: lines about sales, stop
    list, cells and webhooks (those about money stay), and alarms that are over;
    `temperatures_days`: those of each minute (what a day kept stays); `events_days`:
    events that every consumer and endpoint has got; `removed_endpoints_days`: the place of an endpoint that is no
    longer in the configuration, counted from the oldest event it has not got; `orders_days`: finished orders with
    their payments, receipts and refunds, which move then and are not lost."""

    sessions_days: _Days = 30
    keys_days: _Days = 7
    codes_days: _PersonalDays = 1
    unconfirmed_days: _PersonalDays = 1
    guests_days: _PersonalDays = 1
    contacts_days: _ContactDays = 90
    customers_days: _CustomerDays = 1096
    messages_days: _Days = 30
    journal_days: _Days = 365
    temperatures_days: _Days = 90
    events_days: _EventDays = 90
    removed_endpoints_days: _Days = 90
    orders_days: _OrderDays = 400


def is_removable(year: int, this_year: int) -> bool:
    """Whether no law asks for the records of a year any more. The kiosk itself removes none: they are money's, the law
    names the least and not the most, and a clock that was set wrong must not cost five years of books."""
    return year + _ARCHIVE_YEARS < this_year
