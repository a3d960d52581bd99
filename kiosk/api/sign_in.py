"""Sign-in 1–4: guests, one-time passwords, the customer's own account (http.md#public-calls)."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from kiosk.api.calls import BareCall, Call
from kiosk.api.http.wire import answer
from kiosk.flows.identity.guests import GuestRequest, Guests, TokenView
from kiosk.flows.identity.sign_in import Caller, ConfirmRequest, MeView, Pending, PushAddress, QuickAuth, SignIn
from kiosk.tokens import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInApi:
    guests: Guests
    sign_in: SignIn

    async def open_guest(self, call: Call[None, GuestRequest]) -> TokenView:
        return await self.guests.open(call.body, call.place)

    async def quick_auth(self, call: Call[Session | None, QuickAuth]) -> web.Response:
        """201 pending, 200 with a token."""
        result = await self.sign_in.quick_auth(call.body, _terminal(call.by), caller(call))
        return answer(result, 201 if isinstance(result, Pending) else 200)

    async def confirm(self, call: Call[Session | None, ConfirmRequest]) -> TokenView:
        return await self.sign_in.confirm(call.body, _terminal(call.by), caller(call))

    async def log_out(self, call: BareCall[Session]) -> None:
        await self.guests.end(call.by)

    async def show_me(self, call: BareCall[Session]) -> MeView:
        return await self.sign_in.me(call.by, caller(call))

    async def set_push(self, call: Call[Session, PushAddress]) -> None:
        await self.sign_in.set_push(call.by, call.body.address, caller(call))


def _terminal(session: Session | None) -> str | None:
    """The terminal of the guest session that signs in, where one is sent along."""
    return None if session is None else session.terminal_id


def caller(call: Call[object, object]) -> Caller:
    return Caller(call.place, call.language)
