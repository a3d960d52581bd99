"""Who may call: nobody in particular, a session, staff by PIN, staff by the unix socket, trainees at simulators."""

from __future__ import annotations

import pwd
import socket
import struct
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from kiosk.api.calls import Who
from kiosk.api.sim import Simulators
from kiosk.domain.errors import NotFound, Unauthorized
from kiosk.flows.staff.pin import StaffPin
from kiosk.tokens import AccessTokens, Session

ANYONE = Who(None)
SESSION = Who(Session, "required")
MAYBE_SESSION = Who(Session | None, "optional")
#: By their actor: the name at the PIN session, or the peer's user.
STAFF = Who(str, "required", staff=True)
SOCKET = Who(str, staff=True)
#: Whoever brings the PIN: the handler looks at it.
AT_THE_PIN = Who(None, staff=True)
#: Everybody only where nothing is real that moves money or food, beside it staff, and nobody where all is real.
TRAINEES = Who(Simulators, staff=True)

WHAT_MATTERS = frozenset({"bank", "fiscal", "robot"})
Admit = Callable[[web.Request], Any]


class Admission:
    def __init__(
        self,
        tokens: AccessTokens,
        staff_pin: StaffPin,
        simulators: Simulators | None,
        what_matters: frozenset[str] = WHAT_MATTERS,
    ) -> None:
        """`what_matters`: the devices that move money or food."""
        self._what_matters = what_matters
        self._tokens = tokens
        self._staff_pin = staff_pin
        self._simulators = simulators
        self._by: Mapping[Who, Admit] = {
            ANYONE: _nobody,
            SESSION: self._session,
            MAYBE_SESSION: lambda request: self._session(request) if "Authorization" in request.headers else None,
            STAFF: self._actor,
            SOCKET: _peer_name,
            AT_THE_PIN: _nobody,
            TRAINEES: self._trained,
        }

    def of(self, who: Who) -> Admit:
        """What makes a handler's `by` of a request. It raises `Unauthorized`; for trainees `NotFound` too."""
        return self._by[who]

    def _session(self, request: web.Request) -> Session:
        return self._tokens.verify(token_of(request))

    def _actor(self, request: web.Request) -> str:
        return self._staff_pin.actor(token_of(request))

    def _trained(self, request: web.Request) -> Simulators:
        if self._simulators is None:
            raise NotFound
        if not self._simulators.known().keys() >= self._what_matters:
            self._actor(request)
        return self._simulators


def _nobody(_: web.Request) -> None:
    return None


def token_of(request: web.Request) -> str:
    """The token of `Authorization: Bearer …`. Raises `Unauthorized`."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthorized
    return token.strip()


def _peer_name(request: web.Request) -> str:
    """The peer's user by SO_PEERCRED."""
    peer = request.get_extra_info("socket")
    if peer is None:
        return "unknown"
    _, uid, _ = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid:{uid}"
