"""A menu is a revision in the books: taken in from the file when that has changed, published once with one event, and
an older one stands in where the newest cannot be sold."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from kiosk.domain.kitchen.readiness import Readiness
from kiosk.domain.menu.bundle import Bundle, Origin, build
from kiosk.domain.menu.current import CurrentMenu
from kiosk.domain.menu.refusals import MenuUnsellable
from kiosk.domain.menu.rows import MenuError
from kiosk.domain.menu.whole import WholeMenu
from kiosk.flows.menu.history import MenuHistory
from kiosk.flows.menu.publishing import MenuPublisher, Publication
from kiosk.flows.menu.starting import Begun, FileMenu, begin
from kiosk.flows.menu.whole import WholeMenus
from kiosk.store import journal
from kiosk.store.database import Database
from kiosk.store.events import outbox
from kiosk.store.menu import revisions
from kiosk.store.stock import charts
from kiosk.store.transaction import Tx
from tests.clocks import START, ManualClock
from tests.domain.dishes import CHART, COMPLEX, MENU, Raw

BY_HAND = Publication(origin=Origin.EDITOR, actor="Ольга")


def bundle(spoil: Callable[[Raw], object] = lambda raw: None) -> Bundle:
    raw = {"menu": copy.deepcopy(MENU), "charts": {"rice": copy.deepcopy(CHART)}}
    spoil(raw)
    return msgspec.convert(raw, Bundle)


def costs(kopecks: int) -> Bundle:
    return bundle(lambda raw: raw["menu"]["items"][0].update(price_kopecks=kopecks))


def file(found: Bundle, digest: str, *, own: bool = True) -> FileMenu:
    return FileMenu(bundle=found, digest=digest, menu=build(found, COMPLEX), own=own)


async def start(database: Database, found: FileMenu) -> Begun:
    return await begin(database, found, COMPLEX, START)


def publisher(database: Database, begun: Begun) -> tuple[MenuPublisher, CurrentMenu]:
    current = CurrentMenu(begun.menu, begun.revision)
    return MenuPublisher(database, current, COMPLEX, Readiness(()), ManualClock()), current


def price(menu: Any) -> int:
    return int(menu.dishes["fried-rice"].item.price_kopecks)


async def events(database: Database) -> list[Any]:
    rows = await database.read(outbox.after, 0, 100)
    return [row.decode() for row in rows if row.type == "MenuPublishedEvent"]


async def test_the_first_start_takes_the_file_in_and_tells_nobody_for_it_is_what_was_sold(database: Database) -> None:
    begun = await start(database, file(costs(100), "a"))
    assert (begun.revision, begun.lost) == (1, None)
    assert (await start(database, file(costs(100), "a"))).revision == 1
    assert await events(database) == []


async def test_a_file_that_somebody_has_changed_is_taken_in_at_the_next_start_and_told_of(database: Database) -> None:
    await start(database, file(costs(100), "a"))
    begun = await start(database, file(costs(200), "b"))
    (event,) = await events(database)
    assert (begun.revision, price(begun.menu)) == (2, 200)
    assert (event.revision, event.origin, event.by) == (2, "file", "kiosk")


@pytest.mark.parametrize(("own", "sold"), [(True, 300), (False, 200)], ids=["the site's", "the demo's"])
async def test_a_changed_file_goes_before_what_staff_published_where_it_is_the_sites_own(
    database: Database, *, own: bool, sold: int
) -> None:
    begun = await start(database, file(costs(100), "a", own=own))
    await publisher(database, begun)[0].publish(costs(200), BY_HAND)
    assert price((await start(database, file(costs(100), "a", own=own))).menu) == 200
    assert price((await start(database, file(costs(300), "c", own=own))).menu) == sold


async def test_a_file_that_was_published_by_the_command_is_not_taken_in_again_over_what_staff_published_since(
    database: Database,
) -> None:
    begun = await start(database, file(costs(100), "a"))
    menus, current = publisher(database, begun)
    wholes = WholeMenus(database, MenuHistory(database, current, menus, ["ru"]), menus)
    edited = costs(200)
    await wholes.publish(WholeMenu(menu=edited.menu, charts=edited.charts), "root")
    await menus.publish(costs(300), BY_HAND)
    for _ in range(2):
        assert price((await start(database, file(edited, "b"))).menu) == 300
    assert price((await start(database, file(costs(100), "a"))).menu) == 100  # the file was changed back


async def test_a_published_menu_is_sold_at_once_and_after_a_restart_with_one_event_and_a_sealed_line(
    database: Database,
) -> None:
    menus, current = publisher(database, await start(database, file(costs(100), "a")))
    assert await menus.publish(costs(200), BY_HAND) == 2
    assert (price(current.now), current.revision) == (200, 2)
    (event,) = await events(database)
    assert (event.revision, event.origin, event.by) == (2, "editor", "Ольга")
    (line,) = [row for row in await database.read(journal.read, 9) if row.action == "menu_publish"]
    assert (line.actor, line.detail) == ("Ольга", "2 editor")
    row = await database.read(revisions.newest)
    assert row is not None
    assert (row.revision, row.differences, row.version) == (2, 1, event.version)
    assert price((await start(database, file(costs(100), "a"))).menu) == 200


async def test_what_is_refused_within_the_commit_or_cannot_be_sold_changes_nothing(database: Database) -> None:
    menus, current = publisher(database, await start(database, file(costs(100), "a")))

    def refuse(tx: Tx) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await menus.publish(costs(200), BY_HAND, refuse)
    with pytest.raises(MenuUnsellable):
        await menus.publish(costs(20), BY_HAND)
    assert (price(current.now), current.revision, await events(database)) == (100, 1, [])


async def test_what_was_published_before_is_not_published_again(database: Database) -> None:
    menus, _ = publisher(database, await start(database, file(costs(100), "a")))
    first = await menus.publish(costs(200), BY_HAND)
    assert await menus.publish(costs(200), BY_HAND, lambda tx: first) == first
    assert len(await events(database)) == 1


async def test_where_the_newest_cannot_be_built_the_newest_older_one_that_can_is_sold(database: Database) -> None:
    menus, _ = publisher(database, await start(database, file(costs(100), "a")))
    await menus.publish(costs(200), BY_HAND)
    await menus.publish(costs(300), BY_HAND)
    await database.write(
        lambda tx: tx.execute(
            "UPDATE menu_revision SET body = replace(body, '\"wok\"', '\"grill\"') WHERE revision = 3"
        )
    )
    begun = await start(database, file(costs(100), "a"))
    assert (begun.revision, price(begun.menu)) == (2, 200)
    assert begun.lost is not None
    assert begun.lost[0] == 3
    assert "grill" in begun.lost[1]


async def test_where_no_revision_can_be_built_the_start_fails_and_says_which_and_why(database: Database) -> None:
    await start(database, file(costs(100), "a"))
    await database.write(lambda tx: tx.execute("UPDATE menu_revision SET body = '{}'"))
    await database.write(lambda tx: tx.execute("UPDATE menu_revision SET version = 'another'"))
    with pytest.raises(MenuError, match="revision 1 of the menu: "):
        await start(database, file(costs(100), "a"))


async def test_charts_and_numbers_of_ingredients_that_were_sold_are_kept_for_the_orders_of_then(
    database: Database,
) -> None:
    begun = await start(database, file(costs(100), "a"))

    def without_egg(raw: Raw) -> None:
        del raw["menu"]["ingredients"][1], raw["menu"]["modifier_groups"][1]
        raw["menu"]["allergens"] = []
        raw["menu"]["items"][0]["modifier_groups"] = ["spice"]
        raw["charts"]["rice"]["formula"][0]["amount"] = 170

    menus, current = publisher(database, begun)
    await menus.publish(bundle(without_egg), BY_HAND)
    assert "egg" not in current.now.ingredients
    assert await database.read(revisions.codes, ["egg", "rice", "trout"]) == {"egg": 2, "rice": 1}
    (old,), (new,) = begun.menu.charts(), current.now.charts()
    assert (await database.read(charts.read, [old.fingerprint, new.fingerprint])).keys() == {
        old.fingerprint,
        new.fingerprint,
    }


async def test_of_many_revisions_the_newest_are_kept_whole(database: Database) -> None:
    row = revisions.NewRevision(origin=Origin.EDITOR, actor="Ира", version="v", differences=0, body="{}", codes={})

    def run(tx: Tx) -> None:
        for _ in range(revisions.KEPT + 2):
            revisions.add(tx, row, START)

    await database.write(run)
    bodies = [await database.read(revisions.body, n) for n in (1, 2, 3, revisions.KEPT + 2)]
    kept = [body is not None for body in bodies]
    assert kept == [False, False, True, True]


async def test_a_rate_of_a_dish_that_a_published_menu_does_not_have_is_named_until_it_has_it(
    database: Database,
) -> None:
    begun = await start(database, file(costs(100), "a"))
    current = CurrentMenu(begun.menu, begun.revision)
    menus = MenuPublisher(database, current, COMPLEX, Readiness(()), ManualClock(), taxed=["fried-rice", "soup"])
    assert [(row.reason, row.detail) for row in menus.troubles()] == [("tax_of_no_dish", "soup")]
    await menus.publish(
        bundle(lambda raw: raw["menu"]["items"].append({**raw["menu"]["items"][0], "id": "soup"})), BY_HAND
    )
    assert menus.troubles() == []
