"""schemathesis in a process of its own: it works hard, and the kiosk under test must go on answering its devices.

It is imported there only: that takes longer than most tests, and pytest-xdist collects this in every worker."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Tried:
    """Everything that was answered, and everything that stands outside the description."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)

    def add(self, other: Tried) -> None:
        self.answers += other.answers
        self.findings += other.findings


def try_out(document: dict[str, Any], config: dict[str, Any]) -> Tried:
    """Every call of `document` as schemathesis's `config` wants it."""
    import schemathesis
    from schemathesis.config import SchemathesisConfig
    from schemathesis.engine import from_schema
    from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished

    tried = Tried()
    checked = SchemathesisConfig.from_dict(config)
    for event in from_schema(schemathesis.openapi.from_dict(document, config=checked)).execute():
        if isinstance(event, ScenarioFinished):
            _take(tried, event.recorder)
        elif isinstance(event, NonFatalError):
            tried.findings.append(f"{event.label}: {event.value!r}")
        elif isinstance(event, FatalError):
            raise event.exception
    return tried


def _take(tried: Tried, recorder: Any) -> None:
    for interaction in recorder.interactions.values():
        status = interaction.response.status_code if interaction.response else 0
        tried.answers[recorder.label, status] += 1
    for case_id, checks in recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                command = recorder.cases[case_id].value.as_curl_command()
                told = f"{check.failure_info.failure.title}: {check.failure_info.failure.message}"
                tried.findings.append(f"{check.name}: {told[:600]}\n{command}\n")
