"""Why a device did not do what a person asked of it, in their words: silence, a refusal, or something of ours in the
way."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from kiosk.domain.text import Text

SILENT = Text("Оно не отвечает: питание, кабель, порт", "It does not answer: power, cable, port")
_UNSENT = re.compile(r"(\d+)_documents_unsent")
_WORDS: Mapping[str, Text] = MappingProxyType(
    {
        "payment_under_way": Text(
            "Идёт оплата: повторите, когда она закончится", "A payment is under way: try again once it has ended"
        ),
        "receipt_in_doubt": Text("Один чек ещё не выяснен: kiosk stuck", "One receipt is not settled yet: kiosk stuck"),
        "new_drive_has_an_open_shift": Text(
            "На новом накопителе открыта смена: закройте её на кассе",
            "A shift is open in the new drive: close it at the registrar",
        ),
        "no_settlement": Text("Этот терминал не сверяет итоги", "This card reader has no settlement"),
        "busy": Text("Оно занято: повторите через минуту", "It is busy: try again in a minute"),
        "settling": Text("Терминал сверяет итоги", "The card reader is settling"),
        "unsettled": Text(
            "Прошлая операция терминала не выяснена: kiosk stuck", "The reader's last operation is open: kiosk stuck"
        ),
        "wrong_state": Text(
            "Робот в состоянии, в котором этого не делает: кнопка, дверца, kiosk devices",
            "The robot is in a state in which it does not: button, door, kiosk devices",
        ),
        "no_cell": Text("В этой ячейке ничего нет", "There is nothing in this cell"),
        "no_connection": Text("Терминал не дозвонился до банка", "The card reader did not reach its bank"),
    }
)


def why_not_done(reason: str, *, silent: bool) -> Text:
    """`silent`: whether nothing was answered at all, where no word says more."""
    if known := _WORDS.get(reason):
        return known
    if silent:
        return SILENT
    if unsent := _UNSENT.fullmatch(reason):
        return Text(f"Ждут передачи в ОФД документы: {unsent[1]}", f"{unsent[1]} documents wait for the tax operator")
    return Text(f"Отказ: {reason}", f"It refuses: {reason}")
