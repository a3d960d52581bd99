"""What the staff's pages alone have (`/api/service/*`): a session by PIN, and everything in one look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec

from kiosk.api.admission import token_of
from kiosk.api.calls import BareCall, Call
from kiosk.api.http.parameters import ORDER_ID
from kiosk.flows.identity.guests import TokenView
from kiosk.flows.payment.refund_estimate import RefundEstimate, RefundEstimateRequest, RefundEstimates
from kiosk.flows.staff.dashboard import Dashboard, OverviewView
from kiosk.flows.staff.pin import StaffPin

_LIFETIME_S = 1800


class PinRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`name`: who is at the page, for the journal."""

    pin: Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
    name: Annotated[str, msgspec.Meta(max_length=32)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffPagesApi:
    """Without a PIN file there are no staff pages: every call is refused."""

    staff_pin: StaffPin
    dashboard: Dashboard
    refund_estimates: RefundEstimates

    async def open_session(self, call: Call[None, PinRequest]) -> TokenView:
        """A token of its own type."""
        wanted = call.body
        token = await self.staff_pin.enter(wanted.pin, wanted.name, call.request.remote or "", _LIFETIME_S)
        return TokenView(token, "Bearer", _LIFETIME_S)

    async def close_session(self, call: BareCall[str]) -> None:
        await self.staff_pin.leave(token_of(call.request))

    async def overview(self, _: BareCall[str]) -> OverviewView:
        return await self.dashboard.overview()

    async def estimate_refund(self, call: Call[str, RefundEstimateRequest]) -> RefundEstimate:
        return await self.refund_estimates.estimate(call.read(ORDER_ID), call.body, call.language)
