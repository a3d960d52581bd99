"""The screen read aloud: an order by ear alone, nothing chosen before it was said, each phrase once, in whole words."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

import pytest
from playwright.async_api import expect

from tests.pages.ear import BACK, CHOOSE, REPEAT, VOICE, Ear
from tests.pages.screens import Screens, demo_kiosk
from tests.restaurant import Restaurant, until

pytestmark = pytest.mark.asyncio(loop_scope="package")

#: Keys of a whole order: two for each thing chosen while the screen is read, one for each step from phrase to phrase.
BUDGET = 40
#: A page that shows the number and keeps it to itself.
_SILENT_NUMBER = """new MutationObserver(() => document.querySelector('.number')?.setAttribute('aria-hidden', 'true'))
    .observe(document, {childList: true, subtree: true});"""


@dataclass(frozen=True)
class Words:
    """What somebody listens for on the way, in a language."""

    go: str
    place: str
    section: str
    dish: str
    counted: str
    cart: str
    pay: str
    guest: str
    roubles: str
    card: str
    number: str
    code: str


RU = Words(
    "Коснитесь",
    "В зале",
    "Напитки",
    "Добавить: Чёрный чай",
    "99 рублей. 1 позиция",
    "К заказу",
    "Оплатить",
    "Без номера",
    "99 рублей",
    "Приложить карту",
    "Ваш номер",
    "Код для ячейки: ",
)
EN = Words(
    "Tap to order",
    "Eat in",
    "Drinks",
    "Add Black tea",
    "99 roubles. 1 item",
    "My order",
    "Pay, button",
    "Without number",
    "99 roubles",
    "Tap the card",
    "Your number",
    "Code for the cell: ",
)


async def ordered_by_ear(ear: Ear, words: Words) -> tuple[str, str]:
    """From the first screen to the number and the code, as they were heard."""
    await ear.press(REPEAT)
    await ear.choose(words.go)
    await ear.choose(words.place)
    await ear.choose(words.section)
    await ear.choose(words.dish)
    await ear.hear(words.counted)
    await ear.walk_to(words.cart)
    await ear.choose(words.pay)
    await ear.choose(words.guest)
    await ear.hear(words.roubles)
    await ear.walk_to(words.card, BACK)
    await ear.hear(words.number)
    await ear.end()
    number = await ear.phrase()
    assert re.fullmatch(r"[A-Z], \d, \d", number), f"no number after its heading: {ear.heard[-3:]}"
    await ear.end()
    code = await ear.hear(words.code)
    return number.replace(", ", ""), code.removeprefix(words.code).replace(", ", "")


@pytest.mark.parametrize(("language", "words"), [("ru", RU), ("en", EN)])
async def test_1_to_3_order_is_made_by_ear_alone_and_ends_with_number_and_code(
    screens: Screens, language: str, words: Words
) -> None:
    async with demo_kiosk() as process:
        kiosk = await screens.kiosk(process)
        ear = await Ear.at(kiosk.page, BUDGET)
        if language == "en":
            await kiosk.tap("lang-en")
            await kiosk.reads("Tap to order")
        number, code = await ordered_by_ear(ear, words)
        assert (number, code) == (await kiosk.words("order-number"), await kiosk.words("pickup-code"))
        assert [a for a, b in itertools.pairwise(ear.heard) if a == b] == []
        unsaid = re.compile(r"[₽≈×·_→№]|\b1 (рублей|позиций|roubles|items)\b")
        assert [text for text in ear.heard if unsaid.search(text)] == []
        await screens.close()


async def test_3_planted_screen_that_does_not_say_its_number_is_caught(screens: Screens) -> None:
    async with demo_kiosk() as process:
        kiosk = await screens.kiosk(process)
        await kiosk.page.add_init_script(_SILENT_NUMBER)
        ear = await Ear.at(kiosk.page, BUDGET)
        with pytest.raises(AssertionError, match="no number after its heading"):
            await ordered_by_ear(ear, RU)
        await screens.close()


async def test_1_first_touch_says_what_it_met_once_and_the_second_one_acts(place: Restaurant, screens: Screens) -> None:
    kiosk = await screens.kiosk(place.kiosk)
    ear = await Ear.at(kiosk.page)
    await kiosk.tap("attract")  # nobody has asked for the voice: it acts at once
    await kiosk.sees("service-dine-in")
    assert await ear.is_silent()
    await kiosk.tap("aloud")
    await ear.hear("Чтение вслух")
    await kiosk.tap("service-take-away")
    assert await ear.phrase() == "С собой. Упакуем бесплатно, кнопка"
    assert await ear.is_silent()
    await kiosk.tap("service-dine-in")
    assert await ear.phrase() == "В зале. Подадим на подносе, кнопка"
    await expect(kiosk.at("service-dine-in")).to_be_visible()
    await kiosk.tap("service-dine-in")
    await ear.hear("Разделы меню: Комбо, выбрано, кнопка")
    await kiosk.tap("category-noodles", "category-noodles")
    assert await ear.hear("Лапша")
    await kiosk.page.locator("#price-udon-chicken").tap()
    assert (await ear.hear("Удон с курицей")).endswith("389 рублей, кнопка")
    await kiosk.tap("aloud")
    await ear.hear("Вслух")
    await kiosk.tap("aloud")
    await kiosk.tap("dish-udon-chicken")  # silent again: the first touch acts
    await kiosk.sees("sheet-add")
    assert await ear.is_silent()


async def test_1_dish_says_its_allergens_choices_and_prices_and_the_way_back_its_sum(
    place: Restaurant, screens: Screens
) -> None:
    kiosk = await screens.kiosk(place.kiosk)
    ear = await Ear.at(kiosk.page)
    await ear.press(REPEAT)
    await ear.choose("Коснитесь")
    await ear.choose("В зале")
    await ear.choose("Лапша")
    await ear.choose("Удон с курицей")
    await ear.hear("Вес: ")
    assert re.search(r"Аллергены: .*(соя|глютен|пшеница)", await ear.hear("Аллергены: "), re.IGNORECASE)
    await ear.hear("Состав: ")
    assert re.search(r"плюс 69 рублей, кнопка", await ear.hear("Тофу"))
    await ear.press(CHOOSE)
    await ear.press(CHOOSE)
    assert "выбрано" in await ear.hear("Тофу") or "выбрано" in await ear.hear("Тофу")
    await ear.walk_to("Добавить, 458 рублей")
    await ear.hear("458 рублей. 1 позиция")
    await ear.hear("Удон с курицей")  # back at the card it was opened from


async def test_3_refusal_is_said_by_itself_with_what_became_of_the_money(place: Restaurant, screens: Screens) -> None:
    screens.traffic.expects(402)
    kiosk = await screens.kiosk(place.kiosk, "tok_declined", "tok_ok")
    await kiosk.page.add_init_script(VOICE)
    await kiosk.page.reload()
    await kiosk.order_tea()
    ear = Ear(kiosk.page, BUDGET)
    await kiosk.tap("aloud")
    await ear.choose("Оплатить")
    await ear.choose("Без номера")
    await ear.hear("Банк отклонил оплату")
    await ear.hear("Деньги не списаны")
    assert re.fullmatch(r"Номер заказа [A-Z], \d, \d", await ear.hear("Номер заказа"))
    await ear.choose("Другая карта")
    await ear.hear("Ваш номер")


async def test_2_dish_that_sold_out_is_said_into_the_reading(place: Restaurant, screens: Screens) -> None:
    kiosk = await screens.kiosk(place.kiosk)
    await kiosk.page.add_init_script(VOICE)
    await kiosk.page.reload()
    await kiosk.order_tea()
    ear = Ear(kiosk.page, BUDGET)
    await kiosk.tap("aloud")
    await ear.hear("Ваш заказ")
    place.robot.faults.switch("bin_empty", {"bin": 23})
    assert "закончилось" in await ear.hear("закончилось")


async def test_1_warning_of_a_silent_screen_is_said_and_stays_until_it_was_heard(
    place: Restaurant, screens: Screens
) -> None:
    kiosk = await screens.kiosk(place.kiosk, clock=True)
    await kiosk.page.add_init_script(VOICE)
    await kiosk.page.reload()
    await kiosk.order_tea()
    ear = Ear(kiosk.page, BUDGET)
    await kiosk.tap("aloud")
    await ear.hear("Оплатить")
    await ear.end()

    async def warned() -> int:
        await kiosk.page.clock.run_for(3_000)
        return await kiosk.at("idle-stay").count()

    await until(warned)
    await ear.hear("Вы ещё здесь?")
    await ear.end()
    assert "Заказ очистится через" in await ear.phrase()
    for _ in range(8):  # longer than those wait who can see it
        await kiosk.page.clock.run_for(3_000)
    await ear.miss()
    await ear.walk_to("Мне нужно ещё время", BACK)
    await kiosk.misses("idle-stay")
    await kiosk.sees("pay")


SPOKEN = {
    "ru": {
        "1\u00a0₽": "1 рубль",
        "2\u00a0₽": "2 рубля",
        "5\u00a0₽": "5 рублей",
        "21\u00a0₽": "21 рубль",
        "111\u00a0₽": "111 рублей",
        "1\u00a0234,50\u00a0₽": "1234 рубля 50 копеек",
        "0,01\u00a0₽": "0 рублей 1 копейка",
        "−29\u00a0₽": "минус 29 рублей",
        "+69\u00a0₽": "плюс 69 рублей",
        "Добавить · 458\u00a0₽": "Добавить, 458 рублей",
        "12,5\u00a0г": "12,5 грамма",
        "1\u00a0г · 22\u00a0мл · ≈\u00a07\u00a0мин": "1 грамм, 22 миллилитра, примерно 7 минут",
        "131\u00a0ккал": "131 килокалория",
        "Ещё раз через 1 с": "Ещё раз через 1 секунду",
        "Осталось 1:30": "Осталось 1 минуту 30 секунд",
        "2 × Чай": "2 порции: Чай",
        "Чек № 1234567890": "Чек номер 1, 2, 3, 4, 5, 6, 7, 8, 9, 0",
        "+7 (916) ___-__-__": "плюс 7, 9, 1, 6",
        "Отправили на +7 ••• •••-••-67. Код": "Отправили на номер, который кончается на 6, 7. Код",
        "за 1–3 дня": "за от 1 до 3 дня",
        "Не больше 30 % заказа": "Не больше 30 процентов заказа",
    },
    "en": {
        "1\u00a0₽": "1 rouble",
        "2\u00a0₽": "2 roubles",
        "1,50\u00a0₽": "1 rouble 50 kopecks",
        "350\u00a0g · 1\u00a0ml": "350 grams, 1 millilitre",
        "ready in ≈ 1\u00a0min": "ready in about 1 minute",
        "3 × Tea": "3 portions of Tea",
        "1:01 left": "1 minute 1 second left",
    },
}


async def test_1_signs_and_units_are_said_in_whole_words_and_the_right_form(
    place: Restaurant, screens: Screens
) -> None:
    kiosk = await screens.kiosk(place.kiosk)
    for language, phrases in SPOKEN.items():
        said: list[str] = await kiosk.page.evaluate(
            """async ([texts, language]) => {
                const { spoken } = await import('/assets/js/spoken.mjs');
                return texts.map((text) => spoken(text, language));
            }""",
            [list(phrases), language],
        )
        assert dict(zip(phrases, said, strict=True)) == phrases
