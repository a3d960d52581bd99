"""How a table of operations becomes an OpenAPI 3.1 document: schemas by msgspec, problems by their codes."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from kiosk import version
from kiosk.api.calls import Operation, Parameter
from kiosk.api.http.parameters import ACCEPT_LANGUAGE, IDEMPOTENCY_KEY, OF_PATHS
from kiosk.api.http.problems import STATUS, BadJson, BadRequest, BodyTooLarge, StorageUnavailable, UnsupportedMediaType
from kiosk.domain import errors
from kiosk.domain.errors import DomainError
from kiosk.domain.menu.bundle import Finding
from kiosk.domain.menu.differences import Difference
from kiosk.domain.menu.merging import Conflict
from kiosk.domain.menu.refusals import DraftChanged, DraftExists, MenuOutdated, MenuUnsellable
from kiosk.domain.ordering.order import CURRENCY
from kiosk.domain.ordering.reservation import Shortage
from kiosk.domain.staff.refusals import RefundRequestConflict, RoleForbids, SecondPersonRequired
from kiosk.domain.staff.roles import Role

_REF = "#/components/schemas/{name}"
_API = "/api/"
_UNSET = msgspec.UNSET
_Maybe = msgspec.UnsetType
_BODY_REFUSALS: tuple[type[DomainError], ...] = (
    BadRequest, BadJson, BodyTooLarge, UnsupportedMediaType, errors.InvalidRequest,
)  # fmt: skip
_RAW_REFUSALS: tuple[type[DomainError], ...] = (BadRequest, BodyTooLarge, UnsupportedMediaType)


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 9457; `code` is the stable word."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str


class FieldError(msgspec.Struct, frozen=True):
    path: str
    message: str


class UnavailableItem(msgspec.Struct, frozen=True):
    item_id: str
    reason: str


#: The extra members of each problem; a third element makes one optional.
MEMBERS: dict[type[DomainError], list[tuple[str, Any] | tuple[str, Any, Any]]] = {
    errors.InvalidRequest: [("errors", list[FieldError])],
    errors.WrongCode: [("attempts_left", int), ("retry_after_s", int | _Maybe, _UNSET)],
    errors.WrongPassword: [("attempts_left", int)],
    errors.TooManyRequests: [("retry_after_s", int)],
    errors.TooManyStreams: [("retry_after_s", int)],
    errors.ConsentRequired: [("consent_version", str)],
    errors.StepUpRequired: [
        ("temporary_token", str | _Maybe, _UNSET),
        ("expires_in_s", int | _Maybe, _UNSET),
        ("resend_in_s", int | _Maybe, _UNSET),
        ("retry_after_s", int | _Maybe, _UNSET),
    ],
    errors.ItemsUnavailable: [("items", list[UnavailableItem])],
    errors.SalesPaused: [("reason", str)],
    errors.OrderStateConflict: [("order_status", str)],
    errors.PersonalDataInUse: [("number", str)],
    errors.CellStateConflict: [("cell_state", str)],
    errors.IngredientsUnavailable: [("missing", list[Shortage])],
    errors.PaymentDeclined: [("reason", str)],
    errors.BankUnavailable: [("reason", str | _Maybe, _UNSET)],
    errors.FiscalUnavailable: [("reason", str | _Maybe, _UNSET), ("refunded", bool | _Maybe, _UNSET)],
    errors.BonusExceedsLimit: [("available", int)],
    errors.DeviceUnavailable: [("device", str), ("reason", str)],
    RoleForbids: [("roles", list[Role])],
    SecondPersonRequired: [
        ("request_id", int),
        ("amount_kopecks", int),
        ("limit_kopecks", int),
        ("expires_at", str),
    ],
    RefundRequestConflict: [("state", str)],
    DraftExists: [("edit", int), ("by", str), ("changed_at", str)],
    DraftChanged: [("edit", int), ("by", str), ("changed_at", str)],
    MenuOutdated: [
        ("revision", int),
        ("by", str),
        ("published_at", str),
        ("differences", list[Difference]),
        ("conflicts", list[Conflict]),
        ("more", int),
    ],
    MenuUnsellable: [("findings", list[Finding])],
}

HEADERS: dict[str, dict[str, Any]] = {
    "ETag": {"required": True, "schema": {"type": "string"}},
    "Location": {"required": True, "schema": {"type": "string"}},
    "Content-Language": {"required": True, "schema": {"type": "string", "pattern": "^[a-z]{2,3}$"}},
    "Retry-After": {"description": "Seconds.", "schema": {"type": "integer", "minimum": 1}},
    "Allow": {"schema": {"type": "string"}},
}

_SECURITY: dict[str, list[dict[str, list[str]]]] = {
    "none": [],
    "optional": [{}, {"bearerAuth": []}],
    "required": [{"bearerAuth": []}],
}


def describe(table: tuple[Operation, ...]) -> dict[str, Any]:
    """The document of every row below /api."""
    operations = tuple(operation for operation in table if operation.at.path.startswith(_API))
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.at.path, {})[operation.at.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Kiosk of a robotic restaurant",
            "version": version(),
            "description": "Money is an integer in kopecks, times are RFC 3339, refusals are RFC 9457 problems whose"
            " `code` is stable. Unknown fields are refused.",
        },
        "paths": paths,
        "components": {
            "schemas": {**_models(operations), **_problem_models(operations)},
            "parameters": {row.name: _parameter(row) for operation in operations for row in _parameters(operation)},
            "headers": HEADERS,
            "securitySchemes": {"bearerAuth": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    responses = {str(status): _answer(operation, status) for status in operation.answers}
    for status, kinds in sorted(_by_status(refusals(operation)).items()):
        responses[str(status)] = _problem(kinds)
    body = {"requestBody": _request_body(operation)} if operation.takes_body or operation.raw else {}
    return {
        "operationId": _operation_id(operation),
        "summary": operation.summary,
        "security": _SECURITY[operation.who.session],
        "parameters": [{"$ref": f"#/components/parameters/{row.name}"} for row in _parameters(operation)],
        **body,
        "responses": responses,
    }


def _parameters(operation: Operation) -> tuple[Parameter[Any], ...]:
    words = re.findall(r"\{(\w+)\}", operation.at.path)
    return (*(OF_PATHS[word] for word in words), *operation.parameters, ACCEPT_LANGUAGE)


def _parameter(row: Parameter[Any]) -> dict[str, Any]:
    required = {"required": True} if row.place == "path" else {}
    texts = {"description": row.description} if row.description else {}
    return {"name": row.name, "in": row.place, **required, "schema": row.schema, **texts}


def _operation_id(operation: Operation) -> str:
    words = [word.strip("{}") for word in operation.at.path.removeprefix(_API).split("/")]
    return "_".join([operation.at.method.lower(), *words]).replace("-", "_").replace(".", "_")


def refusals(operation: Operation) -> tuple[type[DomainError], ...]:
    """Its own refusals and those every call of its kind has."""
    found = [*operation.refusals]
    if operation.takes_body:
        found += _BODY_REFUSALS
    if operation.raw:
        found += _RAW_REFUSALS
    if IDEMPOTENCY_KEY in operation.parameters:
        found.append(errors.InvalidRequest)
    if operation.who.session != "none" or operation.at.method != "GET":  # a foreign Origin changes nothing either
        found.append(errors.Unauthorized)
    if operation.may:
        found.append(RoleForbids)
    if operation.stores:
        found.append(StorageUnavailable)
    return tuple(dict.fromkeys(found))


def _by_status(kinds: tuple[type[DomainError], ...]) -> dict[int, list[type[DomainError]]]:
    found: dict[int, list[type[DomainError]]] = {}
    for kind in kinds:
        found.setdefault(STATUS[kind], []).append(kind)
    return found


def _request_body(operation: Operation) -> dict[str, Any]:
    if operation.raw:
        return {"required": True, "content": {media: {"schema": {"type": "string"}} for media in operation.raw}}
    schema = {"$ref": _REF.format(name=operation.body.__name__)}
    return {"required": operation.needs_body, "content": {"application/json": {"schema": schema}}}


def _answer(operation: Operation, status: int) -> dict[str, Any]:
    kind = operation.answers[status]
    found: dict[str, Any] = {"description": _WORDS[status]}
    if kind is not None:
        (schema,), _ = msgspec.json.schema_components([kind], ref_template=_REF)
        found["content"] = {operation.media: {"schema": schema}}
    if names := operation.headers.get(status):
        found["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    return found


_WORDS = {
    200: "Done",
    201: "Created",
    202: "Accepted: the outcome is not known yet",
    204: "Done, nothing to say",
    304: "Not changed",
}


def _problem(kinds: list[type[DomainError]]) -> dict[str, Any]:
    references = [{"$ref": _REF.format(name=f"{kind.__name__}Problem")} for kind in kinds]
    names = ["Content-Language", *(["Retry-After"] if _WAITING.intersection(kinds) else [])]
    return {
        "description": ", ".join(f"`{kind.code}`" for kind in kinds),
        "content": {"application/problem+json": {"schema": _one_of(kinds, references)}},
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names},
    }


_WAITING = {errors.TooManyRequests, errors.WrongCode}


def _one_of(kinds: list[type[DomainError]], references: list[dict[str, str]]) -> dict[str, Any]:
    if len(references) == 1:
        return dict(references[0])
    mapping = {kind.code: reference["$ref"] for kind, reference in zip(kinds, references, strict=True)}
    return {"oneOf": references, "discriminator": {"propertyName": "code", "mapping": mapping}}


def _models(operations: tuple[Operation, ...]) -> dict[str, Any]:
    kinds = [kind for operation in operations for kind in operation.answers.values() if kind is not None]
    kinds += [operation.body for operation in operations if operation.takes_body]
    _, found = msgspec.json.schema_components(kinds, ref_template=_REF)
    for model in found.values():
        for name, field in model.get("properties", {}).items():
            _by_convention(name, field)
    return found


def _by_convention(name: str, field: dict[str, Any]) -> None:
    """What the names of fields promise everywhere."""
    if field.get("type") == "string" and (name == "at" or name.endswith("_at")):
        field["format"] = "date-time"
    if name == "currency":
        field["const"] = CURRENCY


def _problem_models(operations: tuple[Operation, ...]) -> dict[str, Any]:
    kinds = dict.fromkeys(kind for operation in operations for kind in refusals(operation))
    models = {
        kind: msgspec.defstruct(f"{kind.__name__}Problem", MEMBERS.get(kind, []), bases=(Problem,), kw_only=True)
        for kind in kinds
    }
    _, found = msgspec.json.schema_components(models.values(), ref_template=_REF)
    for kind, model in models.items():
        properties = found[model.__name__]["properties"]
        properties["code"] = {"enum": [kind.code]}
        properties["status"] = {"enum": [STATUS[kind]]}
        properties["type"] = {"enum": [f"urn:kiosk:problem:{kind.code}"]}
    return found
