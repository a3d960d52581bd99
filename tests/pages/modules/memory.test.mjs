import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemory, pagePart } from "../../../web/js/memory.mjs";
import { INITIAL } from "../../../web/js/store.mjs";

/** A tab's storage. @returns {Storage} */
function storage() {
  /** @type {Map<string, string>} */
  const kept = new Map();
  return /** @type {any} */ ({
    getItem: (/** @type {string} */ name) => kept.get(name) ?? null,
    setItem: (/** @type {string} */ name, /** @type {string} */ value) => kept.set(name, value),
    clear: () => kept.clear(),
  });
}

test("what was kept is there after a reload, and what was dropped is not", () => {
  const tab = storage();
  const memory = createMemory(tab);
  memory.keep({ orderId: "o", payKey: "k" });
  memory.drop("payKey");
  assert.deepEqual(createMemory(tab).get(), { orderId: "o" });
});

test("nothing outlives the customer", () => {
  const tab = storage();
  const memory = createMemory(tab);
  memory.keep({ token: "t" });
  memory.forget();
  assert.deepEqual(memory.get(), {});
  assert.deepEqual(createMemory(tab).get(), {});
});

test("a storage that holds no JSON is an empty one", () => {
  const tab = storage();
  tab.setItem("kiosk", "{half");
  assert.deepEqual(createMemory(tab).get(), {});
});

test("a reload brings back neither a payment nor whoever was signed in", () => {
  const part = pagePart({ ...INITIAL, order: { order_id: "o" } });
  for (const name of ["order", "payment", "paid", "member", "history", "track"]) assert.ok(!(name in part), name);
});
