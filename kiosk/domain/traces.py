"""An order as a trace of OpenTelemetry: what it waited for, step by step (OTLP 1.x over HTTP in JSON). No I/O."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

import msgspec

_INTERNAL = 1  # SPAN_KIND_INTERNAL
_ERROR = 2  # STATUS_CODE_ERROR


class Step(msgspec.Struct, frozen=True):
    """From one moment to another. `of`: the name of the step that it is a part of, empty for the order itself."""

    name: str
    begun_at: datetime
    ended_at: datetime
    of: str = ""
    failed: bool = False
    attributes: dict[str, str | int] = {}


def between(moments: Sequence[tuple[str, datetime]], of: str) -> list[Step]:
    """A step from each named moment to the next; a clock that was set back in between makes it short, not negative."""
    return [Step(name, at, max(at, next_at), of) for (name, at), (_, next_at) in pairwise(moments)]


def document(order_id: str, steps: Iterable[Step], restaurant: str, version: str) -> dict[str, Any]:
    """The body of `POST /v1/traces`. Numbers of traces and spans come from the order's id and the steps' names: sent
    again, they are the same."""
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": _attributes({"service.name": "kiosk", "service.instance.id": restaurant})},
                "scopeSpans": [
                    {
                        "scope": {"name": "kiosk", "version": version},
                        "spans": [_span(order_id, step) for step in steps],
                    }
                ],
            }
        ]
    }


def _span(order_id: str, step: Step) -> dict[str, Any]:
    return {
        "traceId": _number(order_id, 16),
        "spanId": _number(f"{order_id}/{step.name}", 8),
        "parentSpanId": _number(f"{order_id}/{step.of}", 8) if step.of else "",
        "name": step.name,
        "kind": _INTERNAL,
        "startTimeUnixNano": _nanoseconds(step.begun_at),
        "endTimeUnixNano": _nanoseconds(step.ended_at),
        "attributes": _attributes(step.attributes),
        "status": {"code": _ERROR} if step.failed else {},
    }


def _number(text: str, size: int) -> str:
    return hashlib.sha256(text.encode()).digest()[:size].hex()


def _nanoseconds(at: datetime) -> str:
    """Whole: 64 bits are a text in JSON."""
    return str(round(at.timestamp() * 1_000_000) * 1000)


def _attributes(values: dict[str, str | int]) -> list[dict[str, Any]]:
    return [
        {"key": key, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}}
        for key, value in values.items()
    ]
