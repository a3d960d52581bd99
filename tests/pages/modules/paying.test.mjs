/** An answer that comes after the guest has left the screen changes nothing for whoever stands there now. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { createPaying } from "../../../web/js/paying.mjs";
import { createStore, INITIAL } from "../../../web/js/store.mjs";

const ORDER = { order_id: "ord-1", status: "completed", number: "A-001", pickup_code: "4711" };

/** A page whose questions are answered by hand. */
function page() {
  /** @type {any[]} */
  const said = [];
  /** @type {any} */
  let kept = { orderId: "ord-1", payKey: "key-1", payBody: {} };
  /** @type {((order: object) => void)[]} */
  const asked = [];
  const waiting = () => new Promise((answer) => asked.push(answer));
  const kiosk = /** @type {any} */ ({
    api: { order: waiting, pay: waiting },
    store: {
      get: () => ({ order: null, payment: null, screen: "attract" }),
      dispatch: (/** @type {any} */ what) => said.push(what),
    },
    memory: {
      get: () => kept,
      keep: (/** @type {any} */ more) => {
        kept = { ...kept, ...more };
      },
    },
    link: { insist: (/** @type {() => Promise<any>} */ ask) => ask() },
    session: { current: () => "token" },
    feeds: { refresh: async () => {} },
  });
  return {
    paying: createPaying(kiosk),
    said,
    asked,
    leave: () => {
      kept = {};
    },
  };
}

const turns = () => new Promise((resolve) => setImmediate(resolve));

test("an order that is read back after its guest left stays out of the next one's page", async () => {
  const { paying, said, asked, leave } = page();
  const done = paying.resume("ord-1");
  leave();
  asked[0](ORDER);
  await done;
  assert.deepEqual(said, []);
});

test("a number that comes after its guest left is not shown to the next one", async () => {
  const { paying, said, asked, leave } = page();
  const done = paying.resume("ord-1");
  asked[0](ORDER);
  await turns();
  assert.equal(asked.length, 2, "the stored answer of the payment is asked for");
  const before = said.length;
  leave();
  asked[1]({ body: ORDER });
  await done;
  assert.equal(said.length, before);
});

test("whoever stays is shown the number", async () => {
  const { paying, said, asked } = page();
  const done = paying.resume("ord-1");
  asked[0](ORDER);
  await turns();
  asked[1]({ body: ORDER });
  await done;
  assert.equal(said.at(-1).type, "paid");
});

const WAYS = ["token", "till"].map((method) => ({ method, available: true, reason: null, says: null }));

/** A guest who has chosen the pin-pad at moment 2, and what is posted. */
function atPinPad() {
  /** @type {string[]} */
  const posted = [];
  const store = createStore(INITIAL);
  store.dispatch({ type: "restaurant_came", restaurant: { payment_methods: WAYS } });
  store.dispatch({ type: "order_created", order: { order_id: "ord-1", amount_kopecks: 9_000 }, at: 1 });
  store.dispatch({ type: "way_chosen", way: "token", at: 2 });
  const kiosk = /** @type {any} */ ({
    api: {
      pay: (/** @type {string} */ _session, /** @type {string} */ id, /** @type {string} */ _key) => {
        posted.push(id);
        return new Promise(() => undefined);
      },
      order: () => new Promise(() => undefined),
    },
    store,
    memory: { get: () => ({ orderId: "ord-1", payKey: "key-1", payBody: {} }), keep: () => undefined },
    session: { current: () => "token" },
  });
  return { store, posted, paying: createPaying(kiosk) };
}

/** @type {[string, (store: import("../../../web/js/store.mjs").Store) => void][]} */
const MEANWHILE = [
  ["looks at the other ways", (store) => store.dispatch({ type: "way_chosen", way: null, at: 3 })],
  ["chose the till", (store) => store.dispatch({ type: "way_chosen", way: "till", at: 3 })],
  ["pays at the till", (store) => store.dispatch({ type: "payment_stage", stage: "at_till", at: 3 })],
  ["has paid", (store) => store.dispatch({ type: "paid", paid: { number: "101" } })],
  ["takes the order back", (store) => store.dispatch({ type: "busy" })],
  ["left", (store) => store.dispatch({ type: "reset" })],
  [
    "made way for the next one",
    (store) => {
      store.dispatch({ type: "reset" });
      store.dispatch({ type: "order_created", order: { order_id: "ord-2", amount_kopecks: 9_000 }, at: 9 });
      store.dispatch({ type: "way_chosen", way: "token", at: 10 });
    },
  ],
];

test("what the pin-pad answers to whoever has gone on pays nothing and refuses nothing", async () => {
  for (const [what, meanwhile] of MEANWHILE) {
    const { store, posted, paying } = atPinPad();
    meanwhile(store);
    const before = store.get();
    paying.stopped("terminal_refused", 2);
    await paying.cardRead("tok_late", 2);
    assert.equal(store.get(), before, `the guest ${what}`);
    assert.deepEqual(posted, [], `the guest ${what}`);
  }
});

test("whoever waits at the pin-pad pays by the card that is read, and is told of one that is not", () => {
  const read = atPinPad();
  void read.paying.cardRead("tok_ok", 2);
  assert.deepEqual(read.posted, ["ord-1"]);
  assert.equal(read.store.get().payment?.phase, "working");
  const refused = atPinPad();
  refused.paying.stopped("terminal_refused", 2);
  assert.equal(refused.store.get().payment?.phase, "failed");
});
