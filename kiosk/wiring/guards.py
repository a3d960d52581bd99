"""The circuit breakers: bank, card reader, bank of QR payments, receipts, SMS; the robot's stations have theirs in the
kitchen's picture."""

from __future__ import annotations

from collections.abc import Mapping

from kiosk.domain.breaker import Breaker
from kiosk.domain.reasons import (
    BANK_DOWN,
    BANK_REFUSES,
    FISCAL_REFUSES,
    SBP_DOWN,
    SBP_REFUSES,
    SMS_DOWN,
    SMS_REFUSES,
    TERMINAL_DOWN,
    TERMINAL_REFUSES,
)
from kiosk.flows.guards.breaker import Guard, Probe
from kiosk.flows.guards.devices import GuardedBank, GuardedQrBank, GuardedReader, GuardedSms, GuardedTakingReader
from kiosk.wiring.ground import Ground


class Guards:
    """`rehearse` comes from the flow that owns the registrar's turn."""

    rehearse: Probe

    def __init__(self, ground: Ground) -> None:
        common = (ground.readiness, ground.database, ground.parts.clock)
        refusal_s = ground.parts.refusal_probe_s
        of_bank, of_receipts = (
            Breaker(BANK_DOWN, BANK_REFUSES, refusal_s),
            Breaker(FISCAL_REFUSES, FISCAL_REFUSES, refusal_s),
        )
        of_sms = Breaker(SMS_DOWN, SMS_REFUSES, refusal_s)
        methods = ground.config.payment.methods
        self.of_bank = Guard("bank", of_bank, *common, blocks=methods == ["token"], idle_s=ground.parts.periods.bank_s)
        of_reader = Breaker(TERMINAL_DOWN, TERMINAL_REFUSES, refusal_s)
        self.of_reader = Guard(
            "terminal", of_reader, *common, blocks=methods == ["terminal"], idle_s=ground.parts.periods.reader_s
        )
        self.of_qr_bank = Guard(
            "sbp",
            Breaker(SBP_DOWN, SBP_REFUSES, refusal_s),
            *common,
            blocks=methods == ["sbp"],
            idle_s=ground.parts.periods.qr_bank_s,
        )
        self.receipts = Guard("receipts", of_receipts, *common)
        self.of_sms = Guard("sms", of_sms, *common, blocks=False, idle_s=ground.parts.periods.sms_s)
        self.bank = GuardedBank(ground.devices.bank, self.of_bank)
        reader = ground.devices.reader
        self.reader = None if reader is None else GuardedReader(reader, self.of_reader)
        taking = ground.devices.taking_reader
        self.taking_reader = None if taking is None else GuardedTakingReader(taking, self.of_reader)
        qr_bank = ground.devices.qr_bank
        self.qr_bank = None if qr_bank is None else GuardedQrBank(qr_bank, self.of_qr_bank)
        self.sms = GuardedSms(ground.devices.sms, self.of_sms)

    def probes(self) -> list[tuple[Guard, Probe]]:
        found: list[tuple[Guard, Probe]] = [
            (self.of_bank, self.bank.probe),
            (self.receipts, self.rehearse),
            (self.of_sms, self.sms.alive),
        ]
        if self.reader is not None:
            found.append((self.of_reader, self.reader.probe))
        if self.taking_reader is not None:
            found.append((self.of_reader, self.taking_reader.probe))
        if self.qr_bank is not None:
            found.append((self.of_qr_bank, self.qr_bank.probe))
        return found

    def by_name(self) -> Mapping[str, Guard]:
        return {guard.name: guard for guard, _ in self.probes()}
