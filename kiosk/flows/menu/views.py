"""A menu as staff is shown it: its document, the draft, the history."""

from __future__ import annotations

from typing import Annotated

import msgspec

from kiosk.clock import rfc3339
from kiosk.domain.menu.bundle import Bundle, Finding
from kiosk.domain.menu.changes import Change
from kiosk.domain.menu.differences import Difference
from kiosk.domain.menu.menu import MenuFile
from kiosk.domain.menu.merging import Conflict, Side
from kiosk.domain.text import Text
from kiosk.store.menu.drafts import DraftRow
from kiosk.store.menu.revisions import RevisionRow

_Number = Annotated[int, msgspec.Meta(ge=1, le=10**15)]


class OpenDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`revision`: what the draft begins as; null: as what is sold now."""

    revision: _Number | None = None


class DraftChanges(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`edit`: of the draft as whoever changes it has seen it."""

    edit: _Number
    changes: Annotated[list[Change], msgspec.Meta(min_length=1, max_length=500)]


class PublishDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`edit`: of the draft as whoever publishes it has seen it."""

    edit: _Number


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose value the place of a conflict takes: the draft's, or that of the newer menu."""

    table: Annotated[str, msgspec.Meta(max_length=64)]
    id: Annotated[str, msgspec.Meta(max_length=64)]
    field: Annotated[str, msgspec.Meta(max_length=64)]
    take: Side


class UpdateDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`edit`: of the draft, `revision`: of the newer menu, as whoever brings the draft up to it has seen both;
    `choices`: one for each conflict, or `others` for those that have none."""

    edit: _Number
    revision: _Number
    choices: Annotated[list[Choice], msgspec.Meta(max_length=1000)] = []
    others: Side | None = None


class DraftHead(msgspec.Struct, frozen=True):
    """`edit` counts every change of every draft."""

    edit: int
    by: str
    changed_at: str


class NewerView(msgspec.Struct, frozen=True, kw_only=True):
    """A menu that was published since the draft was begun. `comparable`: what it was begun over is still kept;
    `differences`: what the newer one changed; `conflicts`: those of its places that the draft changes too."""

    revision: int
    by: str
    published_at: str
    origin: str
    comparable: bool = False
    differences: list[Difference] = []
    conflicts: list[Conflict] = []


class DraftView(msgspec.Struct, frozen=True):
    """`findings`: what keeps it from being sold; `differences`: to what is sold now; `charts`: ids that a dish may
    have; `newer`: what was published since it was begun, and must be taken over before it is published."""

    edit: int
    based_on: int
    by: str
    changed_at: str
    document: MenuFile
    charts: list[str]
    findings: list[Finding]
    differences: list[Difference]
    newer: NewerView | None


class MenuTrouble(msgspec.Struct, frozen=True):
    """Why another menu is sold than should be, or what of the settings does not fit it. `detail`: for whoever programs
    the cloud, or the log."""

    reason: str
    text: Text
    detail: str


class MenuDocumentView(msgspec.Struct, frozen=True):
    """What is sold now. `charts`: ids that a dish may have."""

    revision: int
    version: str
    published_at: str
    by: str
    origin: str
    document: MenuFile
    charts: list[str]
    languages: list[str]
    draft: DraftHead | None
    troubles: list[MenuTrouble]


class RevisionView(msgspec.Struct, frozen=True):
    """`source`: of a roll back the revision that it brought back, of the cloud's menu its number there; `differences`:
    how many to the one before it."""

    revision: int
    at: str
    by: str
    origin: str
    source: int | None
    version: str
    differences: int


class RevisionsView(msgspec.Struct, frozen=True):
    """The newest first."""

    revisions: list[RevisionView]


class RevisionDetailView(msgspec.Struct, frozen=True):
    """One that is kept whole, with `differences` to the one before it, as far as that is kept."""

    revision: int
    at: str
    by: str
    origin: str
    source: int | None
    version: str
    document: MenuFile
    charts: list[str]
    differences: list[Difference]


def revision_view(row: RevisionRow) -> RevisionView:
    return RevisionView(
        revision=row.revision,
        at=rfc3339(row.published_at),
        by=row.actor,
        origin=row.origin.value,
        source=row.source,
        version=row.version,
        differences=row.differences,
    )


def detail_view(row: RevisionRow, bundle: Bundle, found: list[Difference]) -> RevisionDetailView:
    return RevisionDetailView(
        revision=row.revision,
        at=rfc3339(row.published_at),
        by=row.actor,
        origin=row.origin.value,
        source=row.source,
        version=row.version,
        document=bundle.menu,
        charts=sorted(bundle.charts),
        differences=found,
    )


def draft_head(row: DraftRow) -> DraftHead:
    return DraftHead(row.edit, row.actor, rfc3339(row.changed_at))
