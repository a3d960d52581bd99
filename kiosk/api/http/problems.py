"""Errors as RFC 9457 problems: one table class → status, one middleware that lets nothing else out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import Any

import msgspec
import structlog
from aiohttp import web

from kiosk.domain import errors
from kiosk.domain.errors import DatabaseBroken, DomainError
from kiosk.domain.menu import refusals as menu_refusals
from kiosk.domain.menu.picture import PictureRefused, PicturesUnavailable
from kiosk.domain.staff import refusals
from kiosk.domain.text import LANGUAGES, Text, own_language

_log = structlog.get_logger()
#: Of an application: the languages that guests may choose (`[menu] languages`).
OFFERED_LANGUAGES = web.AppKey("offered_languages", tuple[str, ...])
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class UnsupportedMediaType(DomainError):
    code = "unsupported_media_type"
    title = Text("Тело запроса должно быть JSON", "The body must be JSON")


class BadJson(DomainError):
    code = "bad_json"
    title = Text("Тело запроса не разобрать как JSON", "The body is not readable as JSON")


class BodyTooLarge(DomainError):
    code = "body_too_large"
    title = Text("Тело запроса слишком велико", "The body is too large")


class BodyTooSlow(DomainError):
    code = "request_timeout"
    title = Text("Тело запроса не пришло вовремя", "The body did not come in time")


class ForeignHost(DomainError):
    """Another site's name leads here (DNS rebinding): its pages get nothing."""

    code = "foreign_host"
    title = Text("Это имя не наше", "This is no name of ours")


class ExpectationFailed(DomainError):
    code = "expectation_failed"
    title = Text("Такое ожидание (Expect) не выполнить", "The expectation cannot be met")


class MethodNotAllowed(DomainError):
    code = "method_not_allowed"
    title = Text("Метод не поддерживается", "The method is not allowed")


class BadRequest(DomainError):
    code = "bad_request"
    title = Text("Запрос не разобрать", "The request cannot be read")


class Internal(DomainError):
    code = "internal_error"
    title = Text("Внутренняя ошибка", "Internal error")


class StorageUnavailable(DomainError):
    code = "storage_unavailable"
    title = Text("Запись временно невозможна", "Writing is impossible for the moment")


STATUS: dict[type[DomainError], int] = {
    errors.Unauthorized: 401,
    errors.WrongPassword: 401,
    errors.PaymentDeclined: 402,
    errors.AttemptsExhausted: 403,
    errors.CustomersOnly: 403,
    errors.StepUpRequired: 403,
    errors.WrongCode: 403,
    errors.StaffOnly: 403,
    errors.NumberBlocked: 403,
    refusals.AccountsOnly: 403,
    refusals.RoleForbids: 403,
    refusals.SamePerson: 403,
    errors.NotFound: 404,
    errors.NoPendingConfirmation: 404,
    errors.TillCodeUnknown: 404,
    MethodNotAllowed: 405,
    BodyTooSlow: 408,
    ForeignHost: 421,
    errors.ItemsUnavailable: 409,
    errors.IngredientsUnavailable: 409,
    errors.OrderStateConflict: 409,
    errors.CellStateConflict: 409,
    errors.PaymentInProgress: 409,
    errors.GivenTooLittle: 409,
    errors.TillStateConflict: 409,
    errors.IdempotencyKeyReused: 409,
    errors.PersonalDataInUse: 409,
    errors.CustomerBlocked: 409,
    refusals.NameTaken: 409,
    refusals.LastOwner: 409,
    refusals.BrowserNotRestarted: 503,
    refusals.SecondPersonRequired: 409,
    refusals.RefundRequestConflict: 409,
    menu_refusals.DraftExists: 409,
    menu_refusals.DraftChanged: 409,
    menu_refusals.MenuOutdated: 409,
    menu_refusals.MenuUnsellable: 409,
    BadRequest: 400,
    BadJson: 400,
    PictureRefused: 400,
    errors.PasswordExpired: 410,
    BodyTooLarge: 413,
    UnsupportedMediaType: 415,
    ExpectationFailed: 417,
    errors.InvalidRequest: 422,
    errors.InvalidPhone: 422,
    refusals.PinUnfit: 422,
    errors.ConsentRequired: 422,
    errors.CardNumberRefused: 422,
    errors.BonusExceedsLimit: 422,
    errors.TooManyRequests: 429,
    Internal: 500,
    errors.BankUnavailable: 503,
    errors.PaymentMethodUnavailable: 503,
    errors.FiscalUnavailable: 503,
    errors.SalesPaused: 503,
    errors.DeviceUnavailable: 503,
    errors.TooManyStreams: 503,
    errors.ArchiveBroken: 503,
    PicturesUnavailable: 503,
    StorageUnavailable: 503,
}
_OF_HTTP: dict[int, type[DomainError]] = {404: errors.NotFound, 405: MethodNotAllowed, 413: BodyTooLarge}


def language_of(request: web.Request) -> str:
    """Of our own words: `ru` or `en`."""
    return own_language(menu_language_of(request))


def _offered(request: web.Request) -> Collection[str]:
    """By the application; what is no HTTP has come to none, and aiohttp asserts that it has."""
    try:
        return request.app.get(OFFERED_LANGUAGES, LANGUAGES)
    except (AssertionError, AttributeError):
        return LANGUAGES


def menu_language_of(request: web.Request) -> str:
    """Of those that guests may choose, the one that is asked for before the others, else Russian (RFC 9110 §12.5.4,
    weights included)."""
    offered = _offered(request)
    best, chosen = 0.0, "ru"
    for part in request.headers.get("Accept-Language", "").split(","):
        tag, _, weight = part.strip().partition(";")
        language = tag.strip().lower().partition("-")[0]
        try:
            value = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if language in offered and value > best:
            best, chosen = value, language
    return chosen


def problem(request: web.Request, error: DomainError) -> web.Response:
    """The problem of a refusal in the caller's language."""
    language, status = language_of(request), STATUS[type(error)]
    title = error.title.into(language)
    body: dict[str, Any] = {
        "type": f"urn:kiosk:problem:{error.code}",
        "title": title,
        "status": status,
        "detail": error.detail.into(language) if error.detail else title,
        "instance": request.path,
        "code": error.code,
        **error.members,
    }
    headers = {"Cache-Control": "no-store", "Content-Language": language}
    if "retry_after_s" in error.members:
        headers["Retry-After"] = str(error.members["retry_after_s"])
    return web.Response(
        body=msgspec.json.encode(body), status=status, content_type="application/problem+json", headers=headers
    )


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every refusal becomes a problem; a bug becomes a 500 that says nothing and is logged whole."""
    try:
        return await handler(request)
    except DomainError as error:
        return problem(request, error)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        response = problem(request, _OF_HTTP.get(error.status, BadRequest)())
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
        return response
    except web.RequestPayloadError:  # a body that its Content-Encoding or chunks do not fit
        return problem(request, BadRequest())
    except DatabaseBroken as error:
        _log.error("storage_failed", error=str(error))
        return problem(request, StorageUnavailable())
    except ConnectionError:
        raise
    except Exception as error:  # noqa: BLE001 - a bug must not leak
        _log.error("request_failed", method=request.method, path=request.path, exc_info=error)
        return problem(request, Internal())
