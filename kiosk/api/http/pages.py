"""The pages from memory: strict CSP with the import map's own hash, ETag, nothing from outside this process."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType

from aiohttp import web

from kiosk.api.http.pictures import pictures
from kiosk.domain.errors import NotFound
from kiosk.pictures.folder import read_picture

_INLINE = re.compile(rb'<script type="importmap">(.*?)</script>', re.DOTALL)
_PAGES = {
    "/": "index.html",
    "/display": "display.html",
    "/kitchen": "kitchen.html",
    "/pickup": "pickup.html",
    "/stats": "stats.html",
    "/service": "service.html",
    "/sim": "sim.html",
}
_WORKER = "worker.mjs"  # served from the root: a service worker rules only below its own address
_NOT_SHELL = re.compile(
    r"vendor/uplot/|LICENSE|README|js/(stats|staff|desk|sim|display|board|hall-|kitchen|pickup)|css/(stats|desk|display|kitchen|pickup)"
)
_TYPES = {
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".html": "text/html",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".md": "text/plain",
    ".LICENSE": "text/plain",
}
_PICTURES = "images"
#: Of what is no page: opened by itself it runs nothing and shows nothing else.
_ASSET_POLICY = {"Content-Security-Policy": "default-src 'none'; sandbox"}
_COMPRESSED = ("text/", "application/json", "image/svg")


@dataclass(frozen=True)
class _File:
    body: bytes
    kind: str
    tag: str

    @cached_property
    def packed(self) -> bytes | None:
        """From the first call for it on: a start packs nothing."""
        return gzip.compress(self.body, 6, mtime=0) if self.kind.startswith(_COMPRESSED) else None


class Pages:
    """What ships in `web/`; `images` is a further folder with pictures of an own menu, `uploads` that of those that
    came over HTTP, which are read when they are asked for; `/sim` for a demo only."""

    def __init__(self, root: Path, images: Path | None, uploads: Path, *, demo: bool = True) -> None:
        self._uploads = uploads
        self._pages = {path: name for path, name in _PAGES.items() if demo or path != "/sim"}
        self._files = {**shipped(root)} | ({} if images is None else _pictures(images))
        shell = "".join(
            file.tag for name, file in sorted(self._files.items()) if _is_shell(name) or name == "index.html"
        )
        self._files[_WORKER] = _dated(self._files[_WORKER], hashlib.sha256(shell.encode()).hexdigest()[:20])
        scripts = b"".join(_INLINE.findall(b"".join(self._files[name].body for name in set(self._pages.values()))))
        self._policies = (
            {name: _policy(self._files[name].body) for name in set(self._pages.values())} if scripts else {}
        )

    def routes(self) -> list[web.RouteDef]:
        return [
            *(web.get(path, self.page) for path in self._pages),
            web.get(f"/{_WORKER}", self.worker),
            web.get("/shell.json", self.shell),
            web.get("/assets/{path:.+}", self.asset),
        ]

    async def page(self, request: web.Request) -> web.Response:
        name = self._pages[request.path]
        return _serve(request, self._files[name], {"Content-Security-Policy": self._policies.get(name, _policy(b""))})

    async def worker(self, request: web.Request) -> web.Response:
        return _serve(request, self._files[_WORKER], {"Content-Security-Policy": _policy(b"")})

    async def shell(self, request: web.Request) -> web.Response:
        """What the kiosk page consists of, for its service worker to keep."""
        files = ["/", *(f"/assets/{name}" for name in sorted(self._files) if _is_shell(name))]
        return web.Response(body=json.dumps({"files": files}), content_type="application/json")

    async def asset(self, request: web.Request) -> web.Response:
        """Never a page: those have their own addresses and policies."""
        path = request.match_info["path"]
        file = self._files.get(path)
        if file is None:
            return await self._uploaded(path)
        if file.kind == _TYPES[".html"]:
            raise NotFound
        return _serve(request, file, _ASSET_POLICY)

    async def _uploaded(self, path: str) -> web.Response:
        """Its name is its content's hash: a browser need not ask for it again."""
        folder, _, name = path.partition("/")
        body = await asyncio.to_thread(read_picture, self._uploads, name) if folder == _PICTURES else None
        if body is None:
            raise NotFound
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "Content-Type": "image/webp"}
        return web.Response(body=body, headers={**headers, **_ASSET_POLICY})


@cache
def shipped(root: Path) -> Mapping[str, _File]:
    """What lies in `root`, by its name there: it comes with the package, and is read once by a process."""
    paths = (path for path in root.rglob("*") if path.is_file() and path.parent != root / _PICTURES)
    found = {path.relative_to(root).as_posix(): _load(path) for path in paths}
    return MappingProxyType(found | _pictures(root / _PICTURES))


def _pictures(folder: Path) -> dict[str, _File]:
    return {f"{_PICTURES}/{name}": _file(body, kind) for name, body, kind in pictures(folder)}


def _is_shell(name: str) -> bool:
    return "/" in name and not _NOT_SHELL.search(name)


def _dated(worker: _File, version: str) -> _File:
    """The worker's script with the version of what it keeps: other files make another worker, which a browser takes
    for an update (Service Workers, 'Update': byte by byte)."""
    return _file(b"// " + version.encode() + b"\n" + worker.body, worker.kind)


def _load(path: Path) -> _File:
    """A file that ships with the package."""
    return _file(path.read_bytes(), _TYPES.get(path.suffix, "text/plain"))


def _file(body: bytes, kind: str) -> _File:
    return _File(body, kind, f'"{hashlib.sha256(body).hexdigest()[:20]}"')


def _policy(page: bytes) -> str:
    """Nothing but our own origin, and the inline import map by its hash."""
    hashes = "".join(
        f" 'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'" for script in _INLINE.findall(page)
    )
    return (
        f"default-src 'none'; script-src 'self'{hashes}; style-src 'self'; img-src 'self' data:; connect-src 'self';"
        " font-src 'self'; media-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'"
    )


def _serve(request: web.Request, file: _File, extra: dict[str, str]) -> web.Response:
    headers = {"ETag": file.tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding", **extra}
    if file.tag in request.headers.get("If-None-Match", ""):
        return web.Response(status=304, headers=headers)
    body = file.body
    if "gzip" in request.headers.get("Accept-Encoding", "") and file.packed is not None:
        body, headers["Content-Encoding"] = file.packed, "gzip"
    charset = "; charset=utf-8" if file.kind.startswith("text/") else ""
    return web.Response(body=body, headers={**headers, "Content-Type": file.kind + charset})
