"""Whoever taps whatever, in a restaurant where things break: the page never hangs and never talks nonsense."""

from __future__ import annotations

import pytest

from tests.pages.fingers import Fingers
from tests.pages.screens import Screens
from tests.restaurant import Restaurant

pytestmark = pytest.mark.asyncio(loop_scope="package")

#: A page that keeps what it was told to forget.
_KEEPS = "Storage.prototype.removeItem = () => undefined; Storage.prototype.clear = () => undefined;"
_ANY_REFUSAL = range(400, 600)


async def played(place: Restaurant, screens: Screens, seed: int, steps: int, planted: str = "") -> list[str]:
    fingers = Fingers(seed)
    screens.traffic.expects(*_ANY_REFUSAL)
    screens.traffic.expects_silence()
    screen = await screens.kiosk(place.kiosk, *fingers.tokens, clock=True, worker=True)
    if planted:
        await screen.page.add_init_script(planted)
        await screen.page.reload()
    await fingers.play(place, screen, steps)
    await fingers.go(place, screen)
    return fingers.complaints


async def test_1_to_4_whatever_is_tapped_the_page_comes_home_and_the_books_agree(
    place: Restaurant, screens: Screens
) -> None:
    assert await played(place, screens, seed=1, steps=60) == []


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 12))
async def test_1_to_4_whatever_is_tapped_for_long_the_page_comes_home_and_the_books_agree(
    place: Restaurant, screens: Screens, seed: int
) -> None:
    assert await played(place, screens, seed, steps=400) == []


async def test_1_planted_bug_of_a_page_that_keeps_its_customer_is_caught(place: Restaurant, screens: Screens) -> None:
    found = await played(place, screens, seed=1, steps=40, planted=_KEEPS)
    assert any("left behind" in complaint for complaint in found), found
