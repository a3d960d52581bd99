"""The client half of ATOL's web server: a task is posted under a uuid, its result polled, a stopped queue released
(atol_web.md#server)."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
import uuid as uuids
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, TypeVar

import msgspec

from drivers.errors import DeviceRefused, DeviceUnreachable, OutcomeUnknown
from drivers.fiscal.atol.errors import driver_text, driver_word
from drivers.fiscal.port import DEVICE
from drivers.http import HttpDevice, UnreadableAnswer, read_json
from drivers.tap import Tap

Task = Mapping[str, Any]
_NO_LINK = (1, 2, 3, 4)
_TRIES = 3
_MOST_DIGITS = 10  # of a code
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AtolWebTimeouts:
    call_s: float = 5.0  # one HTTP call
    question_s: float = 15.0  # a task that changes nothing
    task_s: float = 120.0  # a receipt, a shift
    poll_s: float = 0.25  # the longest pause between two looks
    again_s: float = 1.0  # after a POST that broke off, before it is sent again under its uuid


class AtolRefused(DeviceRefused):
    """A task ended in an error; `number` is the vendor driver's code."""

    def __init__(self, number: int, detail: str = "") -> None:
        super().__init__(DEVICE, driver_word(number), f"{number} {detail or driver_text(number)}")
        self.number = number


_Code = int | float | str | None  # a number by the documents; some versions quote theirs


class _Error(msgspec.Struct):
    code: _Code = 0
    description: str | None = ""


class Result(msgspec.Struct):
    """Of one task. The older form of the server puts its errors at the top level."""

    status: str
    error: _Error | None = None
    error_code: _Code = msgspec.field(name="errorCode", default=0)
    error_description: str | None = msgspec.field(name="errorDescription", default="")
    result: Any = None

    @property
    def code(self) -> int:
        """0 for none, and for what is no number."""
        told = str(self.error.code if self.error is not None else self.error_code).removesuffix(".0")
        return int(told) if told.isascii() and told.isdigit() and len(told) <= _MOST_DIGITS else 0

    @property
    def refusal(self) -> AtolRefused:
        told = self.error.description if self.error is not None else self.error_description
        return AtolRefused(self.code or 502, told or "")


class _Results(msgspec.Struct):
    results: list[Result]


class _Accepted(msgspec.Struct):
    is_blocked: bool = msgspec.field(name="isBlocked", default=False)
    blocked_uuid: str | None = msgspec.field(name="blockedUUID", default=None)


class Fate(Enum):
    """What became of a request, by its results."""

    READY = "ready"
    PENDING = "pending"
    FAILED = "failed"
    BLOCKED = "blocked"


def fate_of(results: Sequence[Result]) -> Fate:
    statuses = {result.status for result in results}
    if "blocked" in statuses:
        return Fate.BLOCKED
    if statuses & {"wait", "inProgress"}:
        return Fate.PENDING
    return Fate.READY if statuses == {"ready"} else Fate.FAILED


class AtolWebServer:
    """Requests with their uuids. Not reentrant: the registrar's lock serialises."""

    def __init__(
        self,
        url: str,
        *,
        login: str,
        timeouts: AtolWebTimeouts,
        api: Literal["v1", "v2"],
        tap: Tap | None = None,
    ) -> None:
        """`login`: `user:password`, empty for a server that asks nobody. `tap` hears calls and answers, each as a line
        with its body; never the login."""
        self._http = HttpDevice(DEVICE, url, "", timeouts.call_s)
        self._path = "/api/v2/requests" if api == "v2" else "/requests"
        token = base64.b64encode(login.encode() if ":" in login else f"{login}:".encode()).decode()
        self._headers = {"Authorization": f"Basic {token}"} if login else None
        self.timeouts = timeouts
        self._tap = tap

    async def close(self) -> None:
        await self._http.close()

    async def ask(self, *tasks: Task) -> list[Any]:
        """Questions change nothing: no answer is `DeviceUnreachable`, an error `AtolRefused`."""
        uuid = str(uuids.uuid4())
        results = None
        for _ in range(_TRIES):
            with contextlib.suppress(OutcomeUnknown):  # the next look shows whether it is queued
                await self.post(uuid, tasks)
            results = await self.wait(uuid, self.timeouts.question_s)
            if results is not None:
                break
        if results is None or (fate := fate_of(results)) is Fate.PENDING or fate is Fate.BLOCKED:
            await self.release(uuid)
            raise DeviceUnreachable(DEVICE, "silent", f"{tasks[0]['type']}: the register does not answer")
        for result in results:
            if result.status != "ready" and result.code in _NO_LINK:
                raise DeviceUnreachable(DEVICE, "silent", result.refusal.detail)
            if result.status != "ready":
                raise result.refusal
        if len(results) != len(tasks):
            raise DeviceUnreachable(DEVICE, "unreadable_answer", f"{len(results)} answers to {len(tasks)} questions")
        return [result.result for result in results]

    async def post(self, uuid: str, tasks: Sequence[Task]) -> None:
        """Queue `tasks`; a queue that is blocked by an unknown outcome is released, since the drive settles that.

        `DeviceUnreachable`: nothing was sent. `AtolRefused`: not taken. `OutcomeUnknown`: it may be queued.
        """
        status, body = await self._call("POST", self._path, {"uuid": uuid, "request": list(tasks)})
        if status == 409:  # the server has it already
            return
        if status in (401, 403):
            raise DeviceUnreachable(DEVICE, "unauthorized", f"HTTP {status}")
        if 400 <= status < 500:
            raise AtolRefused(501, body[:200].decode("utf-8", "replace"))
        if status not in (200, 201):
            raise OutcomeUnknown(DEVICE, "unexpected_answer", f"HTTP {status}")
        accepted = _decode(body, _Accepted)
        if accepted.is_blocked and accepted.blocked_uuid and accepted.blocked_uuid != uuid:
            _log.warning("%s: the queue stood still at %s", DEVICE, accepted.blocked_uuid)
            await self.release(accepted.blocked_uuid)

    async def look(self, uuid: str) -> list[Result] | None:
        """The results so far; None for a uuid the server does not know. Raises `DeviceUnreachable`."""
        error: OutcomeUnknown | None = None
        for _ in range(_TRIES):
            try:
                status, body = await self._call("GET", f"{self._path}/{uuid}")
                if status == 404:
                    return None
                if status != 200:
                    raise DeviceUnreachable(DEVICE, "unexpected_answer", f"HTTP {status}")
                return _decode(body, _Results).results
            except OutcomeUnknown as lost:
                error = lost
        raise DeviceUnreachable(DEVICE, "silent", str(error)) from error

    async def wait(self, uuid: str, within_s: float) -> list[Result] | None:
        """Look until it is finished or `within_s` has passed: the last results then."""
        deadline, pause_s = self._now() + within_s, 0.005
        while True:
            results = await self.look(uuid)
            if results is None or fate_of(results) is not Fate.PENDING or self._now() >= deadline:
                return results
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, self.timeouts.poll_s)

    async def release(self, uuid: str) -> None:
        """Cancel what waits, let a stopped queue go on; whether it helped shows in the next look."""
        try:
            await self._call("DELETE", f"{self._path}/{uuid}")
        except OutcomeUnknown as error:
            _log.warning("%s: release of %s: %s", DEVICE, uuid, error)

    async def _call(self, method: str, path: str, json: Mapping[str, object] | None = None) -> tuple[int, bytes]:
        self._note(f"{method} {path}", b"" if json is None else msgspec.json.encode(json), is_sent=True)
        status, body = await self._http.call(method, path, headers=self._headers, json=json)
        self._note(f"HTTP {status}", body, is_sent=False)
        return status, body

    def _note(self, line: str, body: bytes, *, is_sent: bool) -> None:
        if self._tap is not None:
            self._tap.note(line.encode() + b"\n" + body, is_sent=is_sent)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


_T = TypeVar("_T")


def _decode(body: bytes, kind: type[_T]) -> _T:
    try:
        return read_json(body, kind)
    except UnreadableAnswer as error:
        raise OutcomeUnknown(DEVICE, "unreadable_answer", str(error)) from error
