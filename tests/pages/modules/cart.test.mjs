import assert from "node:assert/strict";
import { test } from "node:test";
import * as cart from "../../../web/js/cart.mjs";
import { chance, dish, group, menuWith, option } from "./menu.mjs";

const menu = menuWith();
const items = cart.itemsById(menu);
const line = (/** @type {string} */ itemId, /** @type {string[]} */ options = [], quantity = 1) => ({
  itemId,
  options,
  quantity,
});

test("the order of the options makes no other line", () => {
  const lines = cart.withLine([line("udon", ["egg", "chili"])], line("udon", ["chili", "egg"]), items);
  assert.deepEqual(lines, [line("udon", ["egg", "chili"], 2)]);
});

test("a price is the dish's with what its options add", () => {
  const udon = /** @type {cart.Item} */ (items.get("udon"));
  assert.equal(cart.unitPrice(udon, ["teriyaki"]), 35_000);
  assert.equal(cart.unitPrice(udon, ["chili", "egg", "cheese"]), 35_000 + 2_000 + 4_050 + 6_000);
  assert.equal(cart.unitPrice(udon, ["no-such-option"]), 35_000);
});

/** A line's price coin by coin, as a cashier would count it. @param {cart.Line} one */
function counted({ itemId, options, quantity }) {
  const item = /** @type {cart.Item} */ (items.get(itemId));
  const extras = item.modifier_groups.flatMap((g) => g.options).filter(({ id }) => options.includes(id));
  let kopecks = 0;
  for (let n = 0; n < quantity; n += 1) {
    kopecks += item.price_kopecks;
    for (const extra of extras) kopecks += extra.price_kopecks;
  }
  return kopecks;
}

test("the total of any cart is the sum of its lines, in whole kopecks, whatever was tapped before", () => {
  const draw = chance();
  const extras = ["teriyaki", "chili", "egg", "cheese"];
  for (let round = 0; round < 300; round += 1) {
    /** @type {cart.Line[]} */
    let lines = [];
    for (let taps = 0; taps < 25; taps += 1) {
      const itemId = ["udon", "soba", "tea", "lunch"][draw(4)];
      const options = itemId === "udon" ? extras.filter(() => draw(2)) : [];
      if (draw(4)) lines = cart.withLine(lines, line(itemId, options, 1 + draw(3)), items);
      else lines = cart.withQuantity(lines, cart.keyOf(line(itemId, options)), draw(5));
    }
    const expected = lines.reduce((sum, one) => sum + counted(one), 0);
    assert.equal(cart.total(lines, items), expected);
    assert.ok(Number.isSafeInteger(expected));
    assert.equal(new Set(lines.map(cart.keyOf)).size, lines.length);
    assert.ok(lines.every(({ quantity }) => quantity >= 1 && quantity <= cart.MAX_QUANTITY));
  }
});

test("what is gone costs nothing and is told apart", () => {
  const lines = [line("tea"), line("cola", [], 2), line("left-the-menu")];
  assert.equal(cart.total(lines, items), 9_000);
  assert.deepEqual(cart.goneLines(lines, items), lines.slice(1));
  assert.equal(cart.count(cart.sellable(lines, items)), 1);
});

test("an option that is out takes its line along", () => {
  const groups = [group("sauce", 1, 1, [option("teriyaki", 0, { available: false }), option("chili")])];
  const changed = cart.itemsById(menuWith({ modifier_groups: groups }));
  assert.ok(cart.isGone(line("udon", ["teriyaki"]), changed.get("udon")));
  assert.ok(!cart.isGone(line("udon", ["chili"]), changed.get("udon")));
});

test("«+» chooses the first option that can be had, and none of what may be left out", () => {
  const groups = [
    group("sauce", 1, 1, [option("teriyaki", 0, { available: false }), option("chili")]),
    group("extra", 0, 2, [option("egg")]),
  ];
  assert.deepEqual(cart.defaultOptions(dish("udon", 1, { modifier_groups: groups })), ["chili"]);
});

test("of one kind there are nine at most", () => {
  const nine = [line("tea", [], 9)];
  assert.equal(cart.whyFull(nine, line("tea"), items), "kind");
  assert.equal(cart.withLine(nine, line("tea"), items), nine);
  assert.deepEqual(cart.withQuantity(nine, "tea", 12), nine);
});

test("an order has forty portions at most, and a combo counts as its dishes", () => {
  const lines = [line("tea", [], 9), line("soba", [], 9), line("ramen", [], 9), line("lunch", [], 6)];
  assert.equal(cart.whyFull(lines, line("udon"), items), null);
  assert.equal(cart.whyFull(lines, line("udon", [], 2), items), "portions");
  assert.equal(cart.whyFull(lines, line("lunch"), items), "portions");
});

test("an order has thirty lines at most", () => {
  const many = Array.from({ length: 30 }, (_, n) => line(`dish-${n}`));
  assert.equal(cart.whyFull(many, line("tea"), items), "lines");
  assert.equal(cart.whyFull(many, line("dish-0"), items), null);
});

test("a new menu drops dishes it has not and chooses anew what must be chosen", () => {
  const groups = [group("sauce", 1, 1, [option("soy"), option("chili")])];
  const changed = cart.itemsById(menuWith({ modifier_groups: groups }));
  const lines = [line("udon", ["teriyaki", "egg"], 2), line("udon", ["chili"]), line("left-the-menu")];
  assert.deepEqual(cart.fittedTo(lines, changed), [line("udon", ["soy"], 2), line("udon", ["chili"])]);
});

test("instead of a dish that is gone the nearest in price of its section is offered", () => {
  const without = menuWith({ available: false });
  assert.equal(cart.substituteFor(line("udon", ["teriyaki"]), [], without)?.id, "soba");
  assert.equal(cart.substituteFor(line("udon", ["cheese"]), [], without)?.id, "ramen");
  assert.equal(cart.substituteFor(line("udon"), [line("soba")], without)?.id, "ramen");
  assert.equal(
    cart.substituteFor(line("udon"), [], without, () => false),
    null,
  );
  assert.equal(cart.substituteFor(line("udon"), [], menu), null);
});

test("an estimate holds for the very cart it was made for", () => {
  const lines = [line("tea")];
  const estimate = { of: cart.cartKey(lines), ready_in_s: 60 };
  assert.equal(cart.estimateOf({ estimate, lines, menu }), estimate);
  assert.equal(cart.estimateOf({ estimate, lines: [...lines, line("cola")], menu }), estimate);
  assert.equal(cart.estimateOf({ estimate, lines: [line("tea", [], 2)], menu }), null);
});

test("an order names its options only where there are any", () => {
  assert.deepEqual(cart.asOrderItems([line("tea"), line("udon", ["egg"], 2)]), [
    { item_id: "tea", quantity: 1 },
    { item_id: "udon", quantity: 2, modifiers: ["egg"] },
  ]);
});

test("a menu that came meanwhile leaves what the guest saw, until it is so again", () => {
  const lines = [line("udon", ["egg"], 2), line("soba")];
  const dearer = menuWith({ price_kopecks: 36_000 });
  const told = cart.toldChanges(lines, menu, dearer);
  assert.deepEqual(told, [{ ...lines[0], wasKopecks: 35_000 + 4_050 }, lines[1]]);
  assert.equal(cart.toldChanges(told, dearer, menuWith({ price_kopecks: 37_000 }))[0].wasKopecks, 39_050, "the first");
  assert.deepEqual(cart.toldChanges(told, dearer, menu), lines);
  assert.equal(cart.toldChanges(lines, menu, menuWith()), lines, "nothing has changed");
  assert.equal(cart.toldChanges(lines, null, menu), lines);
});

test("a dish that is on no menu any more keeps its name", () => {
  const without = {
    ...menu,
    categories: menu.categories.map((c) => ({ ...c, items: c.items.filter((i) => i.id !== "soba") })),
  };
  const told = cart.toldChanges([line("soba")], menu, without);
  assert.deepEqual(told, [{ ...line("soba"), wasName: "Соба с овощами" }]);
  assert.deepEqual(cart.asOrderItems(told), cart.asOrderItems([line("soba")]));
  assert.deepEqual(cart.toldChanges(told, without, menu), told, "what the menu calls it goes before that");
});
