"""A day in a real process at the loudest log level: no phone, code, token or card token in a single line."""

from __future__ import annotations

import asyncio
import io
import json
import re
import shutil
import sys
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from tests.restaurant import ledger, short_folder, until

PHONE = "+79161234567"
DUTY, STAFF_NAME = "+79031112233", "Ираида"
CONFIG = """
[server]
port = 0
socket = "{folder}/k.sock"
[database]
path = "{folder}/kiosk.db"
[robot]
speed = 500
[log]
level = "debug"
[alarms]
to = [{{ name = "stepan", channel = "sms", address = "+79031112233" }}]
"""


@asynccontextmanager
async def demo(folder: Path) -> AsyncIterator[tuple[str, list[str]]]:
    """(base address, log lines) of `kiosk run` with every device simulated inside."""
    (folder / "config.toml").write_text(CONFIG.format(folder=folder))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "kiosk", "run", "--config", str(folder / "config.toml")),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    lines: list[str] = []
    assert process.stdout is not None

    async def read(stream: asyncio.StreamReader) -> None:
        async for raw in stream:
            lines.append(raw.decode())

    reading = asyncio.create_task(read(process.stdout))
    try:
        started = await until(lambda: [line for line in lines if "kiosk_started" in line])
        yield f"http://127.0.0.1:{json.loads(started[0])['port']}", lines
    finally:
        process.terminate()
        await process.wait()
        await reading


async def test_logs_of_a_whole_day_carry_no_phone_code_or_token() -> None:
    folder = short_folder()
    secrets: set[str] = {PHONE, PHONE[1:], DUTY, STAFF_NAME, "tok_ok", "tok_declined"}
    try:
        async with demo(folder) as (base, lines), aiohttp.ClientSession(base) as client:
            bundle = await _live(client, folder, secrets)
        assert len(lines) >= 5
        assert len(secrets) >= 11
        assert leaked(secrets, "".join(undated(line) for line in lines)) == []
        assert set(bundle) == {
            "versions.json", "settings.json", "checks.json", "journal.json", "log.jsonl", "metrics.txt"
        }  # fmt: skip
        assert '"event":"kiosk_started"' in bundle["log.jsonl"]
        assert leaked(secrets, undated(bundle["log.jsonl"])) == []
        told = {secret for secret in secrets if len(secret) > 4}  # a pick-up code is as long as many a figure
        assert {name: leaked(told, text) for name, text in bundle.items()} == {name: [] for name in bundle}
        assert json.loads(bundle["settings.json"])["fiscal"]["password"] == "…"
        assert "stepan" not in bundle["settings.json"]
        assert leaked(secrets, bundle["settings.json"].replace("…", DUTY, 1)) == [DUTY]
    finally:
        shutil.rmtree(folder)


def undated(lines: str) -> str:
    """Without the times at which they were written: a pick-up code may be this year's number."""
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+", "", lines)


def leaked(secrets: set[str], text: str) -> list[str]:
    return [secret for secret in secrets if re.search(rf"(?<!\d){re.escape(secret)}(?!\d)", text)]


async def _live(client: aiohttp.ClientSession, folder: Path, secrets: set[str]) -> dict[str, str]:
    """A day; what a support bundle of it holds, by file."""

    async def call(method: str, path: str, body: Any = None, token: str = "") -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with client.request(method, path, json=body, headers=headers) as answer:
            return await answer.json() if answer.content_length else None

    async def opened() -> bool:
        return bool((await call("GET", "/api/restaurant"))["sales"]["open"])

    await until(opened)
    pending = await call("POST", "/api/auth/quick-auth", {"phone": PHONE})
    texts = await until(lambda: [line["text"] for line in ledger(folder / "sim" / "sms.jsonl")])
    code = re.search(r"\d{6}", texts[0])
    assert code is not None
    session = await call("POST", "/api/auth/confirm", {"phone": PHONE, "password": code.group()})
    guest = await call("POST", "/api/auth/guest")
    secrets |= {pending["temporary_token"], code.group(), session["access_token"], guest["access_token"]}
    pin = (folder / "service.pin").read_text()
    staff = await call("POST", "/api/service/session", {"pin": pin, "name": STAFF_NAME})
    secrets |= {pin, staff["access_token"]}
    for token, card in ((session["access_token"], "tok_ok"), (guest["access_token"], "tok_declined")):
        order = {"items": [{"item_id": "tea", "quantity": 1}], "service": "dine_in"}
        order_id = (await call("POST", "/api/orders/create", order, token))["order_id"]
        body = {"card_token": card, "receipt_to": PHONE}
        await call("POST", f"/api/orders/{order_id}/payment", body, token)
        if card == "tok_ok":

            async def handed_out(order_id: str = order_id, token: str = token) -> bool:
                order = await call("GET", f"/api/orders/{order_id}", token=token)
                secrets.update([order["pickup_code"]] if order["pickup_code"] else [])
                return bool(order["status"] == "completed")

            await until(handed_out)
    headers = {"Authorization": f"Bearer {staff['access_token']}"}
    async with client.post("/api/service/support-bundle", headers=headers) as answer:
        archive = zipfile.ZipFile(io.BytesIO(await answer.read()))
    return {name: archive.read(name).decode() for name in archive.namelist()}
