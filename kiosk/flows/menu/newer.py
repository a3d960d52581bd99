"""A menu that was published while another was being written: what it changed, and how both become one."""

from __future__ import annotations

import asyncio

import msgspec

from kiosk.domain.menu.bundle import Bundle
from kiosk.domain.menu.differences import differences
from kiosk.domain.menu.merging import Choose, merged
from kiosk.domain.menu.refusals import MenuOutdated
from kiosk.flows.menu.history import MenuHistory
from kiosk.flows.menu.views import NewerView


class Outrun(Exception):
    """Within a commit: another menu is sold than the one that this was made of."""


async def newer_than(history: MenuHistory, begun_over: int, mine: Bundle) -> NewerView | None:
    """None where what is sold is what `mine` was begun over."""
    if history.now == begun_over:
        return None
    return await newer_to(history, await history.if_kept(begun_over), mine)


async def newer_to(history: MenuHistory, base: Bundle | None, mine: Bundle) -> NewerView:
    """What is sold, to the menu that `mine` was begun as. With None, one that is not kept any more, nothing is
    compared."""
    revision = history.now
    head, sold = await history.view(revision), await history.bundle(revision)
    found = NewerView(revision=revision, by=head.by, published_at=head.at, origin=head.origin)
    if base is None:
        return found
    return await asyncio.to_thread(_compared, found, base, mine, sold)


def _compared(head: NewerView, base: Bundle, mine: Bundle, sold: Bundle) -> NewerView:
    found, conflicts = differences(base, sold), list(merged(base, mine, sold).conflicts)
    return msgspec.structs.replace(head, comparable=True, differences=found, conflicts=conflicts)


def outdated(newer: NewerView) -> MenuOutdated:
    return MenuOutdated(newer.revision, newer.by, newer.published_at, newer.differences, newer.conflicts)


async def brought_up(
    history: MenuHistory, newer: NewerView, base: Bundle | None, mine: Bundle, choose: Choose
) -> Bundle:
    """With what `newer` changed since `base`. Raises `MenuOutdated` where somebody has to choose, or nothing can be
    compared."""
    if base is None or not newer.comparable:
        raise outdated(newer)
    sold = await history.bundle(newer.revision)
    found = await asyncio.to_thread(merged, base, mine, sold, choose)
    if found.conflicts:
        raise MenuOutdated(newer.revision, newer.by, newer.published_at, newer.differences, list(found.conflicts))
    return found.bundle
