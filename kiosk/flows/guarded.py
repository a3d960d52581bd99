"""Devices as the house sees them: every call tells its guard what came of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from datetime import datetime

from drivers.bank.port import NOT_THIS_ONE, Acquirer, Charge, ListedTransaction, Transaction
from drivers.errors import DeviceError, DeviceRefused, DeviceUnreachable, OutcomeUnknown
from drivers.sms.port import SmsGateway
from kiosk.flows.guarding import Guard

_NOBODY_CHARGES_THIS_KEY = "check:0"
_PROBE_WITHIN_S = 5.0


@contextlib.contextmanager
def _working(guard: Guard) -> Iterator[None]:
    """A refusal of one request is an answer. An unknown outcome is no failure yet: it may have been carried out, and
    asking for it tells."""
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
    try:
        yield
    except DeviceError as error:
        guard.failed(error, by_work=False)
        raise
    guard.heard()


class GuardedBank:
    """`Acquirer`."""

    def __init__(self, bank: Acquirer, guard: Guard) -> None:
        self._bank = bank
        self._guard = guard
        self._unknown: set[str] = set()  # keys of charges without an answer, until they are asked for

    async def probe(self) -> bool:
        """For the guard itself. Raises `DeviceError`."""
        await _asked_about_nothing(self._bank)
        return True

    async def alive(self) -> None:
        """For whoever wants to know now; the guard is told of what was answered. Raises `DeviceError`."""
        await _asked_about_nothing(self)

    async def charge(self, charge: Charge) -> Transaction:
        try:
            with _working(self._guard):
                return await self._bank.charge(charge)
        except OutcomeUnknown as error:
            if error.code != NOT_THIS_ONE:  # else three bad tokens would close the house
                self._unknown.add(charge.key)
            raise

    async def find(self, key: str) -> Transaction | None:
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

    async def void(self, transaction_id: str, key: str) -> None:
        with _working(self._guard):
            await self._bank.void(transaction_id, key)

    async def refund(self, transaction_id: str, amount_kopecks: int, key: str) -> None:
        with _working(self._guard):
            await self._bank.refund(transaction_id, amount_kopecks, key)

    async def close(self) -> None:
        await self._bank.close()


async def _asked_about_nothing(bank: Acquirer) -> None:
    """A key that nobody ever charges is asked for: any answer is life."""
    try:
        async with asyncio.timeout(_PROBE_WITHIN_S):
            await bank.find(_NOBODY_CHARGES_THIS_KEY)
    except TimeoutError as error:
        raise DeviceUnreachable("bank", "no_answer", f"within {_PROBE_WITHIN_S:g} s") from error


class GuardedSms:
    """`SmsGateway`."""

    def __init__(self, sms: SmsGateway, guard: Guard) -> None:
        self._sms = sms
        self._guard = guard

    async def send(self, to: str, text: str, client_id: str) -> None:
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
