"""What staff reads where the books keep a short word: states, kinds of trouble and their cause, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from kiosk.domain.kitchen.climate import place_words
from kiosk.domain.kitchen.readiness import Check
from kiosk.domain.kitchen.robot_faults import words_of_fault
from kiosk.domain.ordering.order import UNKNOWN_INGREDIENT
from kiosk.domain.reasons import LOT_EXPIRED, LOT_RECALLED, words_of
from kiosk.domain.staff.stuck import RECEIPT_FIRST, Kind, Money, Move
from kiosk.domain.text import Text

KINDS: Mapping[str, Text] = {
    Kind.CHARGE_UNKNOWN: Text("Банк не сказал, списаны ли деньги", "The bank has not said whether the money was taken"),
    Kind.CHARGE_UNCERTAIN: Text("Оплата под вопросом: посмотрите в банке", "A payment is in doubt: look at its bank"),
    Kind.CAPTURE_UNCERTAIN: Text(
        "Списание не подтверждено: посмотрите в банке (не списано: «вернуть деньги», будет чек возврата)",
        "Nobody confirms that the money was taken: look at the bank (it was not: give it back, a refund receipt"
        " follows)",
    ),
    Kind.RECEIPT_HELD: Text("Оплачено, чека нет, не готовим", "Paid, no receipt, not cooked"),
    Kind.RECEIPT_OWED: Text("Оплачено и готовится, чек не напечатан", "Paid and cooked, the receipt is not printed"),
    Kind.PAPER_UNPAID: Text(
        "Чек напечатан до оплаты, денег нет: чек возврата ещё не напечатан",
        "A receipt was printed before the money, and none came: its refund receipt is not printed yet",
    ),
    Kind.VOID_PENDING: Text("Банк не принимает отмену оплаты", "The bank does not take the reversal"),
    Kind.REFUND_PENDING: Text("Возврат не прошёл до конца", "A refund is not through"),
    Kind.REFUND_UNCERTAIN: Text("Возврат в банке под вопросом", "The bank may or may not have refunded"),
    Kind.CORRECTION_PENDING: Text("Чек исправлен не до конца", "A receipt is only partly made right"),
    Kind.PORTION_LOST: Text(
        "Порция не приготовлена, деньги не возвращены", "A portion was not cooked, its money is not given back"
    ),
    Kind.SET_ASIDE: Text(
        "Программа не справилась, отложено: позовите поддержку", "The program failed, set aside: call support"
    ),
    Kind.DEVICE_TRIPPED: Text("Устройство не работает, продажа закрыта", "A device is down, sales are closed"),
    Kind.FOOD_FORGOTTEN: Text(
        "Еду не забирают, гостю напомнили: позовите его или спишите",
        "Nobody fetches this food, its guest was reminded: call them, or write it off",
    ),
    Kind.CELL_LOCKED: Text(
        "В закрытой ячейке еда, которую гостю не отдать: отдайте ему его часть, если она там есть, и освободите ячейку",
        "A locked cell holds food that is no guest's: hand out what is theirs, if any, and empty it",
    ),
    Kind.FOOD_UNSAFE: Text(
        "Продукты хранились не при той температуре, блюда сняты: осмотрите, негодное выбросьте, затем подтвердите",
        "Food was kept at the wrong temperature, its dishes are off sale: look, throw out what is bad, then accept",
    ),
    Kind.FINDING: Text("Записи расходятся", "Two books differ"),
}
_MONEY: Mapping[str, Text] = {
    Money.UNKNOWN: Text("неизвестно", "not known"),
    Money.CHARGED: Text("списаны", "taken"),
    Money.RETURNING: Text("возвращаются", "on the way back"),
    Money.NONE: Text("ни при чём", "not concerned"),
}
_MOVES: Mapping[str, Text] = {
    Move.RETRY: Text("повторить", "try again"),
    Move.REFUND: Text("вернуть деньги", "give the money back"),
    Move.ISSUE: Text("чека нет: напечатать", "there is no receipt: print it"),
    Move.ADOPT: Text("этот чек наш", "this receipt is ours"),
    Move.ACCEPT: Text("так и должно быть", "it is as it should be"),
}
_ORDERS: Mapping[str, Text] = {
    "created": Text("не оплачен", "not paid"),
    "paying": Text("оплачивается", "being paid"),
    "paid": Text("ждёт робота", "waits for the robot"),
    "cooking": Text("готовится", "cooking"),
    "ready": Text("готов, ждёт гостя", "ready, waits for its guest"),
    "completed": Text("выдан", "handed out"),
    "cancelled": Text("отменён", "cancelled"),
    "refunded": Text("деньги возвращены", "refunded"),
}
_REFUNDS: Mapping[str, Text] = {"pending": Text("оформляется", "under way"), "done": Text("сделан", "done")}
_PORTIONS: Mapping[str, Text] = {
    "planned": Text("не оплачена", "not paid"),
    "waiting": Text("ждёт робота", "waits for the robot"),
    "submitting": Text("передаётся роботу", "goes to the robot"),
    "queued": Text("в очереди робота", "queued at the robot"),
    "cooking": Text("готовится", "cooking"),
    "ready": Text("в ячейке", "in a cell"),
    "handed_out": Text("выдана", "handed out"),
    "written_off": Text("списана", "thrown away"),
    "failed": Text("не приготовлена", "not cooked"),
    "dropped": Text("снята", "dropped"),
}
_CELLS: Mapping[str, Text] = {
    "free": Text("свободна", "free"),
    "reserved": Text("ждёт готовое", "waits for its dish"),
    "filled": Text("с едой", "holds food"),
    "open": Text("открыта", "open"),
    "forgotten": Text("еду не забрали", "food not fetched"),
    "locked": Text("неисправна или закрыта", "faulty or locked"),
}
#: By the word before the colon of what waits: what is known, then why.
_PROOFS: Mapping[str, Text] = {
    "absent": Text("чека нет, касса его не напечатала", "there is no receipt, the registrar did not print it"),
    "refused": Text("касса отказалась печатать чек", "the registrar refused the receipt"),
    "silent": Text("касса не отвечает, есть ли чек, неизвестно", "the registrar is silent, nobody knows of a receipt"),
    "foreign": Text("касса показывает чужое: решает человек", "the registrar shows what is not ours: a person decides"),
    "bank": Text("ответ банка", "the bank's answer"),
    "fiscal": Text("ответ кассы", "the registrar's answer"),
    "robot": Text("ответ робота", "the robot's answer"),
    "terminal": Text("терминал для карт", "the card reader"),
    "sbp": Text("банк с оплатой по QR", "the bank of QR payments"),
    "till": Text("касса зала", "the till"),
}
_CAUSES: Mapping[str, Text] = {
    "refused": Text("отказ", "refused"),
    "timeout": Text("нет ответа", "no answer"),
    "no_answer": Text("нет ответа", "no answer"),
    "connection_refused": Text("соединение не принято", "the connection was refused"),
    "untrusted_certificate": Text(
        "сертификат сервера не принят: проверьте часы и сертификаты этой машины",
        "the server's certificate is not trusted: check this machine's clock and certificates",
    ),
    "unreachable": Text("нет связи", "no connection"),
    "link_lost": Text("связь прервалась", "the link broke off"),
    "unauthorized": Text("ключ не принят", "the key was refused"),
    "key_forgotten": Text("прежний запрос уже забыт", "the earlier request is forgotten"),
    "drive_swapped": Text("в кассе другой накопитель", "another fiscal drive is in"),
    "receipt_absent": Text("чек не найден", "the receipt was not found"),
    "no_paper": Text("нет бумаги", "no paper"),
    "cover_open": Text("открыта крышка", "the cover is open"),
    "off": Text("выключено", "switched off"),
    "by_hand": Text("верните сами и подтвердите", "give it back by hand, then accept"),
    "foreign_operation": Text("показывает чужую операцию", "it shows another's operation"),
    "not_proved": Text("не знает, была ли операция", "it does not know whether there was an operation"),
    "may_come": Text("продажа ещё может пройти, спрашиваем дальше", "the sale may still come, it is asked again"),
    "unsettled": Text("прошлая операция не выяснена", "its last operation is not settled"),
    "settling": Text("сверяет итоги дня", "it settles its day"),
    "busy": Text("занят другой операцией", "it works for something else"),
    "other_amount": Text("показывает другую сумму", "it shows another sum"),
    "other_time": Text("показывает операцию другого времени", "it shows an operation of another time"),
    "no_connection": Text("нет связи с банком", "its bank is not reached"),
    "undefined": Text("ответил, что исход не определён", "it says that the outcome is not defined"),
    "unreadable_answer": Text("ответ не читается", "its answer cannot be read"),
    "errorcode_13": Text("DualConnector не видит терминал", "DualConnector does not reach the reader"),
    "errorcode_4": Text("DualConnector не принял запрос", "DualConnector did not take the request"),
    "not_configured": Text("больше не подключено к киоску", "it belongs to the kiosk no more"),
    "returning": Text("деньги ещё идут обратно", "the money is still on its way back"),
    "not_returned": Text("возврат не подтверждён", "it does not confirm that the money went back"),
    "no_funds": Text("на счёте магазина не хватает денег", "the shop's account has not enough money"),
    "wrong_state": Text("говорит, что платёж в другом состоянии", "it says that the payment is in another state"),
    "other_sum": Text("показывает другую сумму", "it shows another sum"),
    "try_later": Text("просит повторить позже", "it says: later"),
    "not_captured": Text("списание не подтверждено", "it does not confirm that the money was taken"),
    "hold_ended": Text("снял удержание, деньги не взяты", "it let the held money go and took none"),
    "restored": Text("после восстановления из копии неизвестно", "not known after a restored backup"),
    "spoiled_by_time": Text("её слишком долго не забирали", "nobody fetched it for too long"),
    "spoiled_by_cold": Text("остыла в ячейке", "it became too cold in its cell"),
    "spoiled_by_recall": Text("партия отозвана", "its lot was recalled"),
    "late": Text("не приготовлена к сроку", "not cooked in time"),
    "lost_by_robot": Text("робот о ней не помнит", "the robot does not remember it"),
    RECEIPT_FIRST: Text("сначала нужен чек", "its receipt comes first"),
}
_ABOUT_BANK = "the bank does not answer about "
_WRITTEN_OFF = "written_off:"
_CELL = "cell "
_JOB_STATES = ("failed", "held", "cancelled")
_LONGEST_CODE = 9


_UNNAMED: Mapping[int, Text] = MappingProxyType({})


def stuck_words(kind: Kind, detail: str, stations: Mapping[int, Text] = _UNNAMED) -> Text:
    """A sentence for whoever decides; `stations`: what each is called, by number. `detail` as the books keep it, for
    the call to support, follows it."""
    if kind is Kind.DEVICE_TRIPPED:
        return words_of(detail).technician
    if kind is Kind.PORTION_LOST and detail.startswith(_WRITTEN_OFF):
        reason = detail.removeprefix(_WRITTEN_OFF).strip()
        return Text(
            f"Готовая порция списана ({reason}): вернуть ли деньги?",
            f"A ready portion was thrown away ({reason}): give its money back?",
        )
    if kind is Kind.FOOD_UNSAFE:
        _, place, temp_c = detail.split(" ")
        named = place_words(place, {f"station_{number}": name for number, name in stations.items()})
        return Text(f"{KINDS[kind].ru}: {named.ru}, {temp_c} °C", f"{KINDS[kind].en}: {named.en}, {temp_c} °C")
    if kind in (Kind.FOOD_FORGOTTEN, Kind.CELL_LOCKED):
        cells = detail.removeprefix(_CELL)
        return Text(f"{KINDS[kind].ru}: ячейка {cells}", f"{KINDS[kind].en}: cell {cells}")
    detail = detail.replace("foreign:other_sum", "sbp:other_sum")
    if kind in (Kind.CHARGE_UNCERTAIN, Kind.CAPTURE_UNCERTAIN, Kind.VOID_PENDING):
        detail = detail.replace("foreign:", "terminal:")
    causes = [words for part in detail.split("; ") if (words := _cause(part, stations)) is not None]
    title = KINDS[kind]
    return Text(": ".join([title.ru, *(c.ru for c in causes)]), ": ".join([title.en, *(c.en for c in causes)]))


def _cause(detail: str, stations: Mapping[int, Text]) -> Text | None:
    head, colon, code = detail.partition(":")
    if not colon:
        return _CAUSES.get(head)
    if head in _JOB_STATES and code.isascii() and code.isdigit() and len(code) <= _LONGEST_CODE:
        return words_of_fault(int(code), {}, stations)
    if head == UNKNOWN_INGREDIENT:
        return Text(f"в меню больше нет ингредиента «{code}»", f"the menu has no ingredient «{code}» any more")
    if head == LOT_EXPIRED:
        return Text(f"срок годности вышел: {code}", f"past its time: {code}")
    if head == LOT_RECALLED:
        return Text(f"партия отозвана: {code}", f"its lot was recalled: {code}")
    proof = _PROOFS.get(head)
    if proof is None:
        return None
    cause = _CAUSES.get(code)
    return proof if cause is None else Text(f"{proof.ru}, {cause.ru}", f"{proof.en}, {cause.en}")


def check_words(check: Check) -> Text:
    """Why something is closed, for the technician, with what the device itself says; no codes."""
    words = words_of(check.reason or "").technician
    if check.told is None:
        return words
    ru, en = check.told.ru, check.told.en
    return Text(f"{ru[:1].upper()}{ru[1:]}. {words.ru}", f"{en[:1].upper()}{en[1:]}. {words.en}")


def in_words(answer: Any, language: str) -> Any:
    """The same answer for a person's eyes: states and kinds in words of one language; a trouble's code comes last."""
    if isinstance(answer, list):
        return [in_words(row, language) for row in answer]
    if not isinstance(answer, dict):
        return answer
    if "stuck_id" in answer:
        return _stuck_row(answer, language)
    return {name: _value(name, value, language) for name, value in answer.items()}


_COLUMNS: Mapping[str, Mapping[str, Text]] = {"status": {**_ORDERS, **_REFUNDS}, "state": _CELLS}


def _value(name: str, value: Any, language: str) -> Any:
    if name == "portions" and isinstance(value, list):
        return ", ".join(_PORTIONS[row["status"]].into(language) for row in value)
    if isinstance(value, dict) and value.keys() == {"ru", "en"}:
        return value["en" if language == "en" else "ru"]
    if isinstance(value, dict | list):
        return in_words(value, language)
    words = _COLUMNS.get(name, {}).get(value) if isinstance(value, str) else None
    return value if words is None else words.into(language)


def _stuck_row(row: dict[str, Any], language: str) -> dict[str, Any]:
    moves = ", ".join(f"{move} ({_MOVES[move].into(language)})" if move in _MOVES else move for move in row["moves"])
    money = _MONEY.get(row["money"])
    kept = {name: row[name] for name in ("stuck_id", "number", "amount_kopecks", "since")}
    says = (row["says"] or {}).get("en" if language == "en" else "ru", row["kind"])
    told = {"says": says, "money": row["money"] if money is None else money.into(language), "moves": moves}
    return {**kept, **told, "code": " ".join(filter(None, (row["kind"], row["detail"])))}
