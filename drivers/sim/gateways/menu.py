"""The cloud that menus come from as a device: `GET /menu`, signed by Standard Webhooks, and `GET /pictures/NAME`."""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import Any

from aiohttp import web

from drivers.sim.gateways import http
from drivers.sim.gateways.http import HttpSimulator, serving
from drivers.sim.site import HERE, Site
from drivers.sim.world import World

FAULTS: dict[str, tuple[str, ...]] = {
    **http.FAULTS,
    "wrong_signature": (),  # by another key
    "old_signature": (),  # an hour ago
    "old_revision": (),  # the first that it ever had
    "same_revision": (),  # the newest menu under the number of the one before
    "cut_body": (),  # the connection ends in the middle
    "unsellable": (),  # a dish that costs nothing
    "wrong_picture": (),  # another file than its hash says
}
_HOUR_S = 3600


class MenuCloudDevice(HttpSimulator):
    """`put` gives it the next menu, and so does another content of `file`, as `kiosk menu export` writes it. Each
    answer is signed when it is sent; an unchanged menu is 304 for its ETag."""

    def __init__(self, world: World, secret: str, now: Callable[[], datetime], file: Path | None = None) -> None:
        super().__init__([web.get("/menu", self._menu), web.get("/pictures/{name}", self._picture)], FAULTS)
        self._world = world
        self._key = base64.b64decode(secret.removeprefix("whsec_"))
        self._now = now
        self._file = file
        self._read = b""
        self._bundles: list[dict[str, Any]] = []
        self._pictures: dict[str, bytes] = {}
        self._answers: list[int] = []
        self._fetched: list[str] = []

    def state(self) -> dict[str, Any]:
        """`answers`: statuses of what was asked so far."""
        return {"port": self.port, "answers": self._answers, "pictures": self._fetched}

    @property
    def menu_url(self) -> str:
        """What `[menu] url` is to say."""
        return f"{self.url}/menu"

    def put(self, menu: dict[str, Any], charts: dict[str, Any], pictures: dict[str, bytes] | None = None) -> int:
        """The next menu, and the files of its pictures by their names; its number."""
        rows = {}
        for name, body in (pictures or {}).items():
            rows[name] = {"path": f"pictures/{name}", "sha256": hashlib.sha256(body).hexdigest()}
        self._pictures |= pictures or {}
        revision = self._number(menu, charts)
        self._bundles.append(
            {
                "revision": revision,
                "made_at": self._now().isoformat(),
                "menu": copy.deepcopy(menu),
                "charts": copy.deepcopy(charts),
                "pictures": rows,
            }
        )
        return revision

    def _number(self, menu: dict[str, Any], charts: dict[str, Any]) -> int:
        """The next; of the same menu that it had before it was switched off, the same."""
        digest = hashlib.sha256(json.dumps([menu, charts], sort_keys=True).encode()).hexdigest()
        last = self._world.get("last") or {"revision": 0, "digest": ""}
        if not self._bundles and last["digest"] == digest:
            return int(last["revision"])
        with self._world.change() as change:
            change.put("last", {"revision": last["revision"] + 1, "digest": digest})
        return int(last["revision"]) + 1

    async def _menu(self, request: web.Request) -> web.StreamResponse:
        await self._delay()
        self._look_at_file()
        if not self._bundles:
            return self._answered(web.Response(status=404))
        body = json.dumps(self._bundle(), ensure_ascii=False).encode()
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if request.headers.get("If-None-Match") == etag:
            return self._answered(web.Response(status=304))
        headers = {"ETag": etag, **self._signed(body)}
        if self.faults.on("cut_body") is not None:
            return await self._cut(request, body, headers)
        return self._answered(web.Response(body=body, headers=headers, content_type="application/json"))

    def _look_at_file(self) -> None:
        if self._file is not None and (written := self._file.read_bytes()) != self._read:
            self._read, found = written, json.loads(written)
            self.put(found["menu"], found["charts"])

    def _bundle(self) -> dict[str, Any]:
        found = self._bundles[0 if self.faults.on("old_revision") is not None else -1]
        if self.faults.on("same_revision") is not None:
            found = {**found, "revision": self._bundles[-2]["revision"]}
        if self.faults.on("unsellable") is not None:
            found = copy.deepcopy(found)
            found["menu"]["items"][0]["price_kopecks"] = 0
        return found

    def _signed(self, body: bytes) -> dict[str, str]:
        ago_s = _HOUR_S if self.faults.on("old_signature") is not None else 0
        key = b"?" * 32 if self.faults.on("wrong_signature") is not None else self._key
        timestamp = str(int(self._now().timestamp()) - ago_s)
        digest = hmac.digest(key, b"menu." + timestamp.encode() + b"." + body, hashlib.sha256)
        signature = "v1," + base64.b64encode(digest).decode()
        return {"webhook-id": "menu", "webhook-timestamp": timestamp, "webhook-signature": signature}

    async def _cut(self, request: web.Request, body: bytes, headers: dict[str, str]) -> web.StreamResponse:
        response = web.StreamResponse(headers={**headers, "Content-Length": str(len(body))})
        await response.prepare(request)
        await response.write(body[: len(body) // 2])
        self._answered(response)
        return await self._hang_up(request)

    async def _picture(self, request: web.Request) -> web.StreamResponse:
        await self._delay()
        name = request.match_info["name"]
        self._fetched.append(name)
        body = self._pictures.get(name)
        if body is None:
            return web.Response(status=404)
        return web.Response(body=body + (b"?" if self.faults.on("wrong_picture") is not None else b""))

    def _answered(self, response: web.StreamResponse) -> web.StreamResponse:
        self._answers.append(response.status)
        return response


def menu_cloud(
    port: int,
    *,
    secret: str,
    state: Path,
    ledger: Path,
    control: Path | None = None,
    site: Site = HERE,
    file: Path | None = None,
) -> AbstractAsyncContextManager[MenuCloudDevice]:
    """The device for the length of the block; `port` 0 takes a free one; `secret` is `whsec_…`; `file`: what it
    serves."""
    world = World("menu", state, ledger, site)
    return serving(MenuCloudDevice(world, secret, site.now, file), world, port, control)
