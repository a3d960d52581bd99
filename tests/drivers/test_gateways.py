"""The SMS and push drivers against their simulated gateways, and what each failure says about the outcome."""

from __future__ import annotations

import asyncio
import json
import select
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from aiohttp import web

from drivers.errors import DeviceError, DeviceRefused, DeviceUnreachable, OutcomeUnknown
from drivers.push.gateway import HttpPushGateway
from drivers.sim.gateways.push import push
from drivers.sim.gateways.sms import SmsDevice, sms
from drivers.sms.gateway import HttpSmsGateway
from tests.patient_loop import foreign
from tests.restaurant import ledger, short_folder, until

D = TypeVar("D", HttpSmsGateway, HttpPushGateway)
PHONE = "+79161234567"


@pytest.fixture
def folder() -> Any:
    found = short_folder()
    yield found
    shutil.rmtree(found, ignore_errors=True)


@asynccontextmanager
async def sms_pair(folder: Path, timeout_s: float = 10.0) -> AsyncIterator[tuple[SmsDevice, HttpSmsGateway]]:
    async with (
        sms(0, state=folder / "sms.state", ledger=folder / "sms.jsonl") as device,
        closing(HttpSmsGateway(device.url, timeout_s=timeout_s)) as driver,
    ):
        yield device, driver


@asynccontextmanager
async def closing(driver: D) -> AsyncIterator[D]:
    try:
        yield driver
    finally:
        await driver.close()


@asynccontextmanager
async def answering(status: int, seen: list[web.Request]) -> AsyncIterator[str]:
    """A gateway that answers everything with `status`."""

    async def answer(request: web.Request) -> web.Response:
        seen.append(request)
        return web.json_response({"error": "because", "to": PHONE}, status=status)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_an_sms_is_sent_once_for_one_client_id_also_after_a_restart_of_the_gateway(folder: Path) -> None:
    for _ in range(2):
        async with sms_pair(folder) as (_, driver):
            await driver.send(PHONE, "Заказ А-12 готов", "c1")
            await driver.send(PHONE, "Заказ А-12 готов", "c1")
    async with sms_pair(folder) as (_, driver):
        await driver.send(PHONE, "Заказ А-13 готов", "c2")
    lines = [{name: line[name] for name in line if name != "at"} for line in ledger(folder / "sms.jsonl")]
    assert lines == [
        {"device": "sms", "effect": "sent", "to": PHONE, "text": f"Заказ А-{n} готов", "client_id": c}
        for n, c in ((12, "c1"), (13, "c2"))
    ]


async def test_a_push_is_sent_once_with_title_and_body(folder: Path) -> None:
    async with (
        push(0, state=folder / "push.state", ledger=folder / "push.jsonl") as device,
        closing(HttpPushGateway(device.url)) as driver,
    ):
        for _ in range(2):
            await driver.send("device-1", "Готово", "Ячейка 3", "c1")
        with pytest.raises(DeviceRefused):
            await driver.send("gone-1", "Готово", "Ячейка 3", "c2")
    (line,) = ledger(folder / "push.jsonl")
    assert (line["device"], line["effect"], line["to"]) == ("push", "sent", "device-1")
    assert (line["title"], line["body"], line["client_id"]) == ("Готово", "Ячейка 3", "c1")


@pytest.mark.parametrize(("to", "text"), [("89161234567", "да"), ("", "да"), (PHONE, " "), (PHONE, "а" * 671)])
async def test_what_no_network_carries_is_refused(folder: Path, to: str, text: str) -> None:
    async with sms_pair(folder) as (_, driver):
        with pytest.raises(DeviceRefused):
            await driver.send(to, text, "c1")
    assert ledger(folder / "sms.jsonl") == []


async def test_a_gateway_that_is_down_is_unreachable_also_over_a_connection_kept_alive(folder: Path) -> None:
    async with sms_pair(folder) as (device, driver):
        await driver.send(PHONE, "один", "c1")
        device.faults.switch("down", on=True)
        with pytest.raises(DeviceError):
            await driver.send(PHONE, "два", "c2")

        async def refused() -> bool:
            with pytest.raises(DeviceError) as failure:
                await driver.send(PHONE, "два", "c2")
            return isinstance(failure.value, DeviceUnreachable)

        await until(refused)
        device.faults.switch("down", on=False)
        await until(lambda: _succeeds(driver.send(PHONE, "два", "c2")))
    assert [line["text"] for line in ledger(folder / "sms.jsonl")] == ["один", "два"]


async def _succeeds(call: Awaitable[None]) -> bool:
    try:
        await call
    except DeviceError:
        return False
    return True


async def test_a_lost_answer_is_unknown_and_a_repetition_sends_nothing_new(folder: Path) -> None:
    async with sms_pair(folder) as (device, driver):
        device.faults.switch("lose_answer", on=True)
        with pytest.raises(OutcomeUnknown):
            await driver.send(PHONE, "раз", "c1")
        await driver.send(PHONE, "раз", "c1")
        assert device.state()["requests"] == 2
    assert len(ledger(folder / "sms.jsonl")) == 1


async def test_silence_ends_at_the_deadline_and_is_unknown(folder: Path) -> None:
    async with sms_pair(folder, timeout_s=0.1) as (device, driver):
        device.faults.switch("slow", {"seconds": 60})
        async with asyncio.timeout(40):
            with pytest.raises(OutcomeUnknown):
                await driver.send(PHONE, "раз", "c1")


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (400, DeviceRefused, "refused"),
        (410, DeviceRefused, "refused"),
        (422, DeviceRefused, "refused"),
        (401, DeviceUnreachable, "unauthorized"),
        (403, DeviceUnreachable, "unauthorized"),
        (408, DeviceUnreachable, "busy"),
        (429, DeviceUnreachable, "busy"),
        (302, OutcomeUnknown, "unexpected_answer"),
        (500, OutcomeUnknown, "unexpected_answer"),
        (503, OutcomeUnknown, "unexpected_answer"),
    ],
)
@pytest.mark.parametrize("device", ["sms", "push"])
async def test_what_a_status_says_about_the_outcome(device: str, status: int, kind: type, code: str) -> None:
    async with answering(status, []) as url:
        with pytest.raises(DeviceError) as failure:
            await _send(device, url)
    assert (type(failure.value), failure.value.code, failure.value.device) == (kind, code, device)
    assert PHONE not in str(failure.value)


@pytest.mark.parametrize(("device", "path"), [("sms", "/v1/messages"), ("push", "/v1/push")])
async def test_the_key_goes_as_bearer_and_the_path_is_added_to_the_address(device: str, path: str) -> None:
    seen: list[web.Request] = []
    async with answering(202, seen) as url:
        await _send(device, url + "/v1/", "key-1")
    (request,) = seen
    assert (request.method, request.path, request.headers["Authorization"]) == ("POST", path, "Bearer key-1")


async def _send(device: str, url: str, key: str = "") -> None:
    if device == "sms":
        async with closing(HttpSmsGateway(url, key)) as sms_driver:
            await sms_driver.send(PHONE, "да", "c1")
    else:
        async with closing(HttpPushGateway(url, key)) as push_driver:
            await push_driver.send("device-1", "т", "да", "c1")


@pytest.mark.parametrize("device", ["sms", "push"])
async def test_each_gateway_runs_as_a_process_with_a_control_socket(folder: Path, device: str) -> None:
    files = [f"--{what}={folder}/{device}.{what}" for what in ("state", "ledger", "control")]
    command = [sys.executable, "-m", "drivers.sim", device, "--port", "0", *files]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert select.select([process.stdout], [], [], 15)[0]
        ready, url = process.stdout.readline().split()
        assert ready == "ready"
        with foreign():
            await _send(device, url)
            with socket.socket(socket.AF_UNIX) as channel:
                channel.settimeout(5)
                channel.connect(f"{folder}/{device}.control")
                channel.sendall(b'{"fault": "lose_answer", "on": true}\n{"state": true}\n')
                answers = [json.loads(line) for _, line in zip(range(2), channel.makefile(), strict=False)]
            assert answers[0] == {"ok": True}
            assert [row["client_id"] for row in answers[1]["state"]["messages"]] == ["c1"]
            with pytest.raises(OutcomeUnknown):
                await _send(device, url)
    finally:
        process.terminate()
        process.wait(10)
        if process.stdout is not None:
            process.stdout.close()
    assert [line["client_id"] for line in ledger(folder / f"{device}.ledger")] == ["c1"]


def test_each_other_device_runs_by_its_command_line(folder: Path) -> None:
    """Tests fork what these start."""
    places = {"shtrih": "--link", "atol": "--link", "atol-web": "--port", "robot": "--link", "bank": "--port"}
    started = []
    for device, place in places.items():
        where = f"{folder}/{device}.tty" if place == "--link" else "0"
        files = [f"--{what}={folder}/{device}.{what}" for what in ("state", "ledger", "control")]
        command = [sys.executable, "-m", "drivers.sim", device, place, where, *files]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
    try:
        for process in started:
            assert process.stdout is not None
            assert select.select([process.stdout], [], [], 20)[0]
            assert process.stdout.readline().startswith("ready ")
    finally:
        for process in started:
            process.terminate()
    for process in started:
        assert process.wait(10) == 0
        if process.stdout is not None:
            process.stdout.close()
