"""What can be read on a screen in each of its modes: words in sight, sizes of letters, what is cut off or covered."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.pages.screens import KioskScreen

#: Lower controls, larger text.
MODES = ((), ("low",), ("large",), ("low", "large"))
LARGER = 1.3
#: Lettering that is the largest thing on the screen already.
AS_THEY_ARE = (".number",)
_LOOK = Path(__file__).with_name("looks.js")


@dataclass(frozen=True)
class Look:
    """One mode of one screen. `lost` are words of the plain screen that are nowhere in this one."""

    mode: tuple[str, ...]
    lost: list[str]
    cut: list[str]
    ungrown: list[tuple[str, float]]
    wide: list[str]
    small: list[str]

    def complaints(self) -> list[str]:
        found = {"lost": self.lost, "cut": self.cut, "not larger": self.ungrown, "wide": self.wide, "small": self.small}
        return [f"{'+'.join(self.mode) or 'plain'} {what}: {which}" for what, which in found.items() if which]


async def looks(kiosk: KioskScreen) -> list[Look]:
    """All modes of what is on the screen now."""
    told: list[dict[str, Any]] = await kiosk.page.evaluate(_LOOK.read_text(), [MODES, AS_THEY_ARE])
    plain = {text for text, seen in told[0]["words"] if seen}
    return [_look(one, plain) for one in told]


def _look(told: dict[str, Any], plain: set[str]) -> Look:
    seen = {text for text, is_seen in told["words"] if is_seen}
    there = {text for text, _ in told["words"]}
    return Look(
        tuple(told["mode"]),
        sorted(_kept(plain) - there),
        sorted(there - seen),
        [(text, round(by, 2)) for text, by in told["growth"] if by < LARGER - 0.01],
        told["wide"],
        told["buttons"],
    )


#: The switches of the modes say what they would do now; the steps are a picture of what the heading says; time goes on.
_CHANGING = {"Ниже", "Выше", "Крупнее", "Обычный текст", "Lower", "Higher", "Larger", "Normal text"}
_STEPS = {"Продукты", "Оплата", "Чек", "Готовим", "Food", "Payment", "Receipt", "Cooking"}


def _kept(plain: set[str]) -> set[str]:
    return {text for text in plain if text not in _CHANGING | _STEPS and not any(unit in text for unit in _TICKING)}


_TICKING = ("Осталось", "left", "очистится", "clears", "Ещё раз через", "Again in", "Прошло", "passed")
