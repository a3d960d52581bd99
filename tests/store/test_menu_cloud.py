"""The menu of the cloud: taken once where it is signed, new and fit to be sold; of every fault the last one is left on
sale and said so in words, and the first sound answer mends it."""

from __future__ import annotations

import base64
import copy
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from standardwebhooks import Webhook

from drivers.menu.source import HttpMenuSource
from drivers.sim.gateways.menu import MenuCloudDevice, menu_cloud
from drivers.sim.site import Site
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.domain.menu.bundle import Bundle, build
from kiosk.domain.menu.current import CurrentMenu
from kiosk.domain.signing import is_signed, read_keys
from kiosk.flows.menu.cloud import MenuCloud
from kiosk.flows.menu.history import MenuHistory
from kiosk.flows.menu.publishing import CLOUD_CHECK, MenuPublisher
from kiosk.flows.menu.starting import FileMenu, begin
from kiosk.pictures.folder import PictureFolder
from kiosk.store.database import Database
from kiosk.store.events import outbox
from tests.clocks import START, ManualClock
from tests.domain.dishes import CHART, COMPLEX, MENU
from tests.test_uploaded_pictures import picture

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


def menu(kopecks: int, **more: Any) -> dict[str, Any]:
    raw = copy.deepcopy(MENU)
    raw["items"][0].update(price_kopecks=kopecks, **more)
    return raw


@dataclass
class Place:
    cloud: MenuCloudDevice
    flow: MenuCloud
    current: CurrentMenu
    readiness: Readiness
    clock: ManualClock
    database: Database
    history: MenuHistory
    pictures: PictureFolder

    def put(self, kopecks: int, **more: Any) -> int:
        return self.cloud.put(menu(kopecks, **more), {"rice": CHART})

    @property
    def price(self) -> int:
        return self.current.now.dishes["fried-rice"].item.price_kopecks

    async def look(self) -> str | None:
        await self.flow.look()
        return self.said

    @property
    def said(self) -> str | None:
        """The code of what is wrong."""
        check = self.readiness.checks()[CLOUD_CHECK]
        assert not check.blocks
        return None if check.reason is None else check.detail.partition(":")[0]

    async def told(self) -> list[tuple[int, str]]:
        rows = await self.database.read(outbox.after, 0, 100)
        found = [msgspec.json.decode(row.data) for row in rows if row.type == "MenuPublishedEvent"]
        return [(row["revision"], row["origin"]) for row in found]


@asynccontextmanager
async def opened(place: Path, database: Database, cloud: MenuCloudDevice, clock: ManualClock) -> AsyncIterator[Place]:
    bundle = msgspec.convert({"menu": menu(100), "charts": {"rice": copy.deepcopy(CHART)}}, Bundle)
    file = FileMenu(bundle=bundle, digest="a", menu=build(bundle, COMPLEX), own=True)
    begun = await begin(database, file, COMPLEX, START)
    current, readiness = CurrentMenu(begun.menu, begun.revision), Readiness(())
    publisher = MenuPublisher(database, current, COMPLEX, readiness, clock)
    pictures = PictureFolder(place / "pictures")
    source = HttpMenuSource(cloud.menu_url, timeout_s=0.5)
    flow = MenuCloud(
        database, source, publisher, pictures, readiness, clock, keys=read_keys(SECRET), poll_s=60.0
    )  # fmt: skip
    history = MenuHistory(database, current, publisher, ["ru", "en"])
    yield Place(cloud, flow, current, readiness, clock, database, history, pictures)
    await source.close()


@pytest.fixture
async def site(tmp_path: Path, database: Database) -> AsyncIterator[Place]:
    clock = ManualClock()
    files = {"state": tmp_path / "cloud.state", "ledger": tmp_path / "cloud.jsonl"}
    async with (
        menu_cloud(0, secret=SECRET, site=Site(now=clock.now), **files) as cloud,
        opened(tmp_path, database, cloud, clock) as found,
    ):
        yield found


async def test_a_new_menu_of_the_cloud_is_sold_and_the_same_one_is_asked_for_by_its_tag(site: Place) -> None:
    assert await site.look() == "unexpected_answer"
    number = site.put(200)
    assert [await site.look(), await site.look()] == [None, None]
    assert (site.price, site.current.revision, site.cloud.state()["answers"]) == (200, 2, [404, 200, 304])
    assert await site.told() == [(2, "cloud")]
    (newest, _) = (await site.history.revisions(100)).revisions
    assert (newest.by, newest.origin, newest.source) == ("cloud", "cloud", number)
    site.put(300)
    assert await site.look() is None
    assert (site.price, await site.told()) == (300, [(2, "cloud"), (3, "cloud")])


@pytest.mark.parametrize(
    ("fault", "parameters", "code"),
    [
        ("wrong_signature", {}, "wrong_signature"),
        ("old_signature", {}, "old_signature"),
        ("old_revision", {}, "old_revision"),
        ("same_revision", {}, "same_revision"),
        ("cut_body", {}, "no_answer"),
        ("unsellable", {}, "menu_unsellable"),
        ("slow", {"seconds": 2}, "no_answer"),
        ("down", {}, "connection_refused"),
    ],
)
async def test_a_fault_leaves_the_last_menu_on_sale_and_is_over_with_the_first_sound_answer(
    site: Place, fault: str, parameters: dict[str, Any], code: str
) -> None:
    site.put(200)
    site.put(300)
    assert await site.look() is None
    site.put(400)
    site.cloud.faults.switch(fault, parameters)
    assert [await site.look(), await site.look()] == [code, code]
    assert (site.price, await site.told()) == (300, [(2, "cloud")])
    check = site.readiness.checks()[CLOUD_CHECK]
    assert check.told is None or check.told.ru != check.told.en
    (trouble,) = (await site.history.document()).troubles
    assert (trouble.reason, trouble.detail.partition(":")[0], trouble.text.en != "") == (check.reason, code, True)
    site.cloud.faults.switch(fault, on=False)
    for _ in range(50):
        if await site.look() is None:
            break
    assert (site.said, site.price, await site.told()) == (None, 400, [(2, "cloud"), (3, "cloud")])


async def test_what_was_refused_stays_so_while_the_cloud_says_that_nothing_has_changed(site: Place) -> None:
    site.put(200, name={"ru": "", "en": ""})
    assert [await site.look(), await site.look()] == ["menu_unsellable", "menu_unsellable"]
    assert site.cloud.state()["answers"] == [200, 304]
    site.put(200)
    assert (await site.look(), site.price) == (None, 200)


async def test_a_menu_that_staff_brought_back_is_not_overwritten_by_what_the_cloud_had_already_sent(
    site: Place,
) -> None:
    site.put(200)
    await site.look()
    await site.history.bring_back(1, "Ольга")
    async with opened(site.pictures.path.parent, site.database, site.cloud, site.clock) as again:
        assert (await again.look(), again.price, again.current.revision) == (None, 100, 3)
    assert await site.told() == [(2, "cloud"), (3, "rollback")]


async def test_a_clock_that_jumped_takes_nothing_until_it_is_right_again(site: Place) -> None:
    site.put(200)
    for jumped in (timedelta(days=1), timedelta(minutes=-6)):
        here = ManualClock(START + jumped)
        async with opened(site.pictures.path.parent, site.database, site.cloud, here) as wrong:
            assert (await wrong.look(), wrong.price) == ("old_signature", 100)
    assert (await site.look(), site.price) == (None, 200)


async def test_pictures_come_along_checked_and_under_their_own_names(site: Place) -> None:
    body = picture()
    site.cloud.put(menu(200, image="rice-new.png"), {"rice": CHART}, {"rice-new.png": body})
    site.cloud.faults.switch("wrong_picture")
    assert (await site.look(), site.price) == ("wrong_picture", 100)
    site.cloud.faults.switch("wrong_picture", on=False)
    assert await site.look() is None
    image = site.current.now.dishes["fried-rice"].item.image
    assert image.endswith(".webp")
    assert (site.pictures.path / image).is_file()
    site.cloud.put(menu(300, image="rice-new.png"), {"rice": CHART}, {"rice-new.png": body})
    assert (await site.look(), site.price) == (None, 300)
    assert site.cloud.state()["pictures"] == ["rice-new.png"] * 2


def test_a_signature_is_that_of_the_official_library_and_no_other_key_body_or_moment_has_it() -> None:
    secret, now, body = "whsec_" + base64.b64encode(os.urandom(32)).decode(), datetime.now(UTC), '{"a":1}'
    moment = int(now.timestamp())
    signature = Webhook(secret).sign("menu", now, body)
    assert is_signed(read_keys(secret), "menu", moment, body.encode(), f"v1,AAAA {signature}")
    others = [
        (read_keys(SECRET), "menu", moment, body, signature),
        (read_keys(secret), "other", moment, body, signature),
        (read_keys(secret), "menu", moment + 1, body, signature),
        (read_keys(secret), "menu", moment, body + " ", signature),
        (read_keys(secret), "menu", moment, body, ""),
        (read_keys(secret), "menu", moment, body, "v1,é"),
        ((), "menu", moment, body, signature),
    ]
    assert not any(is_signed(keys, name, at, text.encode(), given) for keys, name, at, text, given in others)
