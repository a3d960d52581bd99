"""The breakers of this house: bank, receipts and SMS; the robot's stations have theirs in the kitchen's picture."""

from __future__ import annotations

from collections.abc import Mapping

from kiosk.domain.breaker import Breaker
from kiosk.domain.reasons import BANK_DOWN, BANK_REFUSES, FISCAL_REFUSES, SMS_DOWN, SMS_REFUSES
from kiosk.flows.guarded import GuardedBank, GuardedSms
from kiosk.flows.guarding import Guard, Probe
from kiosk.wiring.ground import Ground

_BANK_IDLE_S, _SMS_IDLE_S = 5.0, 10.0


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
        self.of_bank = Guard("bank", of_bank, *common, idle_s=_BANK_IDLE_S)
        self.receipts = Guard("receipts", of_receipts, *common)
        self.of_sms = Guard("sms", of_sms, *common, blocks=False, idle_s=_SMS_IDLE_S)
        self.bank = GuardedBank(ground.devices.bank, self.of_bank)
        self.sms = GuardedSms(ground.devices.sms, self.of_sms)

    def probes(self) -> list[tuple[Guard, Probe]]:
        return [(self.of_bank, self.bank.probe), (self.receipts, self.rehearse), (self.of_sms, self.sms.alive)]

    def by_name(self) -> Mapping[str, Guard]:
        return {guard.name: guard for guard in (self.of_bank, self.receipts, self.of_sms)}
