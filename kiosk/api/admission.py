"""Who may call: nobody in particular, a session, staff of a role, staff by the unix socket, trainees at simulators."""

from __future__ import annotations

import os
import pwd
import socket
import struct
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from kiosk.api.calls import Operation, Who
from kiosk.api.sim import Simulators
from kiosk.domain.errors import NotFound, Unauthorized
from kiosk.domain.staff.names import actor_of_user
from kiosk.domain.staff.refusals import RoleForbids
from kiosk.domain.staff.roles import Person, Role, Roles
from kiosk.flows.staff.door import StaffDoor
from kiosk.tokens import AccessTokens, Session

ANYONE = Who(None)
SESSION = Who(Session, "required")
MAYBE_SESSION = Who(Session | None, "optional")
#: By their actor: the person of the session, or the peer's user. At a page the roles of the row decide; whoever the
#: socket lets in is staff.
STAFF = Who(str, "required", staff=True)
SOCKET = Who(str, staff=True)
#: The same, where more than the actor matters: at the socket root and the kiosk's own user are the owner, all others a
#: manager.
PERSON = Who(Person, "required", staff=True)
SOCKET_PERSON = Who(Person, staff=True)
#: Whoever brings the PIN: the handler looks at it.
AT_THE_PIN = Who(None, staff=True)
#: Everybody only where nothing is real that moves money or food, beside it staff, and nobody where all is real.
TRAINEES = Who(Simulators, staff=True)

WHAT_MATTERS = frozenset({"bank", "fiscal", "robot"})
Admit = Callable[[web.Request], Any]
Admits = Callable[[web.Request, Roles], Any]


class Admission:
    def __init__(
        self,
        tokens: AccessTokens,
        staff_door: StaffDoor,
        simulators: Simulators | None,
        what_matters: frozenset[str] = WHAT_MATTERS,
    ) -> None:
        """`what_matters`: the devices that move money or food."""
        self._what_matters = what_matters
        self._tokens = tokens
        self._staff_door = staff_door
        self._simulators = simulators
        self._by: Mapping[Who, Admits] = {
            ANYONE: _nobody,
            SESSION: lambda request, _: self._session(request),
            MAYBE_SESSION: lambda request, _: self._session(request) if "Authorization" in request.headers else None,
            STAFF: lambda request, may: self._person(request, may).actor,
            PERSON: self._person,
            SOCKET: lambda request, _: _peer(request)[1],
            SOCKET_PERSON: _peer_person,
            AT_THE_PIN: _nobody,
            TRAINEES: self._trained,
        }

    def of(self, operation: Operation) -> Admit:
        """What makes a handler's `by` of a request. It raises `Unauthorized`, `RoleForbids`; for trainees `NotFound`
        too."""
        admits, may = self._by[operation.who], operation.may
        return lambda request: admits(request, may)

    def _session(self, request: web.Request) -> Session:
        return self._tokens.verify(token_of(request))

    def _person(self, request: web.Request, may: Roles) -> Person:
        return _require(self._staff_door.person(token_of(request)), may)

    def _trained(self, request: web.Request, may: Roles) -> Simulators:
        if self._simulators is None:
            raise NotFound
        if not self._simulators.known().keys() >= self._what_matters:
            self._person(request, may)
        return self._simulators


def _nobody(_: web.Request, _may: Roles) -> None:
    return None


def _require(person: Person, may: Roles) -> Person:
    """Raises `RoleForbids`: for an act that names no role, to everybody."""
    if person.role not in may:
        raise RoleForbids(may)
    return person


def token_of(request: web.Request) -> str:
    """The token of `Authorization: Bearer …`. Raises `Unauthorized`."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthorized
    return token.strip()


def _peer_person(request: web.Request, may: Roles) -> Person:
    uid, name = _peer(request)
    own = uid in (0, os.geteuid())
    return _require(Person(name, f"peer:{uid}", name, Role.OWNER if own else Role.MANAGER, bounded=not own), may)


def _peer(request: web.Request) -> tuple[int, str]:
    """The peer's user by SO_PEERCRED: number, and what the journal calls them."""
    peer = request.get_extra_info("socket")
    if peer is None:
        return -1, "unknown"
    _, uid, _ = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    try:
        return uid, actor_of_user(uid, pwd.getpwuid(uid).pw_name)
    except KeyError:
        return uid, actor_of_user(uid, "")
