"""Named points at which a test kills the process (guarantees.md#how-each-is-tested); no effect unless one is armed."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping

VARIABLE = "KIOSK_CRASH_AT"


class Checkpoints:
    """`checkpoints("t3.after")` dies by SIGKILL at the n-th pass when `KIOSK_CRASH_AT=t3.after[:n]`."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        armed = (os.environ if environment is None else environment).get(VARIABLE, "")
        self._name, _, count = armed.partition(":")
        self._left = int(count or "1")

    def __call__(self, name: str) -> None:
        if name != self._name:
            return
        self._left -= 1
        if self._left == 0:
            self.die()

    def die(self) -> None:
        """The process is gone, in the middle of whatever it did."""
        os.kill(os.getpid(), signal.SIGKILL)


def pass_by(name: str) -> None:
    """The checkpoint of whoever is built without one."""


#: The points of an order, in the order of the seed; the crash sweep walks this list.
POINTS = (
    "t1.before", "t1.after", "t2.after", "preflight", "t3.after", "charge.answered", "t4.after",
    "counter.read", "t5.after", "receipt.answered", "t6.after", "t7.before", "t7.after",
    "portion.submitting", "robot.submitted", "portion.accepted", "portion.cooking", "portion.ready",
    "robot.released",
)  # fmt: skip

#: The points of a payment at the card reader besides: its numbers, and the end that takes the money.
READER_POINTS = ("numbers.ready", "capture.noted", "capture.answered", "capture.done")

#: The same of a payment by QR code: its bill and its code.
QR_POINTS = ("numbers.ready", "charge.noted")

#: The points of a receipt that comes before the money, and of its return.
PAPER_POINTS = ("announced", "taking_back.noted", "taking_back.printed", "taking_back.done")

#: Before a receipt that comes first at the till: the code is in the books, staff have said how it will be paid.
TILL_POINTS = ("choosing", "chosen")

#: A guest's wish to cancel.
CANCEL_POINTS = ("cancel.noted",)

#: The points between a commit and its effects outside or in another book: codes, messages, webhooks, every consumer.
EFFECT_POINTS = (
    "code.taken", "code.sent",
    "message.due", "message.sent", "message.recorded",
    "webhook.posting", "webhook.posted", "webhook.moved",
    "cooking.handled", "cooking.moved", "notifications.handled", "notifications.moved",
    "statistics.handled", "statistics.moved",
)  # fmt: skip

#: The points of a day's report by mail: a try noted before the wire, the letter taken by the server.
LETTER_POINTS = ("letter.noted", "letter.sent")
#: The points of an alarm: in the books, its message noted before the wire, taken by the channel, and that in the books.
ALARM_POINTS = ("alarm.raised", "alarm.noted", "alarm.sent", "alarm.recorded", "alarm.acknowledged")

#: The same towards a broker, where one is configured.
BROKER_POINTS = ("broker.posting", "broker.posted", "broker.moved")

#: The points of money on its way back: a refund after payment, a reversal before it, a late approval.
RETURN_POINTS = (
    "refund.opened", "refund.bank", "refund.noted", "refund.printed", "refund.done",
    "reversal.noted", "reversal.bank", "reversal.done",
    "late.found", "late.noted", "late.bank", "late.done",
)  # fmt: skip

#: A refund above the limit of one person: it waits for a second one.
SECOND_PERSON_POINTS = ("refund.asked",)

#: A menu that is published: checked, in the books, sold.
MENU_POINTS = ("menu.checked", "menu.committed", "menu.sold")

#: The settlement of a card reader that has one: in the books, answered, ended.
SETTLEMENT_POINTS = ("settlement.noted", "settlement.answered", "settlement.ended")

#: Food that nobody fetches: somebody was told of it, it was thrown away.
FOOD_POINTS = ("food.told", "food.spoiled")

#: A bin that is given another level: meant, told to the robot, in the books; and what a job took, what a level says.
LOT_POINTS = ("bin.meant", "bin.set", "bin.done", "lots.spent", "lots.levelled", "lots.expired", "lot.recalled")
