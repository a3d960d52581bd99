"""A picture that somebody uploads is looked at before it is kept: what is none, too much, cut off or moves is refused
with its reason, and what is kept says nothing but its pixels."""

from __future__ import annotations

import contextlib
import io
import os
import struct
import sys
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from kiosk.domain.errors import TooManyRequests
from kiosk.domain.menu.picture import NAME, PictureRefused, PicturesUnavailable
from kiosk.pictures.checking import MOST_PIXELS, MOVES, NO_PICTURE, SIDE, TOO_MANY_PIXELS, TOO_SMALL, Refused, prepared
from kiosk.pictures.folder import KEPT_UNUSED, PictureFolder, read_picture

RED, BLUE = (200, 30, 30), (30, 30, 200)


def picture(kind: str = "JPEG", size: tuple[int, int] = (900, 600), mode: str = "RGB", **more: Any) -> bytes:
    made = io.BytesIO()
    Image.new(mode, size, RED if mode == "RGB" else 0).save(made, kind, **more)
    return made.getvalue()


def shown(body: bytes) -> Image.Image:
    made, width, height = prepared(body)
    found = Image.open(io.BytesIO(made), formats=["WEBP"])
    assert found.size == (width, height)
    return found


def at(found: Image.Image, x: int, y: int) -> tuple[int, ...]:
    """Red, green, blue and how opaque it is there."""
    place = 4 * (y * found.width + x)
    return tuple(found.convert("RGBA").tobytes()[place : place + 4])


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def bomb(width: int, height: int) -> bytes:
    """A PNG of that many points in almost no bytes."""
    rows = zlib.compressobj(9)
    packed = b"".join(rows.compress(bytes(1 + (width + 7) // 8) * 100) for _ in range(height // 100)) + rows.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def text_bomb() -> bytes:
    packed = zlib.compress(bytes(200_000_000), 9)
    whole = picture("PNG", (100, 100))
    return whole[:33] + chunk(b"zTXt", b"Comment\0\0" + packed) + whole[33:]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photograph_becomes_a_square_of_what_pages_show(kind: str) -> None:
    assert shown(picture(kind)).size == (SIDE, SIDE)
    assert shown(picture(kind, (300, 200))).size == (200, 200), "and is never made larger"


def test_a_photograph_loses_its_sides_and_a_cut_out_dish_nothing() -> None:
    wide = Image.new("RGB", (900, 300), RED)
    wide.paste(BLUE, (300, 0, 600, 300))
    body = io.BytesIO()
    wide.save(body, "PNG")
    middle = shown(body.getvalue())
    assert all(at(middle, x, 150)[2] > 150 for x in (3, 150, 296))
    cut = Image.new("RGBA", (900, 300), (0, 0, 0, 0))
    cut.paste((*RED, 255), (0, 0, 20, 300))
    body = io.BytesIO()
    cut.save(body, "PNG")
    kept = shown(body.getvalue())
    assert (kept.mode, kept.size) == ("RGBA", (SIDE, SIDE))
    assert at(kept, 4, SIDE // 2)[3] > 200
    assert at(kept, SIDE // 2, 4)[3] == 0


def test_it_stands_upright_and_tells_neither_place_nor_camera() -> None:
    turned = Image.new("RGB", (600, 600), RED)
    turned.paste(BLUE, (0, 0, 600, 300))  # above, until it is turned by 90 degrees
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "a camera"
    exif.get_ifd(0x8825)[2] = (55.0, 45.0, 0.0)
    body = io.BytesIO()
    turned.save(body, "JPEG", exif=exif, comment=b"of somebody", icc_profile=b"a profile")
    made, _, _ = prepared(body.getvalue())
    found = Image.open(io.BytesIO(made))
    assert at(found, SIDE - 20, SIDE // 2)[2] > 150
    assert not {"exif", "xmp", "icc_profile", "comment"} & found.info.keys()
    assert not any(word in made for word in (b"camera", b"somebody", b"EXIF", b"ICCP", b"XMP "))


def cut(body: bytes) -> bytes:
    return body[: len(body) * 2 // 3]


def noise(kind: str) -> bytes:
    made = io.BytesIO()
    Image.frombytes("RGB", (300, 300), os.urandom(270_000)).save(made, kind)
    return made.getvalue()


def animated(kind: str) -> bytes:
    frames, made = [Image.new("RGB", (100, 100), color) for color in (RED, BLUE)], io.BytesIO()
    frames[0].save(made, kind, save_all=True, append_images=frames[1:])
    return made.getvalue()


BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", NO_PICTURE),
    "a page": (lambda: b"<script>alert(1)</script>", NO_PICTURE),
    "a drawing": (lambda: b'<svg xmlns="http://www.w3.org/2000/svg"/>', NO_PICTURE),
    "another kind": (lambda: picture("GIF"), NO_PICTURE),
    "PostScript": (lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n", NO_PICTURE),
    "a cut JPEG": (lambda: cut(noise("JPEG")), NO_PICTURE),
    "a cut PNG": (lambda: cut(noise("PNG")), NO_PICTURE),
    "a cut WebP": (lambda: cut(noise("WEBP")), NO_PICTURE),
    "a bomb": (lambda: bomb(50_000, 40_000), TOO_MANY_PIXELS),
    "a bomb of words": (text_bomb, NO_PICTURE),
    "a point": (lambda: picture(size=(1, 900)), TOO_SMALL),
    "a film": (lambda: animated("WEBP"), MOVES),
    "a film in PNG": (lambda: animated("PNG"), MOVES),
}


@pytest.mark.parametrize("what", BAD)
def test_what_a_menu_cannot_show_is_refused_with_its_reason(what: str) -> None:
    make, reason = BAD[what]
    with pytest.raises(Refused, match=f"^{reason}$"):
        prepared(make())


@pytest.mark.parametrize(("kind", "mode"), [("PNG", "RGBA"), ("PNG", "P"), ("WEBP", "RGBA"), ("JPEG", "CMYK")])
async def test_the_largest_that_is_taken_fits_into_what_its_process_may_use(
    tmp_path: Path, kind: str, mode: str
) -> None:
    body = picture(kind, (4898, 4898), mode)
    assert 4898 * 4898 <= MOST_PIXELS < 4900 * 4900
    assert (await PictureFolder(tmp_path / "pictures").add(body)).width == SIDE


def test_without_its_bound_the_bomb_would_be_decoded() -> None:
    """The planted twin: the look at its size is what stops it, and nothing before that."""
    body = bomb(8_000, 8_000)
    assert len(body) < 20_000
    assert MOST_PIXELS < 8_000 * 8_000
    assert prepared(body, most_pixels=10**9)[1:] == (SIDE, SIDE)


async def test_a_picture_is_kept_under_its_content_and_never_written_over(tmp_path: Path) -> None:
    folder = PictureFolder(tmp_path / "pictures")
    first = await folder.add(picture("PNG"))
    assert NAME.fullmatch(first.image)
    assert (first.width, first.height) == (SIDE, SIDE)
    kept = folder.path / first.image
    before = kept.stat().st_ino
    assert await folder.add(picture("PNG")) == first
    assert kept.stat().st_ino == before
    assert read_picture(folder.path, first.image) == kept.read_bytes()
    assert [path.name for path in folder.path.iterdir()] == [first.image]
    for name in ("../kiosk.db", "..%2fkiosk.db", first.image.upper(), f".{first.image}.new", first.image + "\n"):
        assert read_picture(folder.path, name) is None


CRASHES = "import os; os.abort()"
HANGS = "import threading; threading.Event().wait()"
WITHOUT = (
    "import sys, runpy; sys.modules['PIL'] = None; runpy.run_module('kiosk.pictures.checking', run_name='__main__')"
)


@pytest.mark.parametrize(
    ("script", "refusal"), [(CRASHES, PictureRefused), (HANGS, PictureRefused), (WITHOUT, PicturesUnavailable)]
)
async def test_a_decoder_that_crashes_hangs_or_is_missing_takes_nothing_with_it(
    tmp_path: Path, script: str, refusal: type[Exception]
) -> None:
    folder = PictureFolder(tmp_path / "pictures", (sys.executable, "-c", script), 1.0 if script == HANGS else 15.0)
    with pytest.raises(refusal):
        await folder.add(picture())
    assert not folder.path.exists()


async def test_a_disk_that_takes_nothing_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "pictures").write_text("no folder")
    with pytest.raises(PicturesUnavailable):
        await PictureFolder(tmp_path / "pictures").add(picture())


def test_so_many_at_once_and_no_more(tmp_path: Path) -> None:
    folder = PictureFolder(tmp_path)
    with contextlib.ExitStack() as waiting:
        for _ in range(4):
            waiting.enter_context(folder.place())
        with pytest.raises(TooManyRequests):
            waiting.enter_context(folder.place())
    with folder.place():
        pass


def test_what_no_menu_names_goes_after_its_days_and_nothing_else(tmp_path: Path) -> None:
    folder, now = PictureFolder(tmp_path), datetime(2026, 12, 1, tzinfo=UTC)
    old = (now - KEPT_UNUSED - timedelta(seconds=1)).timestamp()
    for name, at in (("old", old), ("named", old), ("young", old + 2), (".half.webp.new", old)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (at, at))
    assert folder.tidy({"named"}, now) == [".half.webp.new", "old"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["named", "young"]
