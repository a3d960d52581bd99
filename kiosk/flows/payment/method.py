"""What the saga asks of a way to pay, whichever it is: it goes by what a way can do, never by its name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from drivers.bank.port import Transaction
from drivers.errors import DeviceError, DeviceRefused, DeviceUnreachable
from kiosk.domain.errors import DomainError, PaymentMethodUnavailable
from kiosk.domain.payment.payment import Payment
from kiosk.store.payment.refunds import RefundRow

#: The code of a return that no device makes: staff give the money back and say so (`kiosk stuck accept`).
BY_HAND = "by_hand"
_NOT_CONFIGURED = "not_configured"


class Standing(StrEnum):
    """Where the money of one attempt is."""

    PENDING = "pending"  # it waits for a person: the guest with a card or a phone, staff with the money
    UNKNOWN = "unknown"  # it may have moved: ask again
    ABSENT = "absent"  # the other side knows of no such attempt, and may still come to know
    HELD = "held"  # to be taken by `capture` or let go by `release`
    TAKEN = "taken"
    DECLINED = "declined"
    RELEASED = "released"
    RETURNING = "returning"  # taken, and on the way back: nobody wanted it any more
    RETURNED = "returned"


_OPEN = frozenset({Standing.PENDING, Standing.UNKNOWN, Standing.ABSENT})


@dataclass(frozen=True, slots=True)
class Outcome:
    """`reason` of a decline; `numbers` are columns of the payment, by which the money is known to its bank.
    `short`: less was approved than was asked, `taken_kopecks`. `error`: `device:code` of what a person must know.
    `ask_again_s`: how soon it is asked again, where who waits can tell nothing; of a pending one with `numbers` it is
    asked at once."""

    standing: Standing
    reason: str | None = None
    numbers: Mapping[str, object] = field(default_factory=dict)
    short: bool = False
    taken_kopecks: int | None = None
    error: str | None = None
    ask_again_s: float | None = None

    @property
    def is_open(self) -> bool:
        """Not a definite answer yet."""
        return self.standing in _OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """`hold`: the money is held until `capture`. `refund`: it can be given back without a person. `recover`: asked
    after a crash it tells what became of an attempt. `settle`: it wants a settlement each day. `listed`: its bank's
    list can be compared with the books. `audited`: its bank can be asked of each attempt. `exclusive`: one attempt at a
    time. `token`: it wants a card's token. `tender`: only a person knows whether it will be cash or a card. `red_key`:
    once it is under way only the guest ends it, by the red key of the reader."""

    hold: bool = False
    refund: bool = False
    recover: bool = True
    settle: bool = False
    listed: bool = False
    audited: bool = False
    exclusive: bool = False
    token: bool = False
    tender: bool = False
    red_key: bool = False


class Abandoned(Exception):
    """The other side knows nothing of an attempt that is too old to be begun again: it stays under inquiry."""


class PaymentMethod(Protocol):
    """Every number is journalled before the wire: `prepare` gives them, the saga writes them, `start` uses them."""

    name: str
    capabilities: Capabilities
    check: str | None
    """The line of `/readyz` that it hangs on."""

    def refusal(self, reason: str) -> DomainError:
        """The same for a reason that is known before anything is asked."""

    def unavailable(self, error: DeviceError) -> DomainError:
        """What the guest is told where nothing has moved."""

    async def prepare(self, payment: Payment) -> Mapping[str, object]:
        """Columns to be journalled. `DeviceError`: nothing has moved, the attempt ends."""

    async def start(self, payment: Payment) -> Outcome:
        """Asks for the money once. `DeviceUnreachable`: certainly nothing has moved."""

    async def outcome(self, payment: Payment) -> Outcome:
        """What became of it. Raises `Abandoned`; a question that is not answered is `UNKNOWN`."""

    async def cancel(self, payment: Payment) -> None:
        """A wish; what comes of it is the outcome. Raises `DeviceError`."""

    async def capture(self, payment: Payment, qr: str) -> Outcome:
        """Takes what is held; again changes nothing. `DECLINED`: by the last word of its bank it is held no more and
        was not taken. Raises `DeviceError`."""

    async def release(self, payment: Payment, key: str) -> str:
        """Gives all of it back before the order is paid: `void` or `refund`. Raises `DeviceError`: again, with the
        same key; with the code `by_hand` a person does it."""

    async def recorded(self, order_id: str, attempt: int) -> Transaction | None:
        """What its bank has of an attempt, where `capabilities.audited`. Raises `DeviceUnreachable`."""

    async def refund(self, payment: Payment, refund: RefundRow, others: Sequence[RefundRow]) -> str:
        """Gives back some or all of a payment that is done, once for this record of it: `void` or `refund`. `others`:
        the payment's other refunds. Raises `DeviceError` as `release`."""


class GoneMethod:
    """A way to pay whose device is none of ours any more: what went by it comes to its end by a person, who asks the
    bank."""

    capabilities = Capabilities(recover=False)
    check: str | None = None

    def __init__(self, name: str) -> None:
        self.name = name
        self._error = f"{name}:{_NOT_CONFIGURED}"

    def unavailable(self, error: DeviceError) -> DomainError:  # noqa: ARG002  # there is one reason
        return self.refusal(f"{self.name}_down")

    def refusal(self, reason: str) -> DomainError:
        return PaymentMethodUnavailable(self.name, reason)

    async def prepare(self, payment: Payment) -> Mapping[str, object]:
        raise DeviceRefused(self.name, _NOT_CONFIGURED, payment.payment_id)

    async def start(self, payment: Payment) -> Outcome:
        raise DeviceUnreachable(self.name, _NOT_CONFIGURED, payment.payment_id)

    async def outcome(self, payment: Payment) -> Outcome:  # noqa: ARG002  # nobody can be asked
        return Outcome(Standing.UNKNOWN, error=self._error)

    async def cancel(self, payment: Payment) -> None:
        """Nobody hears it."""

    async def capture(self, payment: Payment, qr: str) -> Outcome:  # noqa: ARG002
        return Outcome(Standing.UNKNOWN, error=self._error)

    async def release(self, payment: Payment, key: str) -> str:  # noqa: ARG002
        raise DeviceRefused(self.name, BY_HAND, f"RRN {payment.rrn}")

    async def recorded(self, order_id: str, attempt: int) -> Transaction | None:
        """Nobody can be asked."""

    async def refund(self, payment: Payment, refund: RefundRow, others: Sequence[RefundRow]) -> str:  # noqa: ARG002
        raise DeviceRefused(self.name, BY_HAND, f"RRN {payment.rrn}")


class Methods:
    """Those that can be carried on, and of them those that are `offered`, in that order."""

    def __init__(self, methods: Iterable[PaymentMethod], offered: Sequence[str]) -> None:
        self._by_name = {method.name: method for method in methods}
        self.offered = [self._by_name[name] for name in offered]

    @property
    def listed(self) -> frozenset[str]:
        """Whose payments their bank's list shows."""
        return frozenset(name for name, method in self._by_name.items() if method.capabilities.listed)

    @property
    def books(self) -> Mapping[str, tuple[str, Callable[[str, int], Awaitable[Transaction | None]]]]:
        """By name, the word for its bank and how that is asked of an attempt."""
        return {
            name: (method.check or name, method.recorded)
            for name, method in self._by_name.items()
            if method.capabilities.audited
        }

    def find(self, name: str) -> PaymentMethod | None:
        """One that is offered."""
        return next((method for method in self.offered if method.name == name), None)

    def of(self, payment: Payment) -> PaymentMethod:
        """Also one that is offered no more, and one whose device is gone."""
        return self._by_name.get(payment.method) or GoneMethod(payment.method)
