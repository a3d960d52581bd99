"""The registrars, and the turn at the one in use: nobody else in the process holds a registrar."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from drivers.fiscal.port import FiscalOffice, FiscalStatus, FiscalSwitch


class RegistrarDesk:
    """What belongs together at the registrar in use is done within one turn; turns go one after another."""

    def __init__(self, registrars: FiscalSwitch) -> None:
        self._registrars = registrars
        self._turn = asyncio.Lock()

    @property
    def active(self) -> str:
        """The name of the one in use."""
        return self._registrars.active

    @property
    def names(self) -> list[str]:
        return self._registrars.names

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[FiscalOffice]:
        """The registrar in use, alone until the end of the block."""
        async with self._turn:
            yield self._registrars

    @asynccontextmanager
    async def at(self, name: str) -> AsyncIterator[FiscalOffice]:
        """A registrar by its name: the one in use in its turn, a spare beside it, so that one that is slow to answer
        holds up no receipt. Raises `KeyError` for a name that is not configured."""
        if name == self.active:
            async with self._turn:
                yield self._registrars.at(name)
        else:
            yield self._registrars.at(name)

    @asynccontextmanager
    async def all(self) -> AsyncIterator[dict[str, FiscalOffice]]:
        """Every registrar by its name, the one in use first and in its turn."""
        async with self._turn:
            names = sorted(self.names, key=lambda name: name != self.active)
            yield {name: self._registrars.at(name) for name in names}

    async def status(self, name: str | None = None) -> FiscalStatus:
        """A look at the one in use, or at that of a name. It takes no turn: it delays no receipt by more than one
        question. Raises `DeviceError`."""
        return await (self._registrars if name is None else self._registrars.at(name)).status()

    def use(self, name: str) -> None:
        """Sell through that one from now on; within a turn, or before there is one. Raises `KeyError`."""
        self._registrars.use(name)
