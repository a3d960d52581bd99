"""What a customer is told by SMS or push: templates in every language, filled with the order's words."""

from __future__ import annotations

from string import Formatter

import msgspec

from drivers.text import is_shown
from kiosk.domain.text import LANGUAGES, Text

#: What each template may name; `restaurant` always.
_MEMBERS: dict[str, frozenset[str]] = {
    "code": frozenset({"code"}),
    "accepted": frozenset({"number", "minutes", "code"}),
    "ready": frozenset({"number", "cells", "code"}),
    "ready_at_counter": frozenset({"number", "code"}),
    "forgotten": frozenset({"number", "cells", "code"}),
    "late": frozenset({"number"}),
    "cancelled": frozenset({"number"}),
    "refunded": frozenset({"number", "sum"}),
    "refunded_part": frozenset({"number", "sum"}),
    "points_spent": frozenset({"number", "points"}),
}


_LONGEST = 1000  # in both together; an SMS of many parts

#: Stands for the pick-up code until the message goes out: no table of messages ever holds one, and a code that was
#: changed meanwhile is sent as it is then.
PICKUP_CODE = "{code}"


class Template(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An SMS has the body only."""

    title: Text
    body: Text


class Words(msgspec.Struct, frozen=True):
    """A filled template."""

    title: str
    body: str


class Notices(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """notices.toml."""

    code: Template
    accepted: Template
    ready: Template
    ready_at_counter: Template
    forgotten: Template
    late: Template
    cancelled: Template
    refunded: Template
    refunded_part: Template
    points_spent: Template

    def check(self) -> None:
        """Raises `ValueError` for a template that could not be filled."""
        for kind, members in _MEMBERS.items():
            for language in LANGUAGES:
                _check(kind, getattr(self, kind), language, members | {"restaurant"})


def _check(kind: str, template: Template, language: str, members: frozenset[str]) -> None:
    text = template.title.into(language) + template.body.into(language)
    try:
        if not is_shown(text.replace("\n", "")) or len(text) > _LONGEST:
            raise ValueError(f"a character that cannot be shown, or more than {_LONGEST} of them")
        parts = [part for part in Formatter().parse(text) if part[1] is not None]
        if any(form or conversion for _, _, form, conversion in parts):
            raise ValueError("only names stand in braces: no form, no conversion")
        named = {name for _, name, _, _ in parts if name is not None}
        if unknown := named - members:
            raise ValueError(f"nothing fills {', '.join(sorted(unknown))}")
        fill(template, language, **dict.fromkeys(members, "1"))
    except ValueError as error:
        raise ValueError(f"{kind}: {error}") from error


def fill(template: Template, language: str, **members: str) -> Words:
    return Words(template.title.into(language).format(**members), template.body.into(language).format(**members))


def roubles(kopecks: int, language: str) -> str:
    """`410 ₽`, `410,50 ₽`; a point for English readers."""
    whole, rest = divmod(kopecks, 100)
    return f"{whole}{'.' if language == 'en' else ','}{rest:02d} ₽" if rest else f"{whole} ₽"
