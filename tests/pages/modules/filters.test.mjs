import assert from "node:assert/strict";
import { test } from "node:test";
import { itemsById } from "../../../web/js/cart.mjs";
import { portionOf } from "../../../web/js/contents.mjs";
import { broken, fitting, fittingOptions, leftOut, without } from "../../../web/js/filters.mjs";
import { group, menuWith, option } from "./menu.mjs";

/** @typedef {import("../../../web/js/cart.mjs").Item} Item */

const menu = menuWith();
const of = (/** @type {string} */ id, from = menu) => /** @type {Item} */ (itemsById(from).get(id));

test("filters hold together and name what a portion breaks", () => {
  const portion = portionOf(of("udon"), ["egg"], menu);
  assert.deepEqual(broken(portion, ["no_meat", without("egg"), without("milk")]), ["no_meat", without("egg")]);
  assert.deepEqual(leftOut(["spicy", without("egg")]), ["egg"]);
});

test("without filters a dish is as «+» would put it into the cart", () => {
  assert.deepEqual(fittingOptions(of("udon"), [], menu), ["teriyaki"]);
});

test("a dish that fits with another choice is offered with that choice", () => {
  const sesame = { composition: [{ ingredient: "cheese", amount: 5, unit: "g" }] };
  const changed = menuWith({ modifier_groups: [group("sauce", 1, 1, [option("cream", 0, sesame), option("soy")])] });
  assert.deepEqual(fittingOptions(of("udon", changed), [without("milk")], changed), ["soy"]);
  assert.equal(fittingOptions(of("udon", changed), [without("gluten")], changed), null);
});

test("a combo fits with the dishes that break nothing", () => {
  assert.deepEqual(fittingOptions(of("lunch"), ["no_meat"], menu), ["main-soba", "drink-tea"]);
});

test("only dishes that fit are left of a section", () => {
  const noodles = menu.categories[0].items;
  assert.deepEqual(
    fitting(noodles, ["no_meat"], menu).map(({ id }) => id),
    ["soba", "ramen"],
  );
  assert.equal(fitting(noodles, [], menu), noodles);
});
