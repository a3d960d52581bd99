"""A draft of the menu: it may be wrong but not unreadable, nobody overwrites what they have not seen, and publishing it
twice makes one revision."""

from __future__ import annotations

import asyncio
import copy
from typing import Any

import msgspec
import pytest

from kiosk.domain.errors import InvalidRequest, NotFound
from kiosk.domain.kitchen.readiness import Readiness
from kiosk.domain.menu.bundle import Bundle, build
from kiosk.domain.menu.changes import Change
from kiosk.domain.menu.current import CurrentMenu
from kiosk.domain.menu.merging import Side
from kiosk.domain.menu.refusals import DraftChanged, DraftExists, MenuOutdated, MenuUnsellable
from kiosk.domain.menu.whole import WholeMenu
from kiosk.flows.menu.editing import MenuDrafts
from kiosk.flows.menu.history import MenuHistory
from kiosk.flows.menu.publishing import MenuPublisher
from kiosk.flows.menu.starting import FileMenu, begin
from kiosk.flows.menu.views import Choice, DraftChanges, DraftView, OpenDraft, PublishDraft, UpdateDraft
from kiosk.flows.menu.whole import WholeMenus
from kiosk.store import journal
from kiosk.store.database import Database
from kiosk.store.events import outbox
from tests.clocks import START, ManualClock
from tests.domain.dishes import CHART, COMPLEX, MENU

NEW = OpenDraft()


class Desk:
    """Whoever edits a menu has this before them."""

    def __init__(self, database: Database, current: CurrentMenu) -> None:
        clock = ManualClock()
        publisher = MenuPublisher(database, current, COMPLEX, Readiness(()), clock)
        self.database = database
        self.current = current
        self.history = MenuHistory(database, current, publisher, ["ru", "en"])
        self.drafts = MenuDrafts(database, self.history, publisher, COMPLEX, clock)
        self.wholes = WholeMenus(database, self.history, publisher)

    async def change(self, draft: DraftView, *changes: Change, by: str = "Ольга") -> DraftView:
        return await self.drafts.change(DraftChanges(draft.edit, list(changes)), by)

    async def publish(self, draft: DraftView, by: str = "Ольга") -> int:
        return (await self.drafts.publish(PublishDraft(draft.edit), by)).revision

    async def publish_whole(
        self, kopecks: int, revision: int | None, *, merge: bool = False, over: int | None = None
    ) -> int:
        """A file whose dish costs so much."""
        raw = {"menu": copy.deepcopy(MENU), "charts": {"rice": copy.deepcopy(CHART)}}
        raw["menu"]["items"][0]["price_kopecks"] = kopecks
        whole = msgspec.convert(raw | {"revision": revision, "merge": merge, "over": over}, WholeMenu)
        return (await self.wholes.publish(whole, "root")).revision

    async def told(self) -> list[int]:
        rows = await self.database.read(outbox.after, 0, 100)
        return [msgspec.json.decode(row.data)["revision"] for row in rows if row.type == "MenuPublishedEvent"]


@pytest.fixture
async def desk(database: Database) -> Desk:
    raw = {"menu": copy.deepcopy(MENU), "charts": {"rice": copy.deepcopy(CHART)}}
    bundle = msgspec.convert(raw, Bundle)
    file = FileMenu(bundle=bundle, digest="a", menu=build(bundle, COMPLEX), own=True)
    begun = await begin(database, file, COMPLEX, START)
    return Desk(database, CurrentMenu(begun.menu, begun.revision))


def costs(kopecks: int) -> Change:
    return Change("items", "fried-rice", set={"price_kopecks": kopecks})


def price(desk: Desk) -> int:
    return desk.current.now.dishes["fried-rice"].item.price_kopecks


async def test_a_draft_is_what_is_sold_until_it_is_changed_and_sold_once_it_is_published(desk: Desk) -> None:
    draft = await desk.drafts.open(NEW, "Ольга")
    assert (draft.based_on, draft.differences, draft.findings, draft.charts) == (1, [], [], ["rice"])
    changed = await desk.change(draft, costs(31100))
    (row,) = changed.differences
    assert (row.table, row.id, row.name, row.field, row.before, row.after) == (
        "items", "fried-rice", "Имя", "price_kopecks", 28900, 31100,
    )  # fmt: skip
    assert price(desk) == 28900
    assert await desk.publish(changed) == 2
    assert (price(desk), await desk.told()) == (31100, [2])
    with pytest.raises(NotFound):
        await desk.drafts.show()
    lines = [(row.actor, row.action, row.detail) for row in await desk.database.read(journal.read, 9)]
    assert lines == [
        ("Ольга", "menu_publish", "2 editor"),
        ("Ольга", "menu_draft", "2 items/fried-rice"),
        ("Ольга", "menu_draft", "1 opened, of revision 1"),
    ]


async def test_two_browsers_never_overwrite_each_other(desk: Desk) -> None:
    draft = await desk.drafts.open(NEW, "Ольга")
    with pytest.raises(DraftExists) as refusal:
        await desk.drafts.open(NEW, "Пётр")
    assert refusal.value.members["by"] == "Ольга"
    changed = await desk.change(draft, costs(200))
    for act in (desk.change(draft, costs(300), by="Пётр"), desk.publish(draft, by="Пётр")):
        with pytest.raises(DraftChanged) as refused:
            await act
        assert (refused.value.members["edit"], refused.value.members["by"]) == (changed.edit, "Ольга")
    assert (await desk.drafts.show()).document.items[0].price_kopecks == 200


async def test_a_draft_that_is_wrong_is_kept_with_what_is_wrong_and_is_not_sold(desk: Desk) -> None:
    draft = await desk.drafts.open(NEW, "Ольга")
    wrong = await desk.change(draft, costs(50), Change("categories", "rice", remove=True))
    assert {(row.table, row.field) for row in wrong.findings} == {("items", "category")}
    with pytest.raises(MenuUnsellable) as refusal:
        await desk.publish(wrong)
    assert refusal.value.members["findings"] == wrong.findings
    assert (price(desk), await desk.told(), (await desk.drafts.show()).edit) == (28900, [], wrong.edit)


async def test_published_twice_is_published_once_also_after_another_draft(desk: Desk) -> None:
    draft = await desk.change(await desk.drafts.open(NEW, "Ольга"), costs(200))
    assert [await desk.publish(draft), await desk.publish(draft)] == [2, 2]
    await desk.drafts.open(NEW, "Ольга")
    assert await desk.publish(draft) == 2
    assert await desk.told() == [2]


async def test_rows_are_added_moved_and_removed_and_null_takes_a_field_back(desk: Desk) -> None:
    draft = await desk.drafts.open(NEW, "Ольга")
    item = msgspec.to_builtins(draft.document.items[0])
    soup = {name: value for name, value in item.items() if name != "id"} | {"allergens": ["egg"]}
    draft = await desk.change(draft, Change("items", "soup", set=soup), Change("items", "soup", move_to=0))
    assert [(row.id, row.allergens) for row in draft.document.items] == [("soup", ["egg"]), ("fried-rice", None)]
    draft = await desk.change(draft, Change("items", "soup", set={"allergens": None}))
    assert draft.document.items[0].allergens is None
    draft = await desk.change(draft, Change("items", "fried-rice", remove=True))
    assert [row.id for row in draft.document.items] == ["soup"]
    assert await desk.publish(draft) == 2
    assert desk.current.now.dishes.keys() == {"soup"}


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (Change("items", "none", remove=True), "$.changes[0].id"),
        (Change("items", "none", move_to=1), "$.changes[0].id"),
        (Change("items", "fried-rice"), "$.changes[0]"),
        (Change("items", "fried-rice", set={}, remove=True), "$.changes[0]"),
        (Change("items", set={"price_kopecks": 1}), "$.changes[0].id"),
        (Change("items", "fried-rice", set={"price_kopecks": "dear"}), "$.changes"),
        (Change("items", "fried-rice", set={"name": None}), "$.changes"),
        (Change("items", "fried-rice", set={"calories": 1}), "$.changes"),
        (Change("items", "fried-rice", set={"id": 7}), "$.changes"),
        (Change("items", "soup", set={}), "$.changes"),
        (Change("items", "fried-rice", set={"description": {"ru": "а" * 3_000_000, "en": "a"}}), "$.changes"),
    ],
)
async def test_what_leaves_no_document_is_refused_and_changes_nothing(desk: Desk, change: Change, path: str) -> None:
    draft = await desk.drafts.open(NEW, "Ольга")
    with pytest.raises(InvalidRequest) as refusal:
        await desk.change(draft, change)
    assert refusal.value.members["errors"][0]["path"] == path
    assert await desk.drafts.show() == draft


async def test_an_earlier_menu_is_brought_back_as_a_new_revision_once(desk: Desk) -> None:
    await desk.publish(await desk.change(await desk.drafts.open(NEW, "Ольга"), costs(200)))
    for _ in range(2):
        back = await desk.history.bring_back(1, "Пётр")
        assert (back.revision, back.origin, back.source, back.by, back.differences) == (3, "rollback", 1, "Пётр", 1)
    assert (price(desk), await desk.told()) == (28900, [2, 3])
    assert (await desk.history.bring_back(3, "Пётр")).revision == 3
    with pytest.raises(NotFound):
        await desk.history.bring_back(9, "Пётр")


async def test_the_history_tells_each_revision_with_what_it_changed(desk: Desk) -> None:
    await desk.publish(await desk.change(await desk.drafts.open(NEW, "Ольга"), costs(200)))
    rows = (await desk.history.revisions(100)).revisions
    assert [(row.revision, row.origin, row.by, row.differences) for row in rows] == [
        (2, "editor", "Ольга", 1), (1, "file", "kiosk", 0),
    ]  # fmt: skip
    assert [row.revision for row in (await desk.history.revisions(2)).revisions] == [1]
    found: Any = await desk.history.revision(2)
    assert ([row.after for row in found.differences], found.document.items[0].price_kopecks) == ([200], 200)
    assert (await desk.history.revision(1)).differences == []
    shown = await desk.history.document()
    assert (shown.revision, shown.origin, shown.draft, shown.languages) == (2, "editor", None, ["ru", "en"])
    earlier = await desk.drafts.open(OpenDraft(1), "Ольга")
    assert (earlier.based_on, earlier.document.items[0].price_kopecks) == (1, 28900)


async def published_meanwhile(desk: Desk, **fields: float) -> int:
    """By somebody else, as a whole, of what is sold."""
    bundle = await desk.history.bundle(desk.history.now)
    item = msgspec.structs.replace(bundle.menu.items[0], **fields)
    menu = msgspec.structs.replace(bundle.menu, items=[item])
    whole = WholeMenu(menu=menu, charts=bundle.charts, revision=desk.history.now)
    return (await desk.wholes.publish(whole, "Пётр")).revision


async def test_a_draft_undoes_nothing_that_was_published_since_it_was_begun(desk: Desk) -> None:
    draft = await desk.change(await desk.drafts.open(NEW, "Ольга"), costs(200))
    assert draft.newer is None
    assert await published_meanwhile(desk, yield_=0.9) == 2
    with pytest.raises(MenuOutdated) as refusal:
        await desk.publish(draft)
    members = refusal.value.members
    assert (members["revision"], members["by"], members["conflicts"]) == (2, "Пётр", [])
    assert [(row.id, row.field, row.after) for row in members["differences"]] == [("fried-rice", "yield", 0.9)]
    assert (await desk.drafts.show()).edit == draft.edit
    fresh = await desk.drafts.bring_up(UpdateDraft(draft.edit, 2), "Ольга")
    assert (fresh.newer, [row.field for row in fresh.differences]) == (None, ["price_kopecks"])
    assert await desk.publish(fresh) == 3
    sold = desk.current.now.dishes["fried-rice"].item
    assert (sold.price_kopecks, sold.yield_) == (200, 0.9)


@pytest.mark.parametrize(("take", "price_kopecks"), [("mine", 200), ("theirs", 300)])
async def test_of_what_both_changed_somebody_chooses(desk: Desk, take: Side, price_kopecks: int) -> None:
    draft = await desk.change(await desk.drafts.open(NEW, "Ольга"), costs(200))
    await published_meanwhile(desk, price_kopecks=300, yield_=0.9)
    shown = (await desk.drafts.show()).newer
    assert shown is not None
    (conflict,) = shown.conflicts
    assert (conflict.before, conflict.mine, conflict.theirs) == (28900, 200, 300)
    with pytest.raises(MenuOutdated):
        await desk.drafts.bring_up(UpdateDraft(draft.edit, 2), "Ольга")
    chosen = [Choice(conflict.table, conflict.id, conflict.field, take)]
    assert await published_meanwhile(desk, price_kopecks=300, yield_=0.8) == 3
    with pytest.raises(MenuOutdated):  # who chose has not seen this one
        await desk.drafts.bring_up(UpdateDraft(draft.edit, 2, chosen), "Ольга")
    fresh = await desk.drafts.bring_up(UpdateDraft(draft.edit, 3, chosen), "Ольга")
    assert (fresh.document.items[0].price_kopecks, fresh.document.items[0].yield_) == (price_kopecks, 0.8)
    assert await desk.publish(fresh) == 4


async def test_a_draft_of_an_earlier_menu_takes_that_back_on_purpose_and_nothing_newer(desk: Desk) -> None:
    await published_meanwhile(desk, price_kopecks=300)
    draft = await desk.drafts.open(OpenDraft(1), "Ольга")
    assert await published_meanwhile(desk, yield_=0.9) == 3
    fresh = await desk.drafts.bring_up(UpdateDraft(draft.edit, 3), "Ольга")
    assert (fresh.document.items[0].price_kopecks, fresh.document.items[0].yield_) == (28900, 0.9)


async def test_a_whole_menu_undoes_nothing_that_was_published_since_it_was_written(desk: Desk) -> None:
    assert [await desk.publish_whole(200, None), await desk.publish_whole(200, 1)] == [2, 2]
    await desk.publish(
        await desk.change(await desk.drafts.open(NEW, "Ольга"), Change("items", "fried-rice", set={"yield": 0.9}))
    )
    for revision in (None, 1, 2):
        with pytest.raises(MenuOutdated) as refusal:
            await desk.publish_whole(300, revision)
        assert refusal.value.members["revision"] == 3
    with pytest.raises(MenuOutdated) as both:
        await desk.publish_whole(300, 1, merge=True)
    assert [row.field for row in both.value.members["conflicts"]] == ["price_kopecks"]
    assert await desk.publish_whole(300, 2, merge=True) == 4
    sold = desk.current.now.dishes["fried-rice"].item
    assert (sold.price_kopecks, sold.yield_) == (300, 0.9)
    assert await desk.publish_whole(310, 4) == 5
    assert desk.current.now.dishes["fried-rice"].item.yield_ == 1.0


def lower_yield() -> Change:
    return Change("items", "fried-rice", set={"yield": 0.9})


async def test_a_file_undoes_nothing_that_it_was_merged_with_or_that_was_published_as_json(desk: Desk) -> None:
    """Neither makes the file be written upon what it has never seen."""
    await desk.publish(await desk.change(await desk.drafts.open(NEW, "Ольга"), lower_yield()))
    assert await desk.publish_whole(200, None, merge=True) == 3
    with pytest.raises(MenuOutdated):
        await desk.publish_whole(210, None)
    assert await desk.publish_whole(28900, None, merge=True) == 4  # what the file itself takes back is taken back
    item = desk.current.now.dishes["fried-rice"].item
    assert (item.price_kopecks, item.yield_) == (28900, 0.9)
    assert await published_meanwhile(desk, price_kopecks=500) == 5
    with pytest.raises(MenuOutdated):
        await desk.publish_whole(220, None)
    assert await desk.publish_whole(220, None, over=5) == 6
    assert await desk.publish_whole(230, None) == 7


async def test_of_two_files_published_in_one_moment_the_second_undoes_nothing(desk: Desk) -> None:
    found = await asyncio.gather(desk.publish_whole(200, None), desk.publish_whole(300, None), return_exceptions=True)
    assert sorted(type(one).__name__ for one in found) == ["MenuOutdated", "int"]  # either may be the first
    assert price(desk) == (200 if found[0] == 2 else 300)


async def test_with_what_is_not_kept_any_more_nothing_is_merged_but_it_can_be_replaced(desk: Desk) -> None:
    with pytest.raises(MenuOutdated) as refusal:
        await desk.publish_whole(200, 77, merge=True)
    assert (refusal.value.members["revision"], refusal.value.members["differences"]) == (1, [])
    assert await desk.publish_whole(200, 1) == 2


async def test_of_hundreds_of_places_that_both_changed_a_refusal_names_a_hundred_and_one_word_chooses(
    desk: Desk,
) -> None:
    bundle = await desk.history.bundle(1)
    item = bundle.menu.items[0]

    async def all_cost(kopecks: int) -> None:
        items = [msgspec.structs.replace(item, id=f"dish-{n}", price_kopecks=kopecks) for n in range(900)]
        menu = msgspec.structs.replace(bundle.menu, items=items)
        await desk.wholes.publish(WholeMenu(menu=menu, charts=bundle.charts, over=desk.history.now), "Пётр")

    await all_cost(100)
    changes = [Change("items", f"dish-{n}", set={"price_kopecks": 200}) for n in range(900)]
    draft = await desk.drafts.open(NEW, "Ольга")
    for part in (changes[:500], changes[500:]):
        draft = await desk.change(draft, *part)
    await all_cost(300)
    with pytest.raises(MenuOutdated) as refusal:
        await desk.publish(draft)
    assert [len(refusal.value.members[name]) for name in ("differences", "conflicts")] == [100, 100]
    assert refusal.value.members["more"] == 1600
    first = Choice("items", "dish-0", "price_kopecks", "theirs")
    fresh = await desk.drafts.bring_up(UpdateDraft(draft.edit, 3, [first], "mine"), "Ольга")
    assert [row.price_kopecks for row in fresh.document.items[:3]] == [300, 200, 200]
