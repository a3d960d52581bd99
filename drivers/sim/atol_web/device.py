"""ATOL's web server as a device: JSON tasks before one register, uuids never forgotten (atol_web.md#server)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from aiohttp import web

from drivers.fiscal.atol import errors
from drivers.sim.atol.tasks import TaskError, run_task
from drivers.sim.atol.till import Till
from drivers.sim.faults import Faults
from drivers.sim.gateways.http import HttpSimulator, serving
from drivers.sim.register_setup import RegisterSetup
from drivers.sim.site import HERE, Site
from drivers.sim.world import Change, World

# `lose_answer`, once: "after" is POST or GET (the HTTP answer breaks off; a POST with "late": seconds arrives then)
# or a task's type (the server loses the register's answer: blocked; with "before": true it never reached it).
# `wrong_answer`, once: the task is carried out (with "before": true it is not) and that error answers.
KNOWN_FAULTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "paper_out": (),
        "cover_open": (),
        "printer_fault": (),
        "no_counters": (),
        "drive_expires": ("days",),
        "drive_full": (),
        "off": (),
        "lose_answer": ("after",),
        "slow": ("seconds",),
        "refuse_tag": ("tag",),
        "wrong_answer": ("after", "code"),
        "down": (),
    }
)
AS_SOLD = RegisterSetup()
_DEFAULT_SERIAL = "9999078900012345"
_NO_LINK = 2
_KEPT = 5000  # requests
_WAITING, _RUNNING, _BLOCKED = "wait", "inProgress", "blocked"


class AtolWebDevice(HttpSimulator):
    """`POST|GET|DELETE /api/v2/requests`, and the same as `/requests` with the older form of errors."""

    faults: Faults

    def __init__(
        self,
        world: World,
        *,
        seed: int | None = None,
        now: Callable[[], datetime] = HERE.now,
        setup: RegisterSetup = AS_SOLD,
    ) -> None:
        super().__init__(
            [
                web.post("/api/v2/requests", self._post),
                web.post("/requests", self._post),
                web.get("/api/v2/requests/{uuid}", self._get),
                web.get("/requests/{uuid}", self._get_old),
                web.delete("/api/v2/requests/{uuid}", self._delete),
                web.delete("/requests/{uuid}", self._delete),
            ]
        )
        self.faults = Faults(KNOWN_FAULTS, self._fault_changed)
        self._world = world
        self.till = Till(
            world,
            self.faults,
            serial=_DEFAULT_SERIAL if seed is None else f"9999{seed % 10**12:012d}",
            now=now,
            setup=setup,
        )
        self._queued = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self._late: asyncio.TimerHandle | None = None
        self._recover()

    async def start(self, port: int) -> None:
        await super().start(port)
        self._worker = asyncio.create_task(self._work())

    async def stop(self) -> None:
        if self._late is not None:
            self._late.cancel()
        if self._worker is not None:
            self._worker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._worker
        await super().stop()

    def state(self) -> dict[str, Any]:
        drive = self.till.drive.state
        return {
            "port": self.port,
            "drive_number": drive.serial,
            "last_document": drive.last_document,
            "shift": drive.shift,
            "shift_open": drive.shift_open,
            "blocked": self._blocked(),
            "requests": len(self._requests()),
            "receipt_open": self.till.receipt is not None,
            "device_time": self.till.now().isoformat(timespec="seconds"),
        }

    # The calls.

    async def _post(self, request: web.Request) -> web.StreamResponse:
        try:
            body = await request.json()
            uuid, tasks = body["uuid"], body["request"]
            tasks = tasks if isinstance(tasks, list) else [tasks]
            if not isinstance(uuid, str) or not uuid or not all(isinstance(task, dict) for task in tasks) or not tasks:
                raise ValueError
        except (ValueError, KeyError, TypeError):
            return web.json_response(_error(501), status=400)
        lost = self._takes("lose_answer", "POST")
        if lost is not None and "late" in lost:
            self._late = asyncio.get_running_loop().call_later(float(lost["late"]), self._take, uuid, tasks)
            return await self._hang_up(request)
        record = self._take(uuid, tasks)
        if record is None:
            return web.json_response(_error(501), status=409)
        if lost is not None:
            return await self._hang_up(request)
        blocked = self._blocked()
        answer = {"uuid": uuid, "number": record["number"], "isBlocked": blocked is not None, "blockedUUID": blocked}
        return web.json_response(answer, status=201)

    def _take(self, uuid: str, tasks: list[dict[str, Any]]) -> dict[str, Any] | None:
        """Queue them; None for a uuid that was taken before."""
        if self._load(uuid) is not None:
            return None
        record: dict[str, Any] = {
            "uuid": uuid,
            "number": self._world.get("number", 0) + 1,
            "tasks": tasks,
            "results": [{"status": _WAITING, "code": 0, "result": None} for _ in tasks],
        }
        self._save(record, number=record["number"])
        self._queued.set()
        return record

    async def _get(self, request: web.Request) -> web.StreamResponse:
        return await self._results(request, lambda result: {"error": _error(result["code"])["error"]})

    async def _get_old(self, request: web.Request) -> web.StreamResponse:
        return await self._results(
            request,
            lambda result: {
                "errorCode": result["code"],
                "errorDescription": _error(result["code"])["error"]["description"],
            },
        )

    async def _results(
        self, request: web.Request, form: Callable[[dict[str, Any]], dict[str, Any]]
    ) -> web.StreamResponse:
        record = self._load(request.match_info["uuid"])
        if self._takes("lose_answer", "GET"):
            return await self._hang_up(request)
        if record is None:
            return web.json_response(_error(501), status=404)
        results = [
            {"status": result["status"], "result": result["result"], **form(result)} for result in record["results"]
        ]
        return web.json_response({"results": results})

    async def _delete(self, request: web.Request) -> web.StreamResponse:
        """A task that waits is cancelled; a blocked one lets the queue go on, its outcome stays unknown."""
        record = self._load(request.match_info["uuid"])
        if record is None:
            return web.json_response(_error(501), status=404)
        for result in record["results"]:
            if result["status"] == _WAITING:
                result["status"] = "canceled"
        record["released"] = True
        self._save(record)
        self._queued.set()
        return web.json_response({"uuid": record["uuid"]})

    # The queue.

    async def _work(self) -> None:
        while True:
            self._queued.clear()
            while self._blocked() is None and (record := self._next()) is not None:
                await self._run(record)
            await self._queued.wait()

    async def _run(self, record: dict[str, Any]) -> None:
        for task, result in zip(record["tasks"], record["results"], strict=True):
            if result["status"] != _WAITING:
                continue
            if any(other["status"] in ("error", _BLOCKED) for other in record["results"]):
                result |= {"status": "interrupted", "code": 502}
                continue
            result["status"] = _RUNNING
            self._save(record)
            self._carry_out(task, result)
            if (slow := self.faults.on("slow")) is not None:
                await asyncio.sleep(float(slow["seconds"]))
        self._save(record)

    def _carry_out(self, task: dict[str, Any], result: dict[str, Any]) -> None:
        lost = self._takes("lose_answer", str(task.get("type")))
        if self.faults.on("off") is not None:
            result |= {"status": "error", "code": _NO_LINK}
            return
        wrong = self._takes("wrong_answer", str(task.get("type")))
        try:
            if not any(fault is not None and fault.get("before") for fault in (lost, wrong)):
                result |= {"status": "ready", "result": run_task(self.till, task)}
        except TaskError as error:
            result |= {"status": "error", "code": error.code}
        if wrong is not None:
            result |= {"status": "error", "code": int(wrong["code"]), "result": None}
        if lost is not None:
            result |= {"status": _BLOCKED, "code": _NO_LINK, "result": None}

    def _takes(self, name: str, what: str) -> dict[str, Any] | None:
        """A fault that strikes once, after `what`."""
        fault = self.faults.on(name)
        return self.faults.take(name) if fault is not None and fault["after"] == what else None

    def _recover(self) -> None:
        """What ran when the power went has an unknown outcome."""
        for record in self._requests():
            running = [result for result in record["results"] if result["status"] == _RUNNING]
            for result in running:
                result |= {"status": _BLOCKED, "code": _NO_LINK}
            if running:
                self._save(record)
        if self.till.receipt is not None:
            self.till.cancel_receipt()
        self._queued.set()

    def _requests(self) -> list[dict[str, Any]]:
        return sorted((record for _, record in self._world.scan("open:")), key=lambda record: record["number"])

    def _next(self) -> dict[str, Any] | None:
        waiting = (
            record for record in self._requests() if any(result["status"] == _WAITING for result in record["results"])
        )
        return next(waiting, None)

    def _blocked(self) -> str | None:
        for record in self._requests():
            if any(result["status"] == _BLOCKED for result in record["results"]) and not record.get("released"):
                return str(record["uuid"])
        return None

    def _load(self, uuid: str) -> dict[str, Any] | None:
        record: dict[str, Any] | None = self._world.get(f"open:{uuid}") or self._world.get(f"done:{uuid}")
        return record

    def _save(self, record: dict[str, Any], number: int | None = None) -> None:
        """What is done is kept apart, so that a long day does not slow the queue down."""
        statuses = {result["status"] for result in record["results"]}
        is_open = bool(statuses & {_WAITING, _RUNNING}) or (_BLOCKED in statuses and not record.get("released"))
        with self._world.change() as change:
            change.delete(f"{'done' if is_open else 'open'}:{record['uuid']}")
            change.put(f"{'open' if is_open else 'done'}:{record['uuid']}", record)
            if number is not None:
                change.put("number", number)
                self._forget(change, number)
                change.put(f"order:{number:010d}", record["uuid"])

    def _forget(self, change: Change, number: int) -> None:
        """A server keeps its results for a time only."""
        oldest = f"order:{number - _KEPT:010d}"
        uuid = self._world.get(oldest)
        if uuid is not None:
            change.delete(oldest)
            change.delete(f"done:{uuid}")


def _error(code: int) -> dict[str, Any]:
    return {"error": {"code": code, "description": errors.driver_text(code) if code else "Ошибок нет"}}


def atol_web(
    port: int,
    *,
    state: Path,
    ledger: Path,
    control: Path | None = None,
    seed: int | None = None,
    setup: RegisterSetup = AS_SOLD,
    site: Site = HERE,
) -> AbstractAsyncContextManager[AtolWebDevice]:
    """The device for the length of the block; `port` 0 takes a free one."""
    world = World("fiscal", state, ledger, site)
    return serving(AtolWebDevice(world, seed=seed, now=site.now, setup=setup), world, port, control)
