import assert from "node:assert/strict";
import { test } from "node:test";
import { itemsById } from "../../../web/js/cart.mjs";
import { picturesOf, savingOf } from "../../../web/js/combo.mjs";
import { dishesOf, isCombo, portionOf } from "../../../web/js/contents.mjs";
import { menuWith } from "./menu.mjs";

/** @typedef {import("../../../web/js/cart.mjs").Item} Item */

const menu = menuWith();
const items = itemsById(menu);
const lunch = /** @type {Item} */ (items.get("lunch"));
const udon = /** @type {Item} */ (items.get("udon"));

test("a combo is known by options that are dishes", () => {
  assert.ok(isCombo(lunch));
  assert.ok(!isCombo(udon));
});

test("a combo's dishes stand in the order of its places, whatever the order of the choice", () => {
  assert.deepEqual(
    dishesOf(lunch, ["drink-tea", "main-soba"], items).map(({ id }) => id),
    ["soba", "tea"],
  );
});

test("a combo saves what its dishes cost one by one beyond its own price, for each choice", () => {
  for (const [main, price] of /** @type {[string, number][]} */ ([
    ["main-udon", 35_000],
    ["main-soba", 32_000],
  ]))
    for (const [drink, more] of /** @type {[string, number][]} */ ([
      ["drink-tea", 9_000],
      ["drink-cola", 12_000],
    ]))
      assert.equal(savingOf(lunch, [main, drink], items), price + more - 38_000);
});

test("a combo shows its dishes' pictures, a dish its own", () => {
  assert.deepEqual(picturesOf(lunch, ["main-udon", "drink-tea"], items), [
    "/assets/images/udon.webp",
    "/assets/images/tea.webp",
  ]);
  assert.deepEqual(picturesOf(udon, [], items), ["/assets/images/udon.webp"]);
});

test("a dish's figures are those of what is cooked, with its options", () => {
  const plain = portionOf(udon, ["teriyaki"], menu);
  assert.equal(plain.weight_g, 270);
  assert.equal(plain.nutrition.kcal, 845);
  assert.deepEqual(plain.allergens, ["gluten"]);
  const rich = portionOf(udon, ["chili", "egg", "cheese"], menu);
  assert.equal(rich.price_kopecks, 47_050);
  assert.equal(rich.weight_g, Math.round((300 + 50 + 30) * 0.9));
  assert.equal(rich.nutrition.kcal, Math.round(845 + 77.5 + 120));
  assert.deepEqual(rich.allergens, ["gluten", "milk", "egg"]);
});

test("a combo's figures are its dishes' added up", () => {
  const options = ["main-udon", "drink-tea"];
  const whole = portionOf(lunch, options, menu);
  const parts = dishesOf(lunch, options, items).map((dish) => portionOf(dish, [], menu));
  assert.equal(whole.weight_g, parts[0].weight_g + parts[1].weight_g);
  assert.equal(whole.price_kopecks, 38_000);
  assert.deepEqual(whole.allergens, ["gluten"]);
});
