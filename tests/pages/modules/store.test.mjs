import assert from "node:assert/strict";
import { test } from "node:test";
import { createStore, INITIAL, mayBeNotified, NOBODY, reduce, wayOf, waysOf } from "../../../web/js/store.mjs";
import { menuWith } from "./menu.mjs";

/** @typedef {import("../../../web/js/store.mjs").State} State */

const menu = menuWith();
const tea = { itemId: "tea", options: [], quantity: 1 };
/** @param {State} state @param {{type: string, [member: string]: unknown}[]} actions */
const after = (state, ...actions) => actions.reduce(reduce, state);
const started = after(INITIAL, { type: "menu_came", menu }, { type: "service_chosen", service: "dine_in" });

test("whatever a customer did, the reset leaves nothing of it and keeps what the restaurant said", () => {
  const busy = after(
    started,
    { type: "restaurant_came", restaurant: { name: "Огонёк" } },
    { type: "line_added", line: tea, quiet: true },
    { type: "language_chosen", language: "en" },
    { type: "receipt_to_chosen", contact: "+79161234567" },
    { type: "points_opened", member: { digits: "916" } },
    { type: "large_switched" },
    { type: "filter_switched", filter: "spicy" },
    { type: "order_created", order: { order_id: "o", amount_kopecks: 9_000 }, at: 1 },
    { type: "paid", paid: { number: "101" } },
  );
  const left = after(busy, { type: "reset" });
  const { menu: kept, restaurant, category, ...rest } = left;
  assert.equal(kept, menu);
  assert.deepEqual(restaurant, { name: "Огонёк" });
  assert.equal(category, "noodles");
  const { menu: _, restaurant: __, category: ___, ...initial } = INITIAL;
  assert.deepEqual(rest, initial);
});

test("no change alters the state it was given", () => {
  const before = structuredClone(started);
  after(started, { type: "line_added", line: tea }, { type: "quantity_set", key: "tea", quantity: 3 });
  after(started, { type: "filter_switched", filter: "spicy" }, { type: "reset" });
  assert.deepEqual(started, before);
});

test("a change that nobody knows is an error, not a silence", () => {
  assert.throws(() => reduce(INITIAL, { type: "no_such_change" }), /no such change/);
});

test("a line beyond what fits is refused with the reason and the cart stays", () => {
  const full = after(started, { type: "line_added", line: { ...tea, quantity: 9 } });
  const refused = after(full, { type: "line_added", line: tea });
  assert.equal(refused.lines, full.lines);
  assert.deepEqual(refused.toast, { text: "full", line: tea, why: "kind" });
});

test("the last of a dish taken away in the cart can be brought back", () => {
  const there = after(started, { type: "line_added", line: tea }, { type: "screen_opened", screen: "cart" });
  const gone = after(there, { type: "quantity_set", key: "tea", quantity: 0 });
  assert.deepEqual(gone.toast, { text: "removed", line: tea });
  assert.deepEqual(after(gone, { type: "line_added", line: tea, quiet: true }).lines, [tea]);
});

test("a changed line that does not fit leaves the old one", () => {
  const eight = { ...tea, quantity: 8 };
  const udon = { itemId: "udon", options: ["chili"], quantity: 2 };
  const both = after(started, { type: "line_added", line: eight }, { type: "line_added", line: udon });
  const refused = after(both, { type: "line_replaced", key: "udon+chili", line: { ...tea, quantity: 2 } });
  assert.deepEqual(refused.lines, both.lines);
  assert.equal(refused.toast?.text, "full");
});

test("a price that the customer has not seen must be agreed to", () => {
  const order = { order_id: "o", amount_kopecks: 9_500 };
  const agreed = (/** @type {number|null} */ shownKopecks) => {
    const { payment } = after(started, { type: "order_created", order, at: 1, shownKopecks });
    return payment?.phase === "card" && payment.agreed;
  };
  assert.deepEqual([null, 9_500, 9_000].map(agreed), [true, true, false]);
});

test("the time of a payment runs on through its stages", () => {
  const sent = after(started, { type: "payment_stage", stage: "payment", at: 5 });
  const printed = after(sent, { type: "payment_stage", stage: "receipt", at: 9 });
  assert.deepEqual(printed.payment, { phase: "working", stage: "receipt", since: 5, way: "token" });
});

test("the time that a guest took to pay is not the time that the guest has waited for us", () => {
  const show = /** @type {const} */ ({ kind: "qr", qr: "https://qr.nspk.ru/A" });
  const code = after(
    started,
    { type: "payment_stage", stage: "payment", at: 1 },
    { type: "payment_stage", stage: "at_qr", at: 5, show },
    { type: "payment_stage", stage: "at_qr", at: 9, show },
  );
  assert.equal(code.payment?.phase === "working" && code.payment.since, 5);
  const printing = after(code, { type: "payment_stage", stage: "receipt", at: 95_000 });
  assert.deepEqual(printing.payment, { phase: "working", stage: "receipt", since: 95_000, way: "token" });
});

test("an SMS is promised to a phone only, and to nobody who is signed in", () => {
  const phone = after(started, { type: "receipt_to_chosen", contact: "+79161234567" }, { type: "notify_switched" });
  assert.ok(phone.notify && mayBeNotified(phone));
  const mail = after(phone, { type: "receipt_to_chosen", contact: "a@b.ru" });
  assert.ok(!mail.notify && !mayBeNotified(mail));
  assert.ok(!mayBeNotified({ ...phone, member: { ...NOBODY, step: "account" } }));
});

test("whoever listens hears each change once until it stops listening", () => {
  const store = createStore(INITIAL);
  let heard = 0;
  const stop = store.subscribe(() => {
    heard += 1;
  });
  store.dispatch({ type: "low_switched" });
  stop();
  store.dispatch({ type: "low_switched" });
  assert.equal(heard, 1);
});

test("one way to pay is taken, of several the guest chooses, and again after a refusal", () => {
  const way = (/** @type {string} */ method) => ({ method, available: true, reason: null, says: null });
  const waiting = after(started, { type: "order_created", order: { amount_kopecks: 9_000 }, at: 1 });
  assert.equal(wayOf(waiting), "token");
  const told = (/** @type {string[]} */ ...methods) =>
    after(waiting, { type: "restaurant_came", restaurant: { payment_methods: methods.map(way) } });
  assert.equal(wayOf(told("terminal")), "terminal");
  const several = told("terminal", "till");
  assert.equal(waysOf(several).length, 2);
  assert.equal(wayOf(several), null);
  const chosen = after(several, { type: "way_chosen", way: "till", at: 2 });
  assert.equal(wayOf(chosen), "till");
  const failure = { code: "till_expired", money: "safe", retry: true };
  const again = after(chosen, { type: "payment_failed", failure }, { type: "card_awaited", at: 3 });
  assert.equal(wayOf(again), null);
});
