/** A code that is confirmed after its guest went away signs nobody in. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { createSigning } from "../../../web/js/signing.mjs";
import { createStore, INITIAL } from "../../../web/js/store.mjs";

/** A guest of an unpaid order who types the code that the payment wants; the answer comes by hand. */
function atCode() {
  /** @type {string[]} */
  const adopted = [];
  /** @type {(() => void)[]} */
  const answers = [];
  const store = createStore(INITIAL);
  store.dispatch({ type: "order_created", order: { order_id: "ord-1", amount_kopecks: 9_000 }, at: 1 });
  const kiosk = /** @type {any} */ ({
    store,
    api: {
      confirm: () => new Promise((answer) => answers.push(() => answer({ access_token: "theirs", expires_in_s: 900 }))),
      me: async () => ({ bonus_points: 5 }),
    },
    session: {
      current: () => "token",
      adopt: async (/** @type {{access_token: string}} */ { access_token }) => void adopted.push(access_token),
    },
  });
  const signing = createSigning(kiosk);
  signing.forPayment({ temporary_token: "t", resend_in_s: 60 });
  return { store, adopted, signing, answer: () => answers[0]() };
}

test("a confirmed code leads back to the payment that wanted it", async () => {
  const { store, adopted, signing, answer } = atCode();
  const done = signing.byCode();
  answer();
  await done;
  assert.deepEqual(adopted, ["theirs"]);
  assert.equal(store.get().screen, "payment");
});

test("a code confirmed after its guest left signs nobody in and opens no payment", async () => {
  const { store, adopted, signing, answer } = atCode();
  const done = signing.byCode();
  store.dispatch({ type: "reset" });
  const before = store.get();
  answer();
  await done;
  assert.equal(store.get(), before);
  assert.deepEqual(adopted, []);
});

test("a code confirmed after its order was taken back opens no payment without an order", async () => {
  const { store, signing, answer } = atCode();
  const done = signing.byCode();
  store.dispatch({ type: "order_dropped", screen: "cart" });
  answer();
  await done;
  assert.equal(store.get().screen, "cart");
});
