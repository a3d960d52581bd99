"""How often each loop looks again. A test that only waits for a look brings shorter ones."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Periods:
    """Seconds from one look to the next, by who looks. Not among them: pauses after a failure (backoff), terms of the
    law, and the cycle and heartbeat of the kitchen, which the robot's watchdog sets."""

    # of money and the order
    refund_s: float = 1.0  # what was promised back and not sent yet
    inquiry_s: float = 5.0  # a charge that was given up is asked for again
    unpaid_s: float = 60.0  # orders that nobody pays
    lateness_s: float = 5.0  # orders that are later than promised
    message_s: float = 5.0  # SMS and push that wait to be sent, where nothing wakes the sender
    bank_s: float = 5.0  # a healthy bank that nobody has asked anything
    reader_s: float = 10.0  # a healthy card reader: its protocol wants to hear us so often
    settlement_s: float = 30.0  # is the card reader's day to be closed
    qr_bank_s: float = 30.0  # a healthy bank of QR payments
    sms_s: float = 10.0  # and a healthy SMS gateway

    # of the registrar
    registrar_s: float = 2.0
    documents_s: float = 5.0  # documents for the tax operator, where all are sent
    spare_s: float = 5.0  # the registrars that are not in use
    fallback_s: float = 2.0  # has the one in use been failing for too long
    shift_report_s: float = 5.0  # is a closed shift left to compare
    shift_difference_s: float = 60.0  # a difference that may go away by itself

    # of staff and the machine
    stuck_s: float = 10.0
    alarms_s: float = 5.0  # is there anything that a person is to be called for
    restored_s: float = 2.0  # the search for what was sold since a backup
    pin_s: float = 1.0  # has the pause after wrong PINs ended
    day_report_s: float = 600.0
    disk_s: float = 2.0
    power_s: float = 2.0  # what supplies the machine
    standby_s: float = 1.0  # what the standby copy does not have yet
    standby_again_s: float = 10.0  # where its disk is away; less and less often, every ten minutes at last
    backups_s: float = 30.0  # is a backup of this hour left to make
    menu_s: float = 10.0  # is it another hour for the menu, where its next moment is farther away
    holds_s: float = 0.5  # has a hold or an entry of the stop list ended by itself
    climate_s: float = 5.0  # is anything beyond its temperatures
    board_s: float = 5.0  # minutes on the hall board
    kitchen_show_s: float = 0.5  # what the kitchen does, for the hall to look at
    lag_s: float = 0.02  # how late the event loop wakes
    relay_s: float = 60.0  # a wall clock that was set meanwhile is noticed by then


#: What the product runs with.
USUAL = Periods()
