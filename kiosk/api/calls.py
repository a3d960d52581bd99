"""What a row of the table of operations is made of, and what a handler is given of a call."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any, Generic, Literal, TypeVar, cast

import msgspec
from aiohttp import web

from kiosk.api.http.problems import language_of, menu_language_of
from kiosk.domain.address import place_of
from kiosk.domain.errors import DomainError
from kiosk.domain.staff.roles import Roles
from kiosk.socket_calls import Address

T = TypeVar("T")
By = TypeVar("By", covariant=True)
Body = TypeVar("Body", covariant=True)
#: The longest body of any call.
BODY_LIMIT = 64 * 1024


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a call that needs none: absent, or an empty object."""


@dataclass(frozen=True, eq=False, slots=True)
class Who:
    """Who may call. `by`: the type of what admits them, which their handler is given; `session`: whether a bearer token
    is asked for; `staff`: what they write is read again in journals, terminals and on receipts."""

    by: Any
    session: Literal["none", "optional", "required"] = "none"
    staff: bool = False


@dataclass(frozen=True, slots=True)
class Parameter(Generic[T]):
    """A word of a path, a query or a header. `read` makes its value or raises a refusal; `schema`: for OpenAPI."""

    name: str
    place: Literal["path", "query", "header"]
    schema: Mapping[str, Any]
    read: Callable[[str], T]
    default: T | None = None
    description: str = ""

    def of(self, request: web.Request) -> T:
        """Raises what `read` raises."""
        if self.place == "path":
            return self.read(request.match_info[self.name])
        text = (request.query if self.place == "query" else request.headers).get(self.name)
        return cast(T, self.default) if text is None else self.read(text)


@dataclass(frozen=True, slots=True)
class Call(Generic[By, Body]):
    """`by`: the session, the actor, or None; `body`: decoded."""

    request: web.Request
    by: By
    body: Body

    def read(self, parameter: Parameter[T]) -> T:
        """Raises what the parameter's `read` raises."""
        return parameter.of(self.request)

    @property
    def language(self) -> str:
        """Of our own words."""
        return language_of(self.request)

    @property
    def menu_language(self) -> str:
        """Of names and descriptions of the menu."""
        return menu_language_of(self.request)

    @property
    def place(self) -> str:
        """Where it comes from, for what is counted by address; `local` at the unix socket."""
        return place_of(self.request.remote or "local")


BareCall = Call[By, Nothing]


@dataclass(frozen=True, eq=False, slots=True)
class Operation:
    """One call. `socket`: where the unix socket has the same act. `answers`: status → type (None: no body); where there
    is one, the handler gives its value, else a response. `body_optional`: none at all is its default; `screen`: a
    method of the handler's class that looks at the JSON before the schema does; `raw`: the types of a body that is no
    JSON, which the handler reads itself; `may`: the roles of staff whose act it
    is, nobody's where none is named."""

    at: Address
    handler: Callable[[Any, Any], Awaitable[Any]]
    who: Who
    answers: dict[int, Any]
    _: KW_ONLY
    summary: str = ""
    may: Roles = frozenset()
    socket: Address | None = None
    refusals: tuple[type[DomainError], ...] = ()
    body: type[msgspec.Struct] = Nothing
    body_optional: bool = False
    screen: Callable[[Any, object], None] | None = None
    raw: tuple[str, ...] = ()
    parameters: tuple[Parameter[Any], ...] = ()
    headers: Mapping[int, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    media: str = "application/json"
    stores: bool = True  # reads or writes the database

    @property
    def takes_body(self) -> bool:
        """Of JSON."""
        return self.at.method in ("POST", "PUT") and not self.raw

    @property
    def needs_body(self) -> bool:
        return self.takes_body and not self.body_optional and not issubclass(self.body, Nothing)
