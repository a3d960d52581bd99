"""The description of /api/* stays what clients were written against: paths, members with types and limits, codes.

`tests/data/openapi.json` is the description as it was; names of components and the texts may change. Who changes a call
on purpose writes that file anew (`python -m tests.test_openapi_structure`), and its diff is what clients must be told.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kiosk.api.describing import describe
from kiosk.api.operations import OPERATIONS

FILE = Path(__file__).parent / "data/openapi.json"
BEFORE: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
TEXTS = {"description", "summary", "title"}
NAMED = {"properties", "patternProperties"}  # whose members are names of fields, not words of the schema


def now() -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(describe(OPERATIONS)))
    return found


def structure(described: dict[str, Any]) -> dict[str, Any]:
    """Every operation with its references followed, without texts; where the order says nothing, sorted."""

    def plain(value: Any, above: tuple[str, ...], inside: str = "") -> Any:
        if isinstance(value, list):
            found = [plain(row, above) for row in value]
            return sorted(found, key=json.dumps)
        if not isinstance(value, dict):
            return value
        if "$ref" in value:
            return followed(value["$ref"], above)
        if "mapping" in value:  # of a discriminator: codes to names of components
            return {**value, "mapping": {code: followed(ref, above) for code, ref in sorted(value["mapping"].items())}}
        kept = value if inside in NAMED else {name: part for name, part in value.items() if name not in TEXTS}
        return {name: plain(part, above, name) for name, part in sorted(kept.items())}

    def followed(reference: str, above: tuple[str, ...]) -> Any:
        if reference in above:
            return f"as {len(above) - above.index(reference)} above"
        target: Any = described
        for word in reference.removeprefix("#/").split("/"):
            target = target[word]
        return plain(target, (*above, reference))

    return {path: plain(item, ()) for path, item in sorted(described["paths"].items())} | {
        "security": plain(described["components"]["securitySchemes"], ())
    }


def differences(before: Any, after: Any, where: str = "$") -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted(before.keys() | after.keys()):
            if name not in after or name not in before:
                yield f"{where}.{name}: {'gone' if name in before else 'new'}"
            else:
                yield from differences(before[name], after[name], f"{where}.{name}")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for n, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from differences(old, new, f"{where}[{n}]")
    elif before != after:
        yield f"{where}: {json.dumps(before)[:200]} became {json.dumps(after)[:200]}"


def test_description_says_what_it_said() -> None:
    assert list(differences(structure(BEFORE), structure(now()))) == []


def test_names_of_components_and_texts_may_change() -> None:
    text = json.dumps(BEFORE).replace("schemas/PayRequest", "schemas/Paying").replace('"PayRequest": {', '"Paying": {')
    renamed = json.loads(text.replace("Cancel before payment", "Call it off"))
    assert renamed != BEFORE
    assert structure(renamed) == structure(BEFORE)


def _lose_a_member(planted: dict[str, Any]) -> None:
    del planted["components"]["schemas"]["CreatedView"]["properties"]["number"]


def _widen_a_type(planted: dict[str, Any]) -> None:
    del planted["components"]["schemas"]["PayRequest"]["properties"]["card_token"]["maxLength"]


def _lose_a_status(planted: dict[str, Any]) -> None:
    del planted["paths"]["/api/pickup"]["post"]["responses"]["403"]


def _lose_a_code(planted: dict[str, Any]) -> None:
    content = planted["paths"]["/api/orders/{order_id}/payment"]["post"]["responses"]["409"]["content"]
    content["application/problem+json"]["schema"]["oneOf"].pop()


def _lose_a_header(planted: dict[str, Any]) -> None:
    del planted["paths"]["/api/orders/{order_id}/payment"]["post"]["responses"]["202"]["headers"]


def _let_everybody_in(planted: dict[str, Any]) -> None:
    planted["paths"]["/api/orders"]["get"]["security"] = []


def _lose_a_parameter(planted: dict[str, Any]) -> None:
    planted["paths"]["/api/orders"]["get"]["parameters"].pop(0)


@pytest.mark.parametrize(
    "plant",
    [
        _lose_a_member, _widen_a_type, _lose_a_status, _lose_a_code, _lose_a_header, _let_everybody_in,
        _lose_a_parameter,
    ],
)  # fmt: skip
def test_planted_change_is_told(plant: Callable[[dict[str, Any]], None]) -> None:
    planted = copy.deepcopy(BEFORE)
    plant(planted)
    assert list(differences(structure(BEFORE), structure(planted)))


def in_lines(value: Any, depth: int) -> str:
    """JSON with a line for each member down to `depth`."""
    if depth == 0 or not isinstance(value, dict) or not value:
        return json.dumps(value, ensure_ascii=False)
    return "{\n" + ",\n".join(f"{json.dumps(name)}: {in_lines(part, depth - 1)}" for name, part in value.items()) + "}"


if __name__ == "__main__":
    FILE.write_text(in_lines(now(), 3) + "\n", "utf-8")
