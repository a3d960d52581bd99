"""The table of operations: every call of both listeners but the files of the pages. Routes, reading of bodies and
`GET /api/openapi.json` come from it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from kiosk.api.admission import ANYONE, PERSON, SOCKET, SOCKET_PERSON, STAFF
from kiosk.api.calls import Operation
from kiosk.api.customer_operations import CUSTOMER_OPERATIONS
from kiosk.api.http.parameters import IF_NONE_MATCH
from kiosk.api.openapi import OpenApi
from kiosk.api.site_operations import SITE_OPERATIONS
from kiosk.api.staff.device_operations import DEVICE_OPERATIONS
from kiosk.api.staff.menu import MENU_OPERATIONS
from kiosk.api.staff.operations import STAFF_OPERATIONS
from kiosk.api.staff.pictures import PICTURE_OPERATIONS
from kiosk.api.staff.system_operations import SYSTEM_OPERATIONS
from kiosk.socket_calls import Address

_INTERNAL = "/internal/"
_SOCKETS = {STAFF: SOCKET, PERSON: SOCKET_PERSON}
_ROWS: tuple[Operation, ...] = (
    *CUSTOMER_OPERATIONS,
    *STAFF_OPERATIONS,
    *DEVICE_OPERATIONS,
    *SYSTEM_OPERATIONS,
    *MENU_OPERATIONS,
    *PICTURE_OPERATIONS,
    *SITE_OPERATIONS,
    Operation(
        Address("GET", "/api/openapi.json"), OpenApi.show, ANYONE, {200: dict[str, Any], 304: None},
        summary="This description", parameters=(IF_NONE_MATCH,), headers={200: ("ETag",), 304: ("ETag",)}, stores=False,
    ),
)  # fmt: skip


def _at_the_socket(row: Operation, at: Address) -> Operation:
    """The same act, where whoever gets in is staff: its actor is the peer's user."""
    return replace(row, at=at, socket=None, who=_SOCKETS.get(row.who, ANYONE))


OPERATIONS = (*_ROWS, *(_at_the_socket(row, row.socket) for row in _ROWS if row.socket is not None))
INTERNAL_OPERATIONS = tuple(row for row in OPERATIONS if row.at.path.startswith(_INTERNAL))
PUBLIC_OPERATIONS = tuple(row for row in OPERATIONS if not row.at.path.startswith(_INTERNAL))
