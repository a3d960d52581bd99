"""What the staff's page may do with the process it is served by: end it, sell at its own door for a trial."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from kiosk.config.forms import SIM
from kiosk.config.settings import Config
from kiosk.domain.errors import DomainError
from kiosk.domain.staff.roles import Person
from kiosk.flows.payment.portions import RefundRequest
from kiosk.flows.staff.second_person import SecondPerson
from kiosk.flows.staff.site_tasks import Trial
from kiosk.trial_sale import TrialSale

_WITHIN_S = 150.0  # of one call: a receipt is waited for


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnProcess:
    """`end`: None where nobody would bring it back; `browser`: a file that asks for another browser, None where nobody
    looks; `origin`: its own public door, once it is open."""

    end: Callable[[], None] | None
    browser: Path | None
    origin: Callable[[], str]

    def trial(self, config: Config, second_person: SecondPerson) -> Trial:
        async def sell(method: str, person: Person, say: Callable[[str], None]) -> None:
            give_back = partial(_give_back, second_person, person)
            async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_WITHIN_S)) as session:
                sale = TrialSale(self.origin(), session, give_back, say, tokens=config.bank.url == SIM)
                await sale.run(method)

        return sell


async def _give_back(
    second_person: SecondPerson, person: Person, _: str, path: str, body: dict[str, Any] | None
) -> tuple[int, Any]:
    """The refund of `/internal/orders/ID/refund`, as whoever asked for the trial."""
    try:
        await second_person.refund(path.split("/")[-2], msgspec.convert(body, RefundRequest), person)
    except DomainError as error:
        return 409, {"code": error.code}
    return 202, None
