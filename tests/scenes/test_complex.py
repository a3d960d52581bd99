"""The complex as data: one file for the kiosk and the robot, held against what the robot tells."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.robot.equipment import demo_file
from kiosk.config import ConfigError, load
from kiosk.wiring.preconditions import prepared
from tests.restaurant import Restaurant, restaurant, short_folder, until

TEXT = demo_file().read_text("utf-8")
OUT = TEXT.replace('id = "fryer"', 'id = "fryer"\nout = true')


def configured(complex_text: str) -> Path:
    folder = short_folder()
    (folder / "complex.toml").write_text(complex_text, "utf-8")
    (folder / "config.toml").write_text('[robot]\ncomplex = "complex.toml"\n', "utf-8")
    return folder / "config.toml"


async def refused(complex_text: str) -> str:
    with pytest.raises(ConfigError) as refusal:
        await prepared(load(configured(complex_text)))
    return str(refusal.value)


async def test_a_chart_that_this_complex_cannot_cook_is_refused_by_name() -> None:
    before, _, rest = TEXT.partition('[[stations]]\nid = "fryer"')
    without = before + "[[stations]]" + rest.partition("[[stations]]")[2]
    without = without.replace('station = "fryer"', 'station = "wok"')  # what people do there
    said = await refused(without)
    assert "$.menu.file: chart" in said
    assert "no station 'fryer'" in said
    assert "out = true" in said
    assert "no resource 'arm'" in await refused(TEXT.replace('id = "arm"', 'id = "hand"'))
    assert "cannot 'fry'" in await refused(TEXT.replace("operations.fry.temp_c", "operations.boil.temp_c"))
    cooler = TEXT.replace("max = 200 }", "max = 170 }")
    assert "parameter temp_c at fryer is 120…170 °C, not 175" in await refused(cooler)


async def test_a_description_that_no_complex_can_have_is_refused_with_its_line() -> None:
    said = await refused(TEXT.replace('id = "fryer"', 'id = "wok"'))
    assert "$.robot.complex:" in said
    assert "complex.toml, line" in said
    assert "station wok stands twice" in said


async def reasons(place: Restaurant, *items: str) -> list[str | None]:
    query = "&".join(f"item={name}" for name in items)
    answer = await place.internal("GET", f"/internal/menu/availability?{query}")
    return [row["reason"] for row in answer.body["items"]]


async def described(place: Restaurant, text: str) -> None:
    """The kiosk starts again with this description; the robot stays what it is."""
    (place.folder / "complex.toml").write_text(text, "utf-8")
    file = place.folder / "config.toml"
    config = file.read_text("utf-8")
    if "complex.toml" not in config:
        file.write_text(config.replace("[robot]", '[robot]\ncomplex = "complex.toml"'), "utf-8")
    await place.restart()


async def test_a_station_taken_out_between_two_starts_closes_its_dishes_and_loses_no_portion() -> None:
    async with restaurant(speed=20.0) as place:
        guest = await place.guest()
        fries = (await guest.order(("fries", 1)))["order_id"]
        assert (await guest.pay(fries)).status == 200
        await guest.until_status(fries, "cooking")
        await described(place, OUT)
        await place.until_open()
        assert await reasons(place, "fries", "udon-chicken") == ["station_down", None]
        body = {"items": [{"item_id": "fries", "quantity": 1}], "service": "dine_in"}
        guest = await place.guest()
        answer = await guest.call("POST", "/api/orders/create", body)
        assert (answer.status, answer.code) == (409, "items_unavailable")

        async def completed() -> bool:
            return bool((await place.internal("GET", f"/internal/orders/{fries}")).body["status"] == "completed")

        await until(completed)
        assert len(place.effects("robot", "ready")) == 1
        await described(place, TEXT)
        await place.until_open()
        assert await reasons(place, "fries") == [None]


async def test_what_the_robot_has_otherwise_is_told_by_name_and_stops_no_sales() -> None:
    differs = TEXT.replace("slots = 8", "slots = 5").replace("capacity = 8000\nlow", "capacity = 7000\nlow", 1)
    async with restaurant() as place:
        checks = (await place.call("GET", "/readyz")).body["checks"]
        assert "complex" not in checks  # it is as it is described
        await described(place, differs)
        await place.until_open()
        checks = (await place.call("GET", "/readyz")).body["checks"]
        assert checks["complex"] == {"ok": False, "reason": "complex_differs"}
        says = (await place.internal("GET", "/internal/devices")).body["says"]["complex"]
        assert "в описании 5, у робота 8" in says
        assert "бункер 1" in says
        guest = await place.guest()
        tea = (await guest.order(("tea", 1)))["order_id"]
        assert (await guest.pay(tea)).status == 200
        await guest.until_status(tea, "completed")
