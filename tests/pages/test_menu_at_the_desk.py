"""The menu at the desk: a draft by hand, what is wrong with it, its publication before a guest's eyes, the way back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import FilePayload, Route, expect

from tests.pages.screens import WAIT_MS, Screen, Screens
from tests.pages.test_accessibility import violations
from tests.pages.test_accounts_at_the_desk import sign_in
from tests.pages.test_sections_at_the_desk import dishes, looked_at
from tests.pages.test_staff_at_the_desk import at_the_desk, left_in_russian
from tests.restaurant import restaurant
from tests.scenes.test_menu_editor import act, tea
from tests.scenes.test_staff_roles import PINS, hired

NEW = "chay-s-myatoy"
UPLOADED = re.compile(r"/assets/images/[0-9a-f]{32}\.webp$")

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def in_the_draft(desk: Screen) -> None:
    await desk.tap("to-menu", "menu-begin")
    await expect(desk.at("menu-draft")).to_be_visible(timeout=WAIT_MS)


async def test_a_price_is_changed_found_wrong_mended_and_published_before_a_guest_with_a_cart(
    screens: Screens,
) -> None:
    async with restaurant() as place:
        guest, desk = await screens.kiosk(place.kiosk), await at_the_desk(screens, place.kiosk)
        await guest.order_tea()
        await desk.tap("to-menu")
        await expect(desk.at("sold-tea")).to_contain_text("99 ₽", timeout=WAIT_MS)
        await looked_at(desk, "menu-sold")
        await in_the_draft(desk)
        await desk.tap("menu-open-items-tea")
        await desk.page.reload()
        await desk.at("menu-price_kopecks").fill("95,5O")
        await desk.reads("Это не цена")
        await expect(desk.at("menu-save")).to_be_disabled()
        await desk.at("menu-price_kopecks").fill("0,50")
        await desk.tap("menu-save")
        await expect(desk.at("menu-field-price_kopecks")).to_contain_text("цена не меньше рубля", timeout=WAIT_MS)
        await desk.tap("menu-back")
        await expect(desk.at("menu-publish")).to_have_count(0)
        await looked_at(desk, "menu-wrong")
        await desk.tap("finding-items-tea")
        await desk.at("menu-price_kopecks").fill("104,50")
        await looked_at(desk, "menu-card")
        await desk.tap("menu-save")
        await expect(desk.at("menu-field-price_kopecks")).not_to_contain_text("меньше рубля", timeout=WAIT_MS)
        await desk.tap("menu-back")
        await expect(desk.at("menu-differences")).to_have_text(
            "Что изменится для гостейЧёрный чай: цена 99 ₽ → 104,50 ₽"
        )
        assert (await tea(place))[0] == 9900
        await desk.tap("menu-publish", "menu-publish-sure")
        await expect(desk.at("menu-published")).to_contain_text("меню 2, 1 изменение", timeout=WAIT_MS)
        await expect(desk.at("menu-revision")).to_contain_text("Ира")
        await expect(guest.at("line-tea")).to_contain_text("Цена изменилась, было 99 ₽", timeout=WAIT_MS)
        await guest.reads("104,50")
        await guest.shot("cart-repriced")
        await desk.tap("lang-en", "menu-view-history", "revision-2")
        await desk.page.reload()  # what was said of the last act stays in its language
        await expect(desk.at("menu-differences")).to_contain_text("price 99 ₽ → 104,50 ₽", timeout=WAIT_MS)
        assert await left_in_russian(desk, *await dishes(desk), "Ира") == []
        await screens.close()


async def test_two_browsers_never_overwrite_each_other_and_a_technician_only_looks(screens: Screens) -> None:
    async with restaurant() as place:
        people = await hired(place)
        vera, oleg = [await screens.desk(place.kiosk, "/service#menu", clock=True) for _ in range(2)]
        for desk, name in ((vera, "Вера"), (oleg, "Олег")):
            await sign_in(desk, people.ids[name], PINS[name])
            await desk.sees("menu-revision")
        await in_the_draft(vera)
        await oleg.looks_again()
        for desk in (vera, oleg):
            await desk.page.goto(f"{desk.origin}/service#menu/draft/items/tea")
            await desk.sees("menu-card")
        await oleg.at("menu-price_kopecks").fill("120")
        await oleg.at("menu-name-en").fill("Tea, black")
        await vera.at("menu-price_kopecks").fill("95")
        await vera.at("menu-name-ru").fill("Чай")
        await vera.tap("menu-save")
        await vera.reads("Сохранить «Чёрный чай»: сделано")
        await oleg.looks_again()
        await expect(oleg.at("menu-foreign")).to_contain_text("Вера меняет этот черновик", timeout=WAIT_MS)
        await expect(oleg.at("menu-foreign")).to_contain_text("цена 99 ₽ → 95 ₽")
        await expect(oleg.at("menu-price_kopecks")).to_have_value("120")
        await expect(oleg.at("menu-field-price_kopecks")).to_contain_text("в черновике: 95 ₽")
        assert await violations(oleg) == []

        async def late(route: Route) -> None:
            """A change of somebody else's comes before this one."""
            await vera.at("menu-price_kopecks").fill("97")
            await vera.tap("menu-save")
            await vera.reads("Сохранить «Чай»: сделано")
            await route.continue_()

        screens.traffic.expects(409)
        await oleg.page.route("**/draft/changes", late, times=1)
        await oleg.tap("menu-save")
        await oleg.reads("не вышло. Черновик уже изменён")
        await expect(oleg.at("menu-field-price_kopecks")).to_contain_text("в черновике: 97 ₽", timeout=WAIT_MS)
        await oleg.tap("menu-save")
        await oleg.reads("Сохранить «Чай»: сделано")
        draft = (await act(place, "GET", "draft")).body
        row = next(row for row in draft["document"]["items"] if row["id"] == "tea")
        assert (row["price_kopecks"], row["name"]) == (12000, {"ru": "Чай", "en": "Tea, black"})
        await oleg.tap("leave")
        await sign_in(oleg, people.ids["Тимур"], PINS["Тимур"])
        await expect(oleg.at("menu-price_kopecks")).to_have_value("120", timeout=WAIT_MS)
        await expect(oleg.at("menu-price_kopecks")).to_be_disabled()
        await expect(oleg.at("menu-save")).to_have_count(0)
        await screens.close()


async def test_a_dish_is_put_on_with_its_picture_seen_at_the_guests_and_taken_back_by_yesterdays_menu(
    screens: Screens, tmp_path: Path
) -> None:
    photo = tmp_path / "photo.jpg"
    Image.new("RGB", (640, 480), "#2a7f62").save(photo)
    async with restaurant() as place:
        guest, desk = await screens.kiosk(place.kiosk), await at_the_desk(screens, place.kiosk)
        await guest.begin()
        await in_the_draft(desk)
        await desk.tap("menu-add-items-drinks")
        await desk.at("menu-add-items-drinks-text").fill("Чай с мятой")
        await desk.tap("menu-add-items-drinks-sure")
        await expect(desk.at("menu-card")).to_have_attribute("data-id", "chay-s-myatoy", timeout=WAIT_MS)
        await expect(desk.at("menu-field-name")).to_contain_text("нет слов (en)")
        for name, text in (
            ("name-en", "Tea with mint"),
            ("description-ru", "Свежая мята."),
            ("description-en", "Fresh mint."),
            ("price_kopecks", "129"),
        ):
            await desk.at(f"menu-{name}").fill(text)
        await desk.tap("menu-save")
        await expect(desk.at("menu-field-chart")).to_contain_text("техкарта не выбрана", timeout=WAIT_MS)
        await desk.at("menu-chart").select_option("tea")
        screens.traffic.expects(415)
        no_picture = FilePayload(name="menu.gif", mimeType="image/gif", buffer=b"GIF89a")
        await desk.at("menu-image-file").set_input_files(no_picture)
        await desk.reads("Это не JPEG, PNG или WebP")
        await desk.at("menu-image-file").set_input_files(photo)
        await expect(desk.at("menu-image-shown")).to_have_attribute("src", UPLOADED, timeout=WAIT_MS)
        await desk.shows_whole_pictures()
        await desk.tap("menu-prices-add")
        await desk.at("menu-prices-0-from").fill("2090-01-01T00:00")
        await desk.at("menu-prices-0-price_kopecks").fill("139,5")
        await looked_at(desk, "menu-new-dish")
        await desk.tap("menu-save", "menu-back", f"menu-up-items-{NEW}")
        await expect(desk.at("menu-sound")).to_be_visible(timeout=WAIT_MS)
        await expect(desk.at(f"menu-row-items-{NEW}")).to_contain_text("с 01.01.2090: 139,50 ₽")
        await desk.tap("menu-publish", "menu-publish-sure")
        await expect(desk.at("menu-published")).to_contain_text("меню 2", timeout=WAIT_MS)
        await guest.tap("category-drinks")
        dish = guest.at(f"dish-{NEW}")
        await expect(dish).to_contain_text("Чай с мятой", timeout=WAIT_MS)
        await expect(dish.locator("img")).to_have_attribute("src", UPLOADED)
        await guest.shows_whole_pictures()
        await guest.shot("menu-new-dish-guest")
        await desk.tap("menu-view-history", "revision-1")
        await desk.shot("menu-history")
        await desk.tap("menu-bring", "menu-bring-sure")
        await expect(desk.at("menu-published")).to_contain_text("меню 3", timeout=WAIT_MS)
        await expect(desk.at("menu-revision")).to_contain_text("возврат прежнего")
        await expect(dish).to_have_count(0, timeout=WAIT_MS)
        await screens.close()


async def test_what_a_dish_is_made_of_and_when_it_is_sold_is_edited_and_a_newer_menu_is_taken_under_it(
    screens: Screens,
) -> None:
    async with restaurant() as place:
        desk = await at_the_desk(screens, place.kiosk, clock=True)
        await in_the_draft(desk)

        async def add(table: str, text: str) -> None:
            await desk.tap(f"menu-add-{table}")
            await desk.at(f"menu-add-{table}-text").fill(text)
            await desk.tap(f"menu-add-{table}-sure")
            await expect(desk.at("menu-card")).to_be_visible(timeout=WAIT_MS)

        async def save(**fields: str) -> None:
            for name, text in fields.items():
                await desk.at(f"menu-{name.replace('__', '-')}").fill(text)
            await desk.tap("menu-save")
            await expect(desk.at("menu-save")).to_be_disabled(timeout=WAIT_MS)

        for table in ("allergens", "ingredients"):
            await desk.page.get_by_test_id(f"menu-more-{table}").locator("summary").click()
        await add("allergens", "Люпин")
        await save(name__en="Lupin")
        await desk.tap("menu-back")
        await desk.page.get_by_test_id("menu-more-ingredients").locator("summary").click()
        await add("ingredients", "Мука люпина")
        await desk.at("menu-unit").select_option("pcs")
        await desk.tap("menu-allergens-lyupin")
        await save(name__en="Lupin flour", nutrition__kcal="1000", nutrition__protein_g="36,2")
        await expect(desk.at("menu-field-nutrition")).to_contain_text("0…900 ккал, а не 1000", timeout=WAIT_MS)
        await expect(desk.at("menu-field-grams_per_unit")).to_contain_text("сколько граммов в одной единице")
        await looked_at(desk, "menu-ingredient")
        await save(nutrition__kcal="370", grams_per_unit="12,5")
        await desk.tap("menu-back")
        await add("dayparts", "Завтрак")
        await save(name__en="Breakfast", **{f"hours__{day}": "07:00-11:00" for day in ("mon", "tue")})
        await desk.tap("menu-back")
        await add("holidays", "2026-12-31")
        await save(hours="10:00-9")
        await looked_at(desk, "menu-holiday")
        await save(hours="10:00-18:00")
        await desk.tap("menu-back", "menu-hours")
        await save(**dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "08:00-22:00"))
        await desk.tap("menu-back", "menu-open-items-tea", "menu-dayparts-zavtrak")
        await save(**{"yield": "0,9", "price_kopecks": "95"})
        await desk.tap("menu-back")
        await expect(desk.at("menu-differences")).to_contain_text("выход 1 → 0,9")
        await expect(desk.at("menu-differences")).to_contain_text("Часы продажи: пн закрыто → 08:00-22:00")
        await looked_at(desk, "menu-times")
        sold = (await place.internal("GET", "/internal/menu/revisions/1/bundle")).body
        for row in sold["menu"]["items"]:
            row.update({"price_kopecks": 9700, "image": "plate.webp"} if row["id"] == "tea" else {})
        assert (await place.internal("POST", "/internal/menu/publish", sold)).status == 200
        await desk.looks_again()
        await expect(desk.at("menu-newer")).to_contain_text("меню 2", timeout=WAIT_MS)
        await expect(desk.at("menu-publish")).to_have_count(0)
        await expect(desk.at("menu-take-over")).to_be_disabled()
        await looked_at(desk, "menu-newer")
        await desk.tap("lang-en")
        await expect(desk.at("menu-newer")).to_contain_text("Menu 2 was published meanwhile", timeout=WAIT_MS)
        assert await left_in_russian(desk, *await dishes(desk), "Ира") == []
        await looked_at(desk, "menu-newer-en")
        await desk.tap("menu-open-items-tea", "take-mine-tea-price_kopecks")
        await looked_at(desk, "menu-conflict-en")
        await desk.tap("lang-ru")
        await looked_at(desk, "menu-conflict")
        await desk.tap("menu-back", "menu-take-over")
        await expect(desk.at("menu-newer")).to_have_count(0, timeout=WAIT_MS)
        await desk.tap("menu-publish", "menu-publish-sure")
        await expect(desk.at("menu-published")).to_contain_text("меню 3", timeout=WAIT_MS)
        item = next(
            row for row in (await act(place, "GET", "document")).body["document"]["items"] if row["id"] == "tea"
        )
        assert (item["price_kopecks"], item["image"], item["yield"], item["dayparts"]) == (
            9500, "plate.webp", 0.9, ["zavtrak"],
        )  # fmt: skip
        await screens.close()
