"""A new version of the pages reaches a screen that is on for months, and never in the middle of somebody's order."""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec
import pytest
from playwright.async_api import Error

from kiosk.api.http.pages import Pages
from kiosk.catalogue import web_root
from tests.pages.screens import KioskScreen, Screens
from tests.restaurant import Restaurant, start_kiosk, test_parts, until

pytestmark = pytest.mark.asyncio(loop_scope="package")
CONTROLLED = "navigator.serviceWorker.controller !== null"
ASKED_ANEW = "navigator.serviceWorker.getRegistration().then((it) => it.update()).then(() => window.changed === true)"


async def another_version(place: Restaurant, images: Path, name: str) -> None:
    """The process again, on its port, with one more picture among the pages' files."""
    (images / name).write_bytes((web_root() / "images" / "tea.webp").read_bytes())
    config = place.kiosk.config
    changed = msgspec.structs.replace(
        config,
        server=msgspec.structs.replace(config.server, port=place.kiosk.public_port),
        menu=msgspec.structs.replace(config.menu, images=images),
    )
    await place.kiosk.stop()
    place.kiosk = await start_kiosk(place.stack, changed, test_parts())
    await place.until_open()


async def holds(kiosk: KioskScreen, condition: str) -> bool:
    with contextlib.suppress(Error):  # the page is just being loaded anew
        return bool(await kiosk.page.evaluate(condition))
    return False


async def began_anew(kiosk: KioskScreen) -> None:
    await until(lambda: holds(kiosk, "window.before === undefined"))
    await kiosk.sees("attract")


async def test_other_files_make_another_worker(tmp_path: Path) -> None:
    def worker() -> bytes:
        return Pages(web_root(), tmp_path, tmp_path)._files["worker.mjs"].body  # noqa: SLF001  # what a browser would be sent

    first = worker()
    assert worker() == first
    (tmp_path / "own.webp").write_bytes(b"RIFF\x0e\0\0\0WEBPVP8 one's own")
    second = worker()
    assert second != first
    assert second.partition(b"\n")[2] == first.partition(b"\n")[2] == (web_root() / "worker.mjs").read_bytes()


async def test_a_new_version_comes_while_the_screen_greets_and_waits_while_somebody_orders(
    place: Restaurant, screens: Screens, tmp_path: Path
) -> None:
    screens.traffic.expects_silence()
    kiosk = await screens.kiosk(place.kiosk, worker=True)
    await kiosk.sees("attract")
    await until(lambda: holds(kiosk, CONTROLLED))
    await kiosk.page.evaluate("window.before = true")
    await kiosk.begin()
    await kiosk.page.evaluate(
        "() => navigator.serviceWorker.addEventListener('controllerchange', () => { window.changed = true; })"
    )
    await another_version(place, tmp_path, "one.webp")
    # Asked again and again: a browser joins a question to one that is under way, which may have been sent too early.
    await until(lambda: holds(kiosk, ASKED_ANEW))
    assert await kiosk.page.evaluate("window.before") is True  # the order goes on
    await kiosk.tap("cancel")
    await began_anew(kiosk)
    await kiosk.page.evaluate("window.before = true")
    await kiosk.begin()
    await another_version(place, tmp_path, "two.webp")
    await kiosk.tap("cancel")
    await began_anew(kiosk)
