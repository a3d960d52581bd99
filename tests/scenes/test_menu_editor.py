"""A menu edited and published while it is sold: the next order is of the new one, an order of the old one keeps its
price, is paid, cooked and given back by it; what is no longer sold is not paid for."""

from __future__ import annotations

import base64
import json
import sqlite3
from pathlib import Path
from typing import Any

from drivers.sim.gateways.menu import menu_cloud
from kiosk import cli
from kiosk.wiring import prepared, sold_menu
from tests.command import kiosk, ok
from tests.restaurant import Answer, Restaurant, restaurant
from tests.scenes.test_refusals import assert_problem

CHICKEN_UDON = 1  # the code of its chart


async def act(place: Restaurant, method: str, path: str, body: Any = None) -> Answer:
    return await place.internal(method, f"/internal/menu/{path}", body)


async def edited(place: Restaurant, *changes: dict[str, Any]) -> dict[str, Any]:
    opened = await act(place, "POST", "draft", {})
    assert opened.status == 201, opened
    changed = await act(place, "POST", "draft/changes", {"edit": opened.body["edit"], "changes": list(changes)})
    assert changed.status == 200, changed
    found: dict[str, Any] = changed.body
    return found


async def published(place: Restaurant, *changes: dict[str, Any]) -> dict[str, Any]:
    draft = await edited(place, *changes)
    answer = await act(place, "POST", "draft/publish", {"edit": draft["edit"]})
    assert answer.status == 200, answer
    found: dict[str, Any] = answer.body
    return found


async def tea(place: Restaurant) -> tuple[int, str]:
    page = (await place.call("GET", "/api/menu/categories")).body
    found = {item["id"]: item for category in page["categories"] for item in category["items"]}
    return found["tea"]["price_kopecks"], page["version"]


async def test_a_new_price_is_that_of_the_next_order_and_the_one_before_keeps_its_own(place: Restaurant) -> None:
    guest = await place.guest()
    price, version = await tea(place)
    wanted = {"items": [{"item_id": "tea", "quantity": 1}], "service": "dine_in"}
    before = await guest.call("POST", "/api/orders/create", wanted, **{"Idempotency-Key": "one"})
    found = await published(place, {"table": "items", "id": "tea", "set": {"price_kopecks": price + 1000}})
    assert (found["revision"], found["origin"], found["differences"]) == (2, "editor", 1)
    shown, another = await tea(place)
    assert (shown, another != version) == (price + 1000, True)
    again = await guest.call("POST", "/api/orders/create", wanted, **{"Idempotency-Key": "one"})
    assert again.body == before.body
    order = before.body
    assert order["amount_kopecks"] == price
    assert (await guest.pay(order["order_id"])).status == 200
    await guest.until_status(order["order_id"], "completed")
    assert (await guest.order(("tea", 1)))["amount_kopecks"] == price + 1000
    assert [line["total_kopecks"] for line in place.effects("fiscal", "receipt")] == [price]
    (event,) = [row["data"] for row in await place.events() if row["type"] == "MenuPublishedEvent"]
    assert (event["revision"], event["origin"], event["version"]) == (2, "editor", found["version"])

    await place.restart()
    await place.until_open()
    assert (await tea(place))[0] == price + 1000
    assert (await act(place, "POST", "revisions/1/publish")).body["revision"] == 3
    assert (await tea(place))[0] == price


async def test_what_a_new_menu_no_longer_sells_is_not_paid_for_and_what_it_cooks_otherwise_is_cooked_as_ordered(
    place: Restaurant,
) -> None:
    guest = await place.guest()
    gone, kept = await guest.order(("tea", 1)), await guest.order(("udon-chicken", 1))
    draft = await edited(place, {"table": "items", "id": "tea", "remove": True})
    refused = await act(place, "POST", "draft/publish", {"edit": draft["edit"]})
    assert_problem(refused, 409, "menu_unsellable")
    assert {(row["table"], row["field"]) for row in refused.body["findings"]} == {("combos", "slots")}
    combos = [row["id"] for row in draft["document"]["combos"]]
    changes = [{"table": "combos", "id": name, "remove": True} for name in combos]
    changes += [{"table": "items", "id": "udon-chicken", "set": {"chart": "udon-beef"}}]
    answer = await act(place, "POST", "draft/changes", {"edit": draft["edit"], "changes": changes})
    assert answer.body["findings"] == []
    assert (await act(place, "POST", "draft/publish", {"edit": answer.body["edit"]})).status == 200
    refused = await guest.pay(gone["order_id"])
    assert_problem(refused, 409, "items_unavailable")
    assert refused.body["items"] == [{"item_id": "tea", "reason": "not_on_menu"}]
    assert (await guest.pay(kept["order_id"])).status == 200
    await guest.until_status(kept["order_id"], "completed")
    (made,) = place.effects("robot", "started")
    assert made["recipe"] == CHICKEN_UDON


async def test_a_kiosk_that_stands_is_said_to_sell_the_menu_of_its_books(place: Restaurant) -> None:
    kept = place.folder / "kept.json"
    await ok(place, "menu", "export", str(kept))
    bundle = json.loads(kept.read_text())
    bundle["menu"]["combos"] = []
    kept.write_text(json.dumps(bundle))
    config = place.kiosk.config
    ready = await prepared(config)
    assert sold_menu(config, ready) == (True, "33 dishes")
    assert (await ok(place, "menu", "publish", str(kept)))["revision"] == 2
    await place.kiosk.stop()
    assert sold_menu(config, ready) == (True, "revision 2 (editor), not the file: 33 dishes")
    with sqlite3.connect(config.database.path) as books:
        books.execute(
            'UPDATE menu_revision SET body = replace(body, \'"chart":"\', \'"chart":"no-\') WHERE revision = 2'
        )
    sold, told = sold_menu(config, ready)
    assert (sold, told.startswith("revision 2 (editor) cannot be sold here, an older one is: ")) == (False, True)
    await place.restart()
    assert (await ok(place, "menu"))["revision"] == 1


async def test_the_command_tells_what_is_sold_checks_exports_publishes_and_brings_back(place: Restaurant) -> None:
    found = await ok(place, "menu")
    assert (found["revision"], found["origin"]) == (1, "file")
    shown = await kiosk(place, "menu", "--lang", "en")
    assert "udon-chicken" in shown.out
    kept = place.folder / "kept.json"
    assert (await ok(place, "menu", "export", str(kept))) == {"revision": 1, "file": str(kept)}
    assert (await ok(place, "menu", "check", str(kept)))["dishes"] > 20
    bundle = json.loads(kept.read_text())
    for item in bundle["menu"]["items"]:
        item["price_kopecks"] += 1000 if item["id"] == "tea" else 0
    dearer, wrong = place.folder / "dearer.json", place.folder / "wrong.json"
    dearer.write_text(json.dumps(bundle))
    bundle["menu"]["items"][0]["price_kopecks"] = 1
    wrong.write_text(json.dumps(bundle))
    for action in ("check", "publish"):
        refused = await kiosk(place, "menu", action, str(wrong), "--lang", "en")
        assert (refused.code, "a price is at least one rouble" in refused.out) == (cli.BAD, True)
    for _ in range(2):
        assert (await ok(place, "menu", "publish", str(dearer)))["revision"] == 2
    assert [row["revision"] for row in (await ok(place, "menu", "history"))["revisions"]] == [2, 1]
    assert (await ok(place, "menu", "rollback", "1"))["revision"] == 3
    again = place.folder / "again.json"
    await ok(place, "menu", "export", str(again))
    told = [json.loads(file.read_text()) for file in (kept, again)]
    assert ([row.pop("revision") for row in told], told[0]) == ([1, 3], told[1])
    outdated = await kiosk(place, "menu", "publish", str(dearer), "--over", "2", "--lang", "en")
    assert (outdated.code, "Another menu was published meanwhile" in outdated.err) == (cli.BAD, True)
    assert "differences:\n  items tea price_kopecks\n" in outdated.out
    assert f"kiosk menu publish {dearer} --over 3  #" in outdated.out
    assert (await ok(place, "menu", "publish", str(dearer), "--over", "3"))["revision"] == 4
    misnamed = await kiosk(place, "menu", "export", str(place.folder / "kept.toml"))  # nobody could read it back
    assert (misnamed.code, "name it kept.json" in misnamed.err) == (cli.BAD, True)
    missing = await kiosk(place, "menu", "check", str(place.folder / "none.json"))
    assert (missing.code, "no such file" in missing.err) == (cli.BAD, True)


async def test_the_cloud_brings_a_menu_and_a_lamp_says_when_what_it_brings_is_not_taken(tmp_path: Path) -> None:
    secret = "whsec_" + base64.b64encode(bytes(32)).decode()
    (tmp_path / "menu.secret").write_text(secret)
    state, ledger = tmp_path / "cloud.state", tmp_path / "cloud.jsonl"
    async with menu_cloud(0, secret=secret, state=state, ledger=ledger) as cloud:
        extra = f'[menu]\nurl = "{cloud.menu_url}"\nsecret_file = "{tmp_path}/menu.secret"\n'
        async with restaurant(extra) as place:
            bundle = (await place.internal("GET", "/internal/menu/revisions/1/bundle")).body
            for item in bundle["menu"]["items"]:
                item["price_kopecks"] += 1000
            price = (await tea(place))[0]
            cloud.put(bundle["menu"], bundle["charts"])
            assert await lamp(place) == (None, "")
            assert (await tea(place))[0] == price + 1000
            cloud.faults.switch("unsellable")
            cloud.put(bundle["menu"], bundle["charts"])
            reason, says = await lamp(place)
            assert (reason, "продавать нельзя" in says) == ("menu_cloud_refused", True)
            assert (await tea(place))[0] == price + 1000


async def lamp(place: Restaurant) -> tuple[str | None, str]:
    """Of the cloud's menu, once it was asked: its word, and what a technician reads."""
    cloud = place.kiosk.flows.menu.cloud
    assert cloud is not None
    await cloud.look()
    answer = (await place.internal("GET", "/internal/devices")).body
    return answer["checks"]["menu_cloud"]["reason"], str(answer.get("says", {}).get("menu_cloud", ""))
