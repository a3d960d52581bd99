"""The menu for those who manage it: what is sold, a draft, its publication, the history; at either door."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk import socket_calls
from kiosk.api.admission import SOCKET, STAFF
from kiosk.api.calls import BareCall, Call, Operation
from kiosk.api.http.parameters import BEFORE_REVISION, REVISION
from kiosk.api.http.wire import raw_body
from kiosk.domain import errors
from kiosk.domain.menu import refusals
from kiosk.domain.menu.bundle import MAX_BYTES, Bundle
from kiosk.domain.staff.roles import MANAGING, SERVICING
from kiosk.flows.menu.editing import MenuDrafts
from kiosk.flows.menu.history import MenuHistory
from kiosk.flows.menu.views import (
    DraftChanges,
    DraftView,
    MenuDocumentView,
    OpenDraft,
    PublishDraft,
    RevisionDetailView,
    RevisionsView,
    RevisionView,
    UpdateDraft,
)
from kiosk.flows.menu.whole import WholeMenus, whole_menu
from kiosk.socket_calls import Address

_JSON = ("application/json",)


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuApi:
    history: MenuHistory
    drafts: MenuDrafts
    wholes: WholeMenus

    async def document(self, _: BareCall[str]) -> MenuDocumentView:
        return await self.history.document()

    async def open_draft(self, call: Call[str, OpenDraft]) -> DraftView:
        return await self.drafts.open(call.body, call.by)

    async def draft(self, _: BareCall[str]) -> DraftView:
        return await self.drafts.show()

    async def discard_draft(self, call: BareCall[str]) -> None:
        await self.drafts.discard(call.by)

    async def change_draft(self, call: Call[str, DraftChanges]) -> DraftView:
        return await self.drafts.change(call.body, call.by)

    async def update_draft(self, call: Call[str, UpdateDraft]) -> DraftView:
        return await self.drafts.bring_up(call.body, call.by)

    async def publish_draft(self, call: Call[str, PublishDraft]) -> RevisionView:
        return await self.drafts.publish(call.body, call.by)

    async def revisions(self, call: BareCall[str]) -> RevisionsView:
        return await self.history.revisions(call.read(BEFORE_REVISION))

    async def revision(self, call: BareCall[str]) -> RevisionDetailView:
        return await self.history.revision(call.read(REVISION))

    async def bundle(self, call: BareCall[str]) -> Bundle:
        return await self.history.bundle(call.read(REVISION))

    async def publish(self, call: BareCall[str]) -> RevisionView:
        return await self.wholes.publish(whole_menu(await raw_body(call.request, _JSON, MAX_BYTES)), call.by)

    async def bring_back(self, call: BareCall[str]) -> RevisionView:
        return await self.history.bring_back(call.read(REVISION), call.by)


MENU_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        Address("GET", "/api/service/menu/document"), MenuApi.document, STAFF, {200: MenuDocumentView},
        summary="The menu that is sold now, as it is written", socket=socket_calls.MENU_DOCUMENT,
        refusals=(errors.NotFound,), may=SERVICING,
    ),
    Operation(
        Address("POST", "/api/service/menu/draft"), MenuApi.open_draft, STAFF, {201: DraftView},
        summary="Begin a draft, as what is sold now or as an earlier revision; there is one at a time",
        body=OpenDraft, body_optional=True, socket=socket_calls.OPEN_DRAFT, may=MANAGING,
        refusals=(errors.NotFound, refusals.DraftExists),
    ),
    Operation(
        Address("GET", "/api/service/menu/draft"), MenuApi.draft, STAFF, {200: DraftView},
        summary="The draft, what is wrong with it, and in what it differs from what is sold",
        socket=socket_calls.DRAFT, refusals=(errors.NotFound,), may=SERVICING,
    ),
    Operation(
        Address("DELETE", "/api/service/menu/draft"), MenuApi.discard_draft, STAFF, {204: None},
        summary="Throw the draft away", socket=socket_calls.DISCARD_DRAFT, refusals=(errors.NotFound,), may=MANAGING,
    ),
    Operation(
        Address("POST", "/api/service/menu/draft/changes"), MenuApi.change_draft, STAFF, {200: DraftView},
        summary="Change rows of the draft, all or none; nobody overwrites what they have not seen",
        body=DraftChanges, socket=socket_calls.CHANGE_DRAFT, may=MANAGING,
        refusals=(errors.NotFound, refusals.DraftChanged),
    ),
    Operation(
        Address("POST", "/api/service/menu/draft/update"), MenuApi.update_draft, STAFF, {200: DraftView},
        summary="Take what was published since the draft was begun over under its changes; of what both changed one"
        " is chosen", body=UpdateDraft, socket=socket_calls.UPDATE_DRAFT, may=MANAGING,
        refusals=(errors.NotFound, refusals.DraftChanged, refusals.MenuOutdated),
    ),
    Operation(
        Address("POST", "/api/service/menu/draft/publish"), MenuApi.publish_draft, STAFF, {200: RevisionView},
        summary="Sell the draft from the next order on; asked again, the answer is the same",
        body=PublishDraft, socket=socket_calls.PUBLISH_DRAFT, may=MANAGING,
        refusals=(errors.NotFound, refusals.DraftChanged, refusals.MenuOutdated, refusals.MenuUnsellable),
    ),
    Operation(
        Address("GET", "/api/service/menu/revisions"), MenuApi.revisions, STAFF, {200: RevisionsView},
        summary="The menus that were sold, the newest first, a page at a time", parameters=(BEFORE_REVISION,),
        socket=socket_calls.REVISIONS, refusals=(errors.InvalidRequest,), may=SERVICING,
    ),
    Operation(
        Address("GET", "/api/service/menu/revisions/{revision}"), MenuApi.revision, STAFF, {200: RevisionDetailView},
        summary="One of them, and in what it differs from the one before", socket=socket_calls.REVISION,
        refusals=(errors.NotFound,), may=SERVICING,
    ),
    Operation(
        Address("POST", "/api/service/menu/revisions/{revision}/publish"), MenuApi.bring_back, STAFF,
        {200: RevisionView}, summary="Sell an earlier menu again: it is checked anew, and is a new revision",
        socket=socket_calls.BRING_BACK, refusals=(errors.NotFound, refusals.MenuUnsellable), may=MANAGING,
    ),
    Operation(socket_calls.MENU_BUNDLE, MenuApi.bundle, SOCKET, {200: Bundle}, refusals=(errors.NotFound,)),
    Operation(
        socket_calls.PUBLISH_MENU, MenuApi.publish, SOCKET, {200: RevisionView}, raw=_JSON,
        refusals=(errors.InvalidRequest, errors.NotFound, refusals.MenuOutdated, refusals.MenuUnsellable),
    ),
)  # fmt: skip
