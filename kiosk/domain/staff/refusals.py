"""What is refused to staff: at the door, for their role, and where a second person is wanted."""

from __future__ import annotations

from kiosk.domain.errors import DomainError
from kiosk.domain.staff.roles import ROLE_WORDS, Roles, role_words
from kiosk.domain.text import Text


class AccountsOnly(DomainError):
    code = "accounts_only"
    title = Text("Войдите под своим именем: общий PIN больше не действует", "Sign in by name: the shared PIN has ended")


class RoleForbids(DomainError):
    """`roles`: who may."""

    code = "role_forbids"
    title = Text("Вашей роли это не разрешено", "Your role may not do this")

    def __init__(self, roles: Roles) -> None:
        who = {language: ", ".join(role_words(roles, language)) for language in ("ru", "en")}
        detail = Text(f"{self.title.ru}. Может: {who['ru']}", f"{self.title.en}. Who may: {who['en']}")
        super().__init__(detail, roles=[role.value for role in ROLE_WORDS if role in roles])


class PinUnfit(DomainError):
    """Too easy or taken: which of the two is not told, nor whose it is."""

    code = "pin_unfit"
    title = Text("Этот PIN не подходит: придумайте другой", "This PIN will not do: choose another")


class NameTaken(DomainError):
    code = "name_taken"
    title = Text("Сотрудник с таким именем уже есть", "Somebody of this name is here already")


class LastOwner(DomainError):
    code = "last_owner"
    title = Text("Это последний владелец: сначала назначьте другого", "This is the last owner: name another first")


class BrowserNotRestarted(DomainError):
    code = "browser_not_restarted"
    title = Text(
        "Браузер на этой машине никто не перезапустил: systemctl restart kiosk-browser",
        "Nobody restarted the browser of this machine: systemctl restart kiosk-browser",
    )


class SecondPersonRequired(DomainError):
    """`request_id`: what waits now; `amount_kopecks` of it, `limit_kopecks`, `expires_at`."""

    code = "second_person_required"
    title = Text("Возврат ждёт подтверждения второго сотрудника", "The refund waits for a second person")


class SamePerson(DomainError):
    code = "same_person"
    title = Text("Подтвердить должен другой сотрудник", "Somebody else has to confirm it")


class RefundRequestConflict(DomainError):
    """`state`: confirmed, refused, expired."""

    code = "refund_request_state"
    title = Text("Этот запрос на возврат уже решён или истёк", "This request is settled already, or has expired")
