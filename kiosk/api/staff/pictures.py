"""A picture for the menu: the one call whose body is no JSON, and longer than any other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from kiosk import socket_calls
from kiosk.api.admission import STAFF
from kiosk.api.calls import BareCall, Operation
from kiosk.api.http.wire import raw_body
from kiosk.domain import errors
from kiosk.domain.menu.picture import PictureRefused, PicturesUnavailable
from kiosk.domain.staff.roles import MANAGING
from kiosk.flows.staff.pictures import PictureCommands
from kiosk.pictures.folder import LONGEST_BYTES, MEDIA, PictureView
from kiosk.socket_calls import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class PicturesApi:
    """By either door."""

    pictures: PictureCommands

    async def add(self, call: BareCall[str]) -> PictureView:
        return await self.pictures.add(partial(raw_body, call.request, MEDIA, LONGEST_BYTES), call.by)


PICTURE_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        Address("POST", "/api/service/menu/pictures"), PicturesApi.add, STAFF, {201: PictureView},
        summary="A picture for a dish: checked, made small, kept under a name that a menu may have", raw=MEDIA,
        socket=socket_calls.ADD_PICTURE, may=MANAGING,
        refusals=(PictureRefused, PicturesUnavailable, errors.TooManyRequests),
    ),
)  # fmt: skip
