"""The product's database beside a loop that hurries (`tests.patient_loop`): its threads work elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

from kiosk.store.database import Database
from tests.patient_loop import HurriedLoop

T = TypeVar("T")


class AwaitedDatabase(Database):
    """`Parts.database`: while it is asked for something, time is the machine's."""

    def _elsewhere(self) -> AbstractContextManager[None]:
        loop = asyncio.get_running_loop()
        return loop.foreign() if isinstance(loop, HurriedLoop) else nullcontext()

    async def write(self, run: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        with self._elsewhere():
            return await super().write(run, *args, **kwargs)

    async def between(self, run: Callable[..., T]) -> T:
        with self._elsewhere():
            return await super().between(run)

    async def _look(self, readers: Any, run: Callable[..., T]) -> T:
        with self._elsewhere():
            return await super()._look(readers, run)

    async def _add_reader(self, readers: Any) -> None:
        with self._elsewhere():
            await super()._add_reader(readers)

    async def close(self) -> None:
        with self._elsewhere():
            await super().close()
