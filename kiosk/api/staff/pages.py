"""Signing in of staff, their accounts, and what their pages alone have (`/api/service/*`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated

import msgspec

from kiosk.api.admission import PERSON, STAFF, token_of
from kiosk.api.calls import BareCall, Call, Operation
from kiosk.api.http.parameters import ORDER_ID, PERSON_ID
from kiosk.domain.staff.roles import MOVE_ROLES, Person, Role
from kiosk.domain.staff.stuck import Move
from kiosk.flows.identity.guests import TokenView
from kiosk.flows.payment.refund_estimate import RefundEstimate, RefundEstimateRequest, RefundEstimates
from kiosk.flows.staff.accounts import (
    AccountChange,
    Accounts,
    AccountsView,
    EnteredPin,
    NameView,
    NewAccount,
    NewPin,
    PersonId,
)
from kiosk.flows.staff.dashboard import Dashboard, OverviewView
from kiosk.flows.staff.door import StaffDoor

_LIFETIME_S = 1800


class PinRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`person_id`: whose PIN it is; without one the shared PIN, and `name`: who is at the page, for the journal."""

    pin: EnteredPin
    name: Annotated[str, msgspec.Meta(max_length=32)] = ""
    person_id: PersonId | None = None


class PinChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`pin`: the present one; `new_pin`: 6 to 12 digits."""

    pin: EnteredPin
    new_pin: NewPin


class NamesView(msgspec.Struct, frozen=True):
    """`shared_pin`: whether the shared PIN opens the door: as long as no owner has an account."""

    people: list[NameView]
    shared_pin: bool


class SessionView(msgspec.Struct, frozen=True):
    """`person_id`: null for the shared PIN; `may`: method and path of every act that is theirs; `moves`: what they may
    decide about a stuck line."""

    person_id: int | None
    name: str
    role: Role
    may: list[str]
    moves: list[Move]


def acts_by_role(operations: Iterable[Operation]) -> Mapping[Role, list[str]]:
    """What the table of operations says each role may do."""
    acts = [(" ".join(row.at), row.may) for row in operations if row.who in (STAFF, PERSON)]
    return {role: [act for act, may in acts if role in may] for role in Role}


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffPagesApi:
    """Without a PIN file and without accounts there are no staff pages: every call is refused."""

    staff_door: StaffDoor
    dashboard: Dashboard
    refund_estimates: RefundEstimates
    acts: Mapping[Role, list[str]]

    async def names(self, _: BareCall[None]) -> NamesView:
        return NamesView(self.staff_door.accounts.names(), self.staff_door.takes_shared_pin)

    async def open_session(self, call: Call[None, PinRequest]) -> TokenView:
        """A token of its own type."""
        wanted, address = call.body, call.request.remote or ""
        token = await self.staff_door.enter(wanted.pin, wanted.name, wanted.person_id, address, _LIFETIME_S)
        return TokenView(token, "Bearer", _LIFETIME_S)

    async def who(self, call: BareCall[Person]) -> SessionView:
        person = call.by
        moves = [move for move, roles in MOVE_ROLES.items() if person.role in roles]
        return SessionView(person.person_id, person.name, person.role, self.acts[person.role], moves)

    async def change_pin(self, call: Call[Person, PinChange]) -> None:
        address = call.request.remote or ""
        await self.staff_door.change_pin(call.by, call.body.pin, call.body.new_pin, address)

    async def close_session(self, call: BareCall[str]) -> None:
        await self.staff_door.leave(token_of(call.request))

    async def overview(self, _: BareCall[str]) -> OverviewView:
        return await self.dashboard.overview()

    async def estimate_refund(self, call: Call[str, RefundEstimateRequest]) -> RefundEstimate:
        return await self.refund_estimates.estimate(call.read(ORDER_ID), call.body, call.language)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountsApi:
    """By either door."""

    accounts: Accounts

    async def show(self, _: BareCall[Person]) -> AccountsView:
        return self.accounts.view()

    async def add(self, call: Call[Person, NewAccount]) -> AccountsView:
        return await self.accounts.add(call.body, call.by.actor)

    async def change(self, call: Call[Person, AccountChange]) -> AccountsView:
        return await self.accounts.change(call.read(PERSON_ID), call.body, call.by.actor)
