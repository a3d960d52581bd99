"""One request after another of an intent: its uuid is derived from the intent, so the server takes it once
(atol_web.md#server)."""

from __future__ import annotations

import asyncio
import logging
import uuid as uuids
from collections.abc import Sequence
from dataclasses import dataclass

from drivers.errors import DeviceRefused, DeviceUnreachable, ForeignState, OutcomeUnknown
from drivers.fiscal.atol_web.archive import UNREADABLE, parse_receipt
from drivers.fiscal.atol_web.client import AtolRefused, AtolWebServer, Fate, Result, Task, fate_of
from drivers.fiscal.once import Once
from drivers.fiscal.port import DEVICE, FiscalDocument, FiscalIntent

_NAMESPACE = uuids.UUID("6f2c1a54-6b0e-5d0c-9b5e-2b9a8f6e7d10")
_ATTEMPTS = 50  # requests of one intent, each after the one before was proved to have failed
_POSTS = 3
_log = logging.getLogger(__name__)


def uuid_of(intent: FiscalIntent, attempt: int) -> str:
    """As good as stored: another process derives the same from the stored intent, and asks for it before it posts."""
    counter = intent.counter
    words = (
        counter.drive_number,
        counter.last_document,
        intent.order_id,
        int(intent.operation),
        int(intent.correction),
        intent.total_kopecks,
        intent.intended_at.isoformat(),
        attempt,
    )
    return str(uuids.uuid5(_NAMESPACE, "|".join(map(str, words))))


@dataclass(frozen=True, slots=True)
class WebRequests:
    """Registers and finds again: the server knows its requests, the drive its documents."""

    server: AtolWebServer
    once: Once

    async def register(self, task: Task, intent: FiscalIntent) -> FiscalDocument:
        """`DeviceRefused`: proved absent. `OutcomeUnknown`: ask `find` later."""
        known, fresh = await self._known(intent)
        if known is not None:
            return known
        already = await self.once.already(await self.once.evidence.drive(), intent)
        if already is not None:
            return already
        try:
            results = await self._deliver(fresh, task, intent)
        except AtolRefused as refused:  # whoever answered, perhaps somebody between us and the server: no proof
            return await self.once.settle(intent, refused)
        return await self._finish(fresh, results, intent)

    async def find(self, intent: FiscalIntent) -> FiscalDocument | None:
        known, _ = await self._known(intent)
        return known if known is not None else await self.once.find(intent)

    async def _known(self, intent: FiscalIntent) -> tuple[FiscalDocument | None, str]:
        """The document of an earlier request of this intent, else the first uuid the server has never seen."""
        for attempt in range(_ATTEMPTS):
            uuid = uuid_of(intent, attempt)
            results = await self.server.look(uuid)
            if results is None:
                return None, uuid
            finished = await self._until_finished(uuid, results)
            if fate_of(finished) is Fate.READY and (document := self._told(finished, intent)) is not None:
                return document, uuid
        raise ForeignState(DEVICE, "too_many_attempts", intent.order_id)

    async def _until_finished(self, uuid: str, results: Sequence[Result]) -> Sequence[Result]:
        """A request under way must end before anything is proved. A question behind it in the queue releases a queue
        that stands still."""
        if fate_of(results) is Fate.PENDING:
            await self._question()
            later = await self.server.wait(uuid, self.server.timeouts.question_s)
            if later is None or fate_of(later) is Fate.PENDING:
                await self.server.release(uuid)
                later = await self.server.look(uuid)
            if later is None or fate_of(later) is Fate.PENDING:
                raise OutcomeUnknown(DEVICE, "in_progress", uuid)
            results = later
        if fate_of(results) is Fate.BLOCKED:
            await self.server.release(uuid)
        return results

    async def _question(self) -> None:
        """Behind a request whose outcome is open a refusal says nothing of it."""
        try:
            await self.once.evidence.drive()
        except DeviceRefused as error:
            raise OutcomeUnknown(DEVICE, error.code, error.detail) from error

    async def _deliver(self, uuid: str, task: Task, intent: FiscalIntent) -> Sequence[Result]:
        """Post until the server has it. After a POST that broke off the uuid is asked for first, and the drive, then
        the same uuid is posted again: the server takes it once."""
        error: OutcomeUnknown | None = None
        for _ in range(_POSTS):
            try:
                await self.server.post(uuid, (task,))
            except OutcomeUnknown as lost:
                error = lost
            except (DeviceRefused, DeviceUnreachable) as refused:  # it says nothing of the one before
                if error is not None:
                    raise OutcomeUnknown(DEVICE, refused.code, refused.detail) from refused
                raise
            results = await self._results(uuid)
            if results is not None:
                return results
            await asyncio.sleep(self.server.timeouts.again_s)
            await self._require_absent(intent)
        raise OutcomeUnknown(DEVICE, "not_taken", str(error))

    async def _results(self, uuid: str) -> Sequence[Result] | None:
        try:
            return await self.server.wait(uuid, self.server.timeouts.task_s)
        except (DeviceUnreachable, OutcomeUnknown) as error:
            raise OutcomeUnknown(DEVICE, error.code, error.detail) from error

    async def _require_absent(self, intent: FiscalIntent) -> None:
        if await self.once.look(intent) is not None:
            raise OutcomeUnknown(DEVICE, "registered_meanwhile", intent.order_id)

    async def _finish(self, uuid: str, results: Sequence[Result], intent: FiscalIntent) -> FiscalDocument:
        fate = fate_of(results)
        if fate is Fate.PENDING:
            raise OutcomeUnknown(DEVICE, "in_progress", uuid)
        if fate is Fate.READY and (document := self._told(results, intent)) is not None:
            return document
        refusal = next((result.refusal for result in results if result.status != "ready"), AtolRefused(502))
        if fate is Fate.BLOCKED:
            await self._released(uuid)
        return await self.once.settle(intent, refusal)

    async def _released(self, uuid: str) -> None:
        try:
            await self.server.release(uuid)
        except DeviceUnreachable as error:
            raise OutcomeUnknown(DEVICE, "queue_blocked", str(error)) from error

    @staticmethod
    def _told(results: Sequence[Result], intent: FiscalIntent) -> FiscalDocument | None:
        """What the server says it registered; None where that is not what was asked for, then the drive is read."""
        try:
            document = parse_receipt(results[0].result, intent)
        except (*UNREADABLE, IndexError) as error:
            _log.warning("%s: the receipt's answer makes no sense: %s", DEVICE, error)
            return None
        same_drive = document.drive_number == intent.counter.drive_number
        later = document.number > intent.counter.last_document
        return document if same_drive and later and document.total_kopecks == intent.total_kopecks else None
