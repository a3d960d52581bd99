"""What is wrong with a configuration: one line for each key, `$.section.key: what is wrong`."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from drivers.text import shown

_LONGEST = 1000  # a path may be longer, but nobody reads it


class ConfigError(ValueError):
    """The configuration cannot be used; `problems` and the text have one line for each thing to mend."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def problem(where: str, what: object) -> str:
    """One line, whatever `what` contains: control characters of the file reach no terminal."""
    text = shown(" ".join(str(what).split()))
    return f"{where}: {text if len(text) <= _LONGEST else text[:_LONGEST] + '…'}"


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean …?`, or nothing where nothing is near."""
    near = difflib.get_close_matches(word[:100], list(known), 1)
    return f"; did you mean {near[0]!r}?" if near else ""
