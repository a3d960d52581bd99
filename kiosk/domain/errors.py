"""What can be refused, in the words of http.md#conventions: a code, a title in each language, more members. No HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from kiosk.domain.device_words import why_not_done
from kiosk.domain.reasons import words_of
from kiosk.domain.text import Text


class DatabaseBroken(Exception):
    """The database cannot be trusted or written; no refusal but a fault: the process must not go on selling."""


class DatabaseInUse(DatabaseBroken):
    """Another process has it open."""


class DomainError(Exception):
    """Base of every refusal. `members` are the extra members of the problem (`missing`, `attempts_left`…)."""

    code: ClassVar[str]
    title: ClassVar[Text]

    def __init__(self, detail: Text | None = None, **members: Any) -> None:
        super().__init__(self.code, members)
        self.detail = detail
        self.members = members


class Unauthorized(DomainError):
    code = "unauthorized"
    title = Text("Сеанс не открыт или истёк", "The session is not open or has expired")


class NotFound(DomainError):
    code = "not_found"
    title = Text("Не найдено", "Not found")


class InvalidRequest(DomainError):
    """`errors`: [{path, message}]."""

    code = "invalid_request"
    title = Text("Запрос составлен неверно", "The request is not valid")

    @classmethod
    def at(cls, path: str, message: str) -> InvalidRequest:
        return cls(errors=[{"path": path, "message": message}])


class ItemsUnavailable(DomainError):
    """`items`: [{item_id, reason}]."""

    code = "items_unavailable"
    title = Text("Некоторых блюд сейчас нет", "Some dishes are not available now")


class SalesPaused(DomainError):
    """`reason`: a word of `kiosk.domain.reasons`, whose sentence for the guest is the detail."""

    code = "sales_paused"
    title = Text("Продажи приостановлены", "Sales are paused")

    def __init__(self, reason: str) -> None:
        super().__init__(words_of(reason).guest, reason=reason)


class OrderStateConflict(DomainError):
    """`order_status`: the status of the order."""

    code = "order_state"
    title = Text("Заказ в другом состоянии", "The order is in another state")


class PaymentInProgress(DomainError):
    code = "payment_in_progress"
    title = Text("Оплата этого заказа уже идёт", "A payment of this order is in progress")


class IdempotencyKeyReused(DomainError):
    code = "idempotency_key_reused"
    title = Text("Ключ уже использован с другим запросом", "The key was used with another request")


class IngredientsUnavailable(DomainError):
    """`missing`: [{ingredient, needed, available, unit}] (seed 3.2)."""

    code = "ingredients_unavailable"
    title = Text("Не хватает ингредиентов. Деньги не списаны", "Ingredients have run out. No money was taken")


class PaymentDeclined(DomainError):
    """`reason`: the bank's word (seed 3.3)."""

    code = "payment_declined"
    title = Text("Банк отклонил оплату. Деньги не списаны", "The bank declined. No money was taken")


class BankUnavailable(DomainError):
    code = "bank_unavailable"
    title = Text("Банк недоступен. Деньги не списаны", "The bank is unavailable. No money was taken")


class PaymentMethodUnavailable(DomainError):
    """`method`, and `reason`: a word of `kiosk.domain.reasons`, whose sentence for the guest is the detail."""

    code = "payment_method_unavailable"
    title = Text("Этот способ оплаты сейчас недоступен", "This way to pay is not available now")

    def __init__(self, method: str, reason: str) -> None:
        super().__init__(words_of(reason).guest, method=method, reason=reason)


class TillCodeUnknown(DomainError):
    code = "till_code_unknown"
    title = Text("Такого кода оплаты нет или он истёк", "There is no such code to pay, or it has expired")


class TillStateConflict(DomainError):
    """`stage`: how far the payment is, where its receipt comes before the money."""

    code = "till_state"
    title = Text(
        "Сначала чек, потом деньги: по этому коду сейчас другой шаг",
        "The receipt first, then the money: this code is at another step",
    )


class GivenTooLittle(DomainError):
    """`amount_kopecks`: what is to be paid."""

    code = "given_too_little"
    title = Text("Получено меньше суммы заказа", "Less was given than the order costs")


class FiscalUnavailable(DomainError):
    """`refunded`: true after a void; absent when no money had moved (seed 3.4)."""

    code = "fiscal_unavailable"
    title = Text("Касса недоступна, чек оформить нельзя", "The fiscal registrar is unavailable")


class BonusExceedsLimit(DomainError):
    code = "bonus_exceeds_limit"
    title = Text("Столько баллов списать нельзя", "That many points cannot be spent")


class CardNumberRefused(DomainError):
    code = "card_number_refused"
    title = Text("Номер карты не принимается, только токен", "Card numbers are refused, send a token")


class CellStateConflict(DomainError):
    """`cell_state`: what the cell holds."""

    code = "cell_state"
    title = Text("В ячейке нет еды, которую можно выдать", "The cell holds no food to give out")


class WrongCode(DomainError):
    """`attempts_left`: so many more are looked at without a wait; after the last of them `retry_after_s`."""

    code = "wrong_code"
    title = Text("Неверный код", "Wrong code")


class TooManyRequests(DomainError):
    """`retry_after_s`."""

    code = "too_many_requests"
    title = Text("Слишком много запросов", "Too many requests")


class TooManyStreams(DomainError):
    """`retry_after_s`."""

    code = "too_many_streams"
    title = Text("Слишком много открытых табло", "Too many boards are open")


class DeviceUnavailable(DomainError):
    """`device`, `reason`: a technician's call that a device did not carry out; why stands in the detail."""

    code = "device_unavailable"
    title = Text("Устройство этого не сделало", "The device did not do it")

    def __init__(self, device: str, reason: str, *, silent: bool = False) -> None:
        """`silent`: nothing was answered at all."""
        super().__init__(why_not_done(reason, silent=silent), device=device, reason=reason)


class ArchiveBroken(DomainError):
    """`file`: the archive of a year that cannot be read or written; `why` in words."""

    code = "archive_broken"
    title = Text("Архив заказов недоступен", "An archive of orders cannot be used")

    def __init__(self, file: str, why: Text) -> None:
        super().__init__(Text(f"{file}: {why.ru}", f"{file}: {why.en}"), file=file)
        self.file = file
        self.why = why


class InvalidPhone(DomainError):
    code = "invalid_phone"
    title = Text("Такого номера телефона не бывает", "Not a valid phone number")


class ConsentRequired(DomainError):
    """`consent_version`."""

    code = "consent_required"
    title = Text("Нужно согласие на обработку данных", "Consent is required")


class NumberBlocked(DomainError):
    code = "number_blocked"
    title = Text(
        "По этому номеру войти нельзя. Закажите без номера или спросите сотрудника",
        "This number cannot sign in. Order without it, or ask our staff",
    )


class PersonalDataInUse(DomainError):
    """`number`: of the order that is not over yet."""

    code = "personal_data_in_use"
    title = Text("Сначала должен закончиться заказ этого человека", "An order of this person has to end first")


class CustomerBlocked(DomainError):
    code = "customer_blocked"
    title = Text("Вход по номеру закрыт: сначала откройте его", "The number is blocked: unblock it first")


class WrongPassword(DomainError):
    """`attempts_left`."""

    code = "wrong_password"
    title = Text("Неверный пароль", "Wrong password")


class AttemptsExhausted(DomainError):
    code = "attempts_exhausted"
    title = Text("Попытки исчерпаны, запросите новый пароль", "No attempts left, ask for a new password")


class PasswordExpired(DomainError):
    code = "password_expired"
    title = Text("Пароль устарел, запросите новый", "The password has expired, ask for a new one")


class NoPendingConfirmation(DomainError):
    code = "no_pending_confirmation"
    title = Text("Этот номер сейчас не подтверждают", "Nothing to confirm for this number")


class CustomersOnly(DomainError):
    code = "customers_only"
    title = Text("Нужен вход по номеру телефона", "Sign in by phone number first")


class StepUpRequired(DomainError):
    """`temporary_token`, `expires_in_s`, `resend_in_s`: a code is on its way; or `retry_after_s`."""

    code = "step_up_required"
    title = Text("Подтвердите номер кодом из SMS", "Confirm the number by the code from the SMS")


class StaffOnly(DomainError):
    code = "wrong_pin"
    title = Text("Неверный PIN", "Wrong PIN")
