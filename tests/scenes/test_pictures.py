"""Of the folder of pictures, pictures are served: by their content, with a policy of their own, and nothing else."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from PIL import Image

from kiosk.api.http.pictures import LONGEST_BYTES, picture_type
from kiosk.catalogue import web_root
from tests.command import journal
from tests.restaurant import Restaurant, restaurant, short_folder

PAGE = b"<script>alert(1)</script>"
DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
SIGNATURES = {
    "image/png": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    "image/jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF",
    "image/gif": b"GIF89a\x01\x00\x01\x00",
    "image/webp": b"RIFF\x1a\x00\x00\x00WEBPVP8L",
    "image/avif": b"\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1avifmiaf",
}


@pytest.fixture
def folder() -> Iterator[Path]:
    found = short_folder()
    (found / "pictures").mkdir()
    yield found / "pictures"
    shutil.rmtree(found)


@pytest.fixture
async def place(folder: Path) -> AsyncIterator[Restaurant]:
    for kind, body in SIGNATURES.items():
        (folder / kind.replace("/", ".")).write_bytes(body + PAGE)
        (folder / f"{kind.replace('/', '.')}.html").write_bytes(body + PAGE)
    for name in ("page.html", "page.png", "page", "script.js", "script.mjs"):
        (folder / name).write_bytes(PAGE)
    for name in ("drawing.svg", "drawing.png", "drawing.svgz"):
        (folder / name).write_bytes(DRAWING)
    (folder / "long.png").write_bytes(SIGNATURES["image/png"] + bytes(LONGEST_BYTES))
    (folder / "empty.png").touch()
    secret = folder.parent / "secret.png"
    secret.write_bytes(SIGNATURES["image/png"] + b"a secret")
    (folder / "out.png").symlink_to(secret)
    (folder / "over.png").symlink_to(folder / ".." / "secret.png")
    (folder / "itself.png").symlink_to(folder / "itself.png")
    (folder / "device.png").symlink_to("/dev/zero")
    (folder / "inside.png").symlink_to(folder / "image.png")
    os.mkfifo(folder / "pipe.png")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "socket.png"))
        async with restaurant(f'[menu]\nimages = "{folder}"\n', sales_open=False) as found:
            yield found


async def fetch(place: Restaurant, path: str) -> tuple[int, Any, bytes]:
    async with (
        aiohttp.ClientSession() as client,
        client.get(f"http://127.0.0.1:{place.kiosk.public_port}{path}") as answer,
    ):
        return answer.status, answer.headers, await answer.read()


async def test_pictures_are_what_their_content_says_and_run_nothing(place: Restaurant) -> None:
    for kind, body in SIGNATURES.items():
        for name in (kind.replace("/", "."), f"{kind.replace('/', '.')}.html"):
            status, headers, found = await fetch(place, f"/assets/images/{name}")
            assert (status, headers["Content-Type"], found) == (200, kind, body + PAGE)
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert (await fetch(place, "/assets/images/inside.png"))[0] == 200
    assert (await fetch(place, "/assets/images/tea.webp"))[0] == 200, "the demo's own stay"


NO_PICTURES = (
    "page.html", "page.png", "page", "script.js", "script.mjs", "drawing.svg", "drawing.png", "drawing.svgz",
    "long.png", "empty.png", "out.png", "over.png", "itself.png", "device.png", "pipe.png", "socket.png",
)  # fmt: skip


async def test_what_is_no_picture_of_the_folder_is_not_there(place: Restaurant) -> None:
    found = {name: (await fetch(place, f"/assets/images/{name}"))[0] for name in NO_PICTURES}
    assert found == dict.fromkeys(NO_PICTURES, 404)


async def test_pages_have_their_own_addresses_and_every_asset_its_type_and_policy(place: Restaurant) -> None:
    types = {".mjs": "text/javascript", ".css": "text/css", ".woff2": "font/woff2", ".webp": "image/webp"}
    for path in sorted(web_root().rglob("*")):
        if not path.is_file():
            continue
        status, headers, _ = await fetch(place, f"/assets/{path.relative_to(web_root()).as_posix()}")
        if path.suffix == ".html":
            assert status == 404, path
            continue
        wanted = types.get(path.suffix, "text/plain")
        assert (status, headers["Content-Type"].partition(";")[0]) == (200, wanted), path
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    for page in ("/", "/display", "/pickup", "/service", "/stats"):
        status, headers, _ = await fetch(place, page)
        assert (status, "script-src 'self'" in headers["Content-Security-Policy"]) == (200, True)


def photograph() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (900, 600), (200, 30, 30)).save(made, "JPEG")
    return made.getvalue()


async def upload(place: Restaurant, body: object, kind: str = "image/jpeg") -> tuple[int, Any]:
    headers = {"Content-Type": kind}
    async with place.staff.post("http://kiosk/internal/menu/pictures", data=body, headers=headers) as answer:
        return answer.status, await answer.json(content_type=None)


async def test_an_uploaded_picture_is_served_at_once_and_for_ever_and_stands_in_the_journal(place: Restaurant) -> None:
    status, found = await upload(place, photograph())
    assert (status, found.keys()) == (201, {"image", "width", "height", "bytes"})
    status, headers, body = await fetch(place, f"/assets/images/{found['image']}")
    assert (status, headers["Content-Type"], len(body)) == (200, "image/webp", found["bytes"])
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "immutable" in headers["Cache-Control"]
    (detail,) = [detail for _, action, detail in journal(place) if action == "menu_picture"]
    assert detail.startswith(found["image"])


async def test_fifty_megabytes_are_refused_while_they_come(place: Restaurant) -> None:
    sent = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(800):
            sent += 65_536
            yield bytes(65_536)

    with contextlib.suppress(aiohttp.ClientError):
        status, found = await upload(place, body())
        assert (status, found["code"]) == (413, "body_too_large")
    status, found = await upload(place, bytes(13_000_000))
    assert (status, found["code"]) == (413, "body_too_large")
    status, found = await upload(place, b"<svg/>", "image/svg+xml")
    assert (status, found["code"]) == (415, "unsupported_media_type")
    status, found = await upload(place, DRAWING, "image/png")
    assert (status, found["code"]) == (400, "picture_refused")
    assert not (place.folder / "pictures").exists()


def by_name(path: Path) -> str | None:
    """The planted twin: a type by the file's name, as it was."""
    return {".png": "image/png", ".svg": "image/svg+xml", ".html": "text/html"}.get(path.suffix)


def test_a_type_by_name_would_serve_the_script() -> None:
    for name, body in (("drawing.svg", DRAWING), ("page.html", PAGE)):
        assert by_name(Path(name)) is not None
        assert picture_type(body) is None


@pytest.mark.parametrize(
    "body", [b"", b"RIFF", b"RIFF\0\0\0\0WAVE", b"\0\0\0\x1cftypisom\0\0\0\0isomiso2", b"GIF8", PAGE]
)
def test_half_a_signature_is_no_picture(body: bytes) -> None:
    assert picture_type(body) is None
