"""What is refused to whoever writes or publishes a menu."""

from __future__ import annotations

from collections.abc import Sequence

from kiosk.domain.errors import DomainError
from kiosk.domain.menu.bundle import Finding
from kiosk.domain.menu.differences import Difference
from kiosk.domain.menu.merging import Conflict
from kiosk.domain.text import Text


class _OfDraft(DomainError):
    """`edit`, `by`, `changed_at`: of the draft that there is."""

    def __init__(self, edit: int, by: str, changed_at: str) -> None:
        super().__init__(edit=edit, by=by, changed_at=changed_at)


class DraftExists(_OfDraft):
    code = "draft_exists"
    title = Text("Черновик меню уже есть: продолжите его или удалите", "There is a draft already: go on or discard it")


class DraftChanged(_OfDraft):
    """Whoever asks has not seen the newest change."""

    code = "draft_changed"
    title = Text("Черновик уже изменён: посмотрите его и повторите", "The draft has changed: look at it and try again")


#: Of either list of a refusal: a menu may differ in thousands of places, and megabytes.
_MOST_TOLD = 100


class MenuOutdated(DomainError):
    """Another menu was published since this one was begun, and would be undone. `revision`, `by`, `published_at`: of
    what is sold; `differences`: what it changed; `conflicts`: those of its places that this one changes too; `more`:
    how many of both are left out here."""

    code = "menu_outdated"
    title = Text(
        "Тем временем опубликовано другое меню: возьмите его изменения или начните заново",
        "Another menu was published meanwhile: take over its changes or begin anew",
    )

    def __init__(
        self, revision: int, by: str, published_at: str, differences: list[Difference], conflicts: list[Conflict]
    ) -> None:
        told, asked = differences[:_MOST_TOLD], conflicts[:_MOST_TOLD]
        super().__init__(
            revision=revision,
            by=by,
            published_at=published_at,
            differences=told,
            conflicts=asked,
            more=len(differences) + len(conflicts) - len(told) - len(asked),
        )


class MenuUnsellable(DomainError):
    """`findings`: all that keeps it from being sold."""

    code = "menu_unsellable"
    title = Text("Такое меню продавать нельзя", "This menu cannot be sold")

    def __init__(self, findings: Sequence[Finding], line: str) -> None:
        """`line`: the first of them in one line, for the log and the command."""
        super().__init__(findings=list(findings))
        self.line = line
