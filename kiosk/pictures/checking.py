"""One picture that somebody uploaded, looked at and made small: `python -m kiosk.pictures.checking` reads it from its
input and writes it as WebP to its output, behind a line of JSON: `{"width", "height"}`, or `{"refused"}` and nothing.

A process of its own: what a decoder is fed comes from outside. It may take so much memory and time and no more, and
where it crashes nothing of the kiosk goes with it.
"""

from __future__ import annotations

import io
import json
import os
import resource
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image

#: Pixels each way: the largest place of the pages has 256, on a panel of twice that density 512.
SIDE = 512
LEAST_SIDE = 64
#: That are decoded: some 100 MB, and as much again on the way. Of a large JPEG only a part is, so it may have more.
MOST_PIXELS, MOST_OF_JPEG = 24_000_000, 64_000_000
FORMATS = ("JPEG", "PNG", "WEBP")
NO_PICTURE, TOO_MANY_PIXELS, TOO_SMALL, MOVES, NO_DECODER = (
    "no_picture",
    "too_many_pixels",
    "too_small",
    "moves",
    "none",
)
_MEMORY_BYTES, _CPU_S = 448 * 1024 * 1024, 10
_QUALITY = 82
_NICE = 10


class Refused(Exception):
    """`args[0]`: one of the words above."""


def prepared(body: bytes, most_pixels: int = MOST_PIXELS) -> tuple[bytes, int, int]:
    """As WebP with its width and height, without what the file says beside its pixels. Raises `Refused`, `ImportError`
    where Pillow is missing."""
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = None  # looked at here, before anything is decoded
    try:
        with Image.open(io.BytesIO(body), formats=FORMATS) as found:
            _check(found, max(most_pixels, MOST_OF_JPEG))
            found.draft("RGB", (2 * SIDE, 2 * SIDE))  # a large JPEG is not decoded whole
            _check(found, most_pixels)
            found.load()
            ImageOps.exif_transpose(found, in_place=True)
            return _webp(_square(found))
    except Refused:
        raise
    except MemoryError as error:
        raise Refused(TOO_MANY_PIXELS) from error
    except Exception as error:  # a decoder raises what it likes
        raise Refused(NO_PICTURE) from error


def _check(found: Image, most_pixels: int) -> None:
    width, height = found.size
    if width * height > most_pixels:
        raise Refused(TOO_MANY_PIXELS)
    if min(width, height) < LEAST_SIDE:
        raise Refused(TOO_SMALL)
    if getattr(found, "is_animated", False):
        raise Refused(MOVES)


def _square(found: Image) -> Image:
    """As the pages show it. A photograph loses what is beside its middle, a cut-out dish is kept whole."""
    from PIL import ImageOps

    if not found.has_transparency_data:
        side = min(SIDE, *found.size)
        return ImageOps.fit(_in_mode(found, "RGB"), (side, side))
    side = min(SIDE, max(found.size))
    return ImageOps.pad(_in_mode(found, "RGBA"), (side, side), color=(0, 0, 0, 0))


def _in_mode(found: Image, mode: str) -> Image:
    """Copied only where it must be."""
    return found if found.mode == mode else found.convert(mode)


def _webp(picture: Image) -> tuple[bytes, int, int]:
    made = io.BytesIO()
    nothing: dict[str, Any] = {"exif": b"", "xmp": b"", "icc_profile": b""}
    picture.save(made, "WEBP", quality=_QUALITY, **nothing)
    return made.getvalue(), picture.width, picture.height


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
    os.nice(_NICE)
    told: dict[str, object]
    try:
        picture, width, height = prepared(sys.stdin.buffer.read())
        told = {"width": width, "height": height}
    except ImportError:
        picture, told = b"", {"refused": NO_DECODER}
    except Refused as error:
        picture, told = b"", {"refused": error.args[0]}
    sys.stdout.buffer.write(json.dumps(told).encode() + b"\n" + picture)


if __name__ == "__main__":
    main()
