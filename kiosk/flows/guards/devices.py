"""Drivers wrapped so that every call reports its outcome to its guard."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from datetime import datetime

from drivers.bank.port import NOT_THIS_ONE, Acquirer, Charge, ListedTransaction, Transaction
from drivers.errors import DeviceError, DeviceRefused, DeviceUnreachable, OutcomeUnknown
from drivers.sbp.port import Bill, QrBank, QrPayment, QrReturns, QrState
from drivers.sms.port import SmsGateway
from drivers.terminal.port import Approval, CardReader, Carried, Errand, Numbers, Sale, TakingReader
from kiosk.flows.guards.breaker import Guard

_NOBODY_CHARGES_THIS_KEY = "check:0"
_PROBE_WITHIN_S = 5.0


@contextlib.contextmanager
def _working(guard: Guard) -> Iterator[None]:
    """A refusal of one request is an answer. An unknown outcome is no failure yet: it may have been carried out, and
    asking for it shows."""
    try:
        yield
    except DeviceRefused:
        guard.answered()
        raise
    except OutcomeUnknown:
        raise
    except DeviceError as error:
        guard.failed(error, by_work=True)
        raise
    guard.answered()


@contextlib.contextmanager
def _asking(guard: Guard) -> Iterator[None]:
    """A refusal of one question is an answer."""
    try:
        yield
    except DeviceRefused:
        guard.heard()
        raise
    except DeviceError as error:
        guard.failed(error, by_work=False)
        raise
    guard.heard()


class GuardedBank:
    """`Acquirer`."""

    def __init__(self, bank: Acquirer, guard: Guard) -> None:
        self._bank = bank
        self._guard = guard
        self.holds = bank.holds
        self._unknown: set[str] = set()  # keys of charges without an answer, until they are asked for

    async def probe(self) -> bool:
        """For the guard itself. Raises `DeviceError`."""
        await _asked_about_nothing(self._bank)
        return True

    async def ping(self) -> None:
        """For whoever wants to know now; the guard hears what was answered. Raises `DeviceError`."""
        with _asking(self._guard):
            await _asked_about_nothing(self._bank)

    async def charge(self, charge: Charge) -> Transaction:
        """As `Acquirer.charge`; a charge without an answer is remembered until it is asked for. Several guests' in a
        row that are refused as requests are a reason to trip."""
        try:
            found = await self._bank.charge(charge)
        except DeviceRefused as error:
            self._guard.lost(charge.key, str(error))
            raise
        except OutcomeUnknown as error:
            if error.code != NOT_THIS_ONE:  # else three bad tokens would stop sales
                self._unknown.add(charge.key)
            raise
        except DeviceError as error:
            self._guard.failed(error, by_work=True)
            raise
        self._guard.answered()
        return found

    async def find(self, key: str) -> Transaction | None:
        """As `Acquirer.find`; a bank that lost a charge it was given is a reason to trip."""
        unknown = key in self._unknown
        self._unknown.discard(key)  # where the question fails too, the bank was away, and took nothing
        with _asking(self._guard):
            found = await self._bank.find(key)
        if unknown and found is None:
            self._guard.lost(key, "charges without an answer that the bank does not know of")
        return found

    async def listing(self, since: datetime) -> list[ListedTransaction]:
        with _asking(self._guard):
            return await self._bank.listing(since)

    async def capture(self, transaction_id: str, amount_kopecks: int, key: str) -> None:
        with _working(self._guard):
            await self._bank.capture(transaction_id, amount_kopecks, key)

    async def void(self, transaction_id: str, key: str) -> None:
        with _working(self._guard):
            await self._bank.void(transaction_id, key)

    async def refund(self, transaction_id: str, amount_kopecks: int, key: str) -> None:
        with _working(self._guard):
            await self._bank.refund(transaction_id, amount_kopecks, key)

    async def close(self) -> None:
        await self._bank.close()


async def _asked_about_nothing(bank: Acquirer) -> None:
    try:
        async with asyncio.timeout(_PROBE_WITHIN_S):
            await bank.ping()
    except TimeoutError as error:
        raise DeviceUnreachable("bank", "no_answer", f"within {_PROBE_WITHIN_S:g} s") from error


class GuardedReader:
    """`CardReader`. What it shows of somebody else's is an answer too."""

    def __init__(self, reader: CardReader, guard: Guard) -> None:
        self._reader = reader
        self._guard = guard

    async def probe(self) -> bool:
        """For the guard itself, and so that the reader hears of us. Raises `DeviceError`."""
        await self._reader.look()
        return True

    async def look(self) -> str:
        with _questioning(self._guard):
            return await self._reader.look()

    async def prepare(self) -> Numbers:
        with _questioning(self._guard):
            return await self._reader.prepare()

    async def sell(self, sale: Sale) -> Approval:
        with _working(self._guard):
            return await self._reader.sell(sale)

    async def find(self, sale: Sale, before: int) -> Approval | None:
        with _questioning(self._guard):
            return await self._reader.find(sale, before)

    async def abort(self) -> None:
        await self._reader.abort()

    async def finish(self, operation: int, amount_kopecks: int, qr: str = "") -> int:
        with _working(self._guard):
            return await self._reader.finish(operation, amount_kopecks, qr)

    async def close(self) -> None:
        await self._reader.close()


class GuardedTakingReader:
    """`TakingReader`. A refusal of one operation is an answer."""

    def __init__(self, reader: TakingReader, guard: Guard) -> None:
        self._reader = reader
        self._guard = guard

    async def probe(self) -> bool:
        """For the guard itself. Raises `DeviceError`."""
        await self._reader.look()
        return True

    async def look(self) -> str:
        with _questioning(self._guard):
            return await self._reader.look()

    async def prepare(self) -> int:
        with _questioning(self._guard):
            return await self._reader.prepare()

    async def sell(self, sale: Sale) -> Approval:
        with _working(self._guard):
            return await self._reader.sell(sale)

    async def find(self, sale: Sale, before: int) -> Approval | None:
        with _finding(self._guard):
            return await self._reader.find(sale, before)

    async def abort(self) -> None:
        await self._reader.abort()

    async def undo(self, sale: Sale) -> None:
        with _working(self._guard):
            await self._reader.undo(sale)

    async def give_back(self, errand: Errand) -> Carried:
        with _working(self._guard):
            return await self._reader.give_back(errand)

    async def settle(self, errand: Errand) -> Carried:
        with _working(self._guard):
            return await self._reader.settle(errand)

    async def became(self, errand: Errand, before: int) -> Carried | None:
        with _finding(self._guard):
            return await self._reader.became(errand, before)

    async def close(self) -> None:
        await self._reader.close()


@contextlib.contextmanager
def _finding(guard: Guard) -> Iterator[None]:
    """As long as an operation may still come, the reader has answered all the same."""
    try:
        yield
    except DeviceUnreachable as error:
        if error.code == "may_come":
            guard.heard()
        else:
            guard.failed(error, by_work=False)
        raise
    except DeviceError:
        guard.heard()
        raise
    guard.heard()


@contextlib.contextmanager
def _questioning(guard: Guard) -> Iterator[None]:
    """A reader that says it takes no cards will say so to the next guest too."""
    try:
        yield
    except DeviceRefused as error:
        guard.refused(str(error), by_work=False)
        raise
    except DeviceUnreachable as error:
        guard.failed(error, by_work=False)
        raise
    except DeviceError:
        guard.heard()
        raise
    guard.heard()


class GuardedQrBank:
    """`QrBank`."""

    def __init__(self, bank: QrBank, guard: Guard) -> None:
        self._bank = bank
        self._guard = guard

    @property
    def returns(self) -> QrReturns | None:
        found = self._bank.returns
        return None if found is None else _GuardedReturns(found, self._guard)

    async def probe(self) -> bool:
        """For the guard itself: an order that nobody ever names is asked for. Raises `DeviceError`."""
        await self._bank.find(_NOBODY_CHARGES_THIS_KEY)
        return True

    async def register(self, bill: Bill) -> QrPayment:
        with _working(self._guard):
            return await self._bank.register(bill)

    async def code(self, bank_id: str) -> str:
        with _asking(self._guard):
            return await self._bank.code(bank_id)

    async def find(self, order: str) -> QrPayment | None:
        with _asking(self._guard):
            return await self._bank.find(order)

    async def look(self, bank_id: str) -> QrPayment:
        with _asking(self._guard):
            return await self._bank.look(bank_id)

    async def cancel(self, bank_id: str) -> QrPayment:
        with _working(self._guard):
            return await self._bank.cancel(bank_id)

    async def close(self) -> None:
        await self._bank.close()


class _GuardedReturns:
    """`QrReturns`."""

    def __init__(self, returns: QrReturns, guard: Guard) -> None:
        self._returns = returns
        self._guard = guard

    async def returned(self, bank_id: str, key: str, amount_kopecks: int | None) -> QrState | None:
        with _asking(self._guard):
            return await self._returns.returned(bank_id, key, amount_kopecks)

    async def give_back(self, bank_id: str, key: str, amount_kopecks: int) -> QrState:
        with _working(self._guard):
            return await self._returns.give_back(bank_id, key, amount_kopecks)


class GuardedSms:
    """`SmsGateway`."""

    def __init__(self, sms: SmsGateway, guard: Guard) -> None:
        self._sms = sms
        self._guard = guard

    async def send(self, to: str, text: str, client_id: str) -> None:
        """As `SmsGateway.send`; a message whose outcome nobody knows counts against the gateway."""
        try:
            with _working(self._guard):
                await self._sms.send(to, text, client_id)
        except OutcomeUnknown as error:  # nobody can be asked what became of it
            self._guard.lost(client_id, str(error))
            raise

    async def probe(self) -> None:
        await self._sms.probe()

    async def alive(self) -> bool:
        """Raises `DeviceUnreachable`."""
        await self._sms.probe()
        return True

    async def close(self) -> None:
        await self._sms.close()
