/** Puts the kiosk's parts together and names what a customer can do. */

import { createApi } from "./api.mjs";
import { defaultOptions, itemsById, keyOf, quantityOf } from "./cart.mjs";
import { createFeeds } from "./feeds.mjs";
import { createLink } from "./link.mjs";
import { createMemory, pagePart } from "./memory.mjs";
import { createOrdering } from "./ordering.mjs";
import { createPaying } from "./paying.mjs";
import { createSession } from "./session.mjs";
import { createStore, INITIAL } from "./store.mjs";

/**
 * @typedef {{api: import("./api.mjs").Api, store: import("./store.mjs").Store, memory: import("./memory.mjs").Memory,
 *   link: import("./link.mjs").Link, session: import("./session.mjs").Session, feeds: import("./feeds.mjs").Feeds}} Parts
 */

/** @param {{storage: Storage, terminalId: string}} place */
export function createKiosk({ storage, terminalId }) {
  const memory = createMemory(storage);
  const store = createStore({ ...INITIAL, ...restorable(memory.get()) });
  const api = createApi({ language: () => store.get().language });
  const link = createLink(api, store);
  const session = createSession({ api, memory, terminalId });
  const feeds = createFeeds({ api, store, link });
  const parts = { api, store, memory, link, session, feeds };
  const paying = createPaying(parts);
  const ordering = createOrdering({ ...parts, paying });

  store.subscribe(() => {
    if (store.get().screen !== "attract") memory.keep({ page: pagePart(store.get()) });
  });

  /** Everything of this customer is gone: session, storage, language. */
  function reset() {
    const leaving = session.close();
    memory.forget();
    store.dispatch({ type: "reset" });
    void feeds.retranslate();
    return leaving;
  }

  /** @param {string} type @param {object} [members] */
  const say = (type, members = {}) => store.dispatch({ type, ...members });

  const actions = {
    start: () => say("screen_opened", { screen: "service" }),
    open: (/** @type {import("./store.mjs").Screen} */ screen) => say("screen_opened", { screen }),
    chooseService: (/** @type {string} */ service) => say("service_chosen", { service }),
    chooseCategory: (/** @type {string} */ category) => say("category_chosen", { category }),
    switchFilter: (/** @type {string} */ filter) => say("filter_switched", { filter }),
    chooseLanguage: (/** @type {string} */ language) => {
      if (language === store.get().language) return;
      say("language_chosen", { language });
      void feeds.retranslate();
    },
    switchLow: () => say("low_switched"),
    openSheet: (/** @type {string} */ itemId, /** @type {string|null} */ key = null) => say("sheet_opened", { itemId, key }),
    closeSheet: () => say("sheet_closed"),
    /** «+» on a card. */
    addOne: (/** @type {string} */ itemId) => {
      const item = itemsById(store.get().menu).get(itemId);
      if (!item) return;
      const line = { itemId, options: defaultOptions(item), quantity: 1 };
      say("line_added", { line, quiet: !item.modifier_groups.length });
    },
    addLine: (/** @type {import("./cart.mjs").Line} */ line) => say("line_added", { line, quiet: true }),
    replaceLine: (/** @type {string} */ key, /** @type {import("./cart.mjs").Line} */ line) => say("line_replaced", { key, line }),
    /** «−» on a card: the kind added last goes first. */
    takeOne: (/** @type {string} */ itemId) => {
      const line = store.get().lines.findLast((known) => known.itemId === itemId);
      if (line) say("quantity_set", { key: keyOf(line), quantity: line.quantity - 1 });
    },
    step: (/** @type {string} */ key, /** @type {number} */ by) =>
      say("quantity_set", { key, quantity: quantityOf(store.get().lines, key) + by }),
    removeLine: (/** @type {string} */ key) => say("quantity_set", { key, quantity: 0 }),
    undoRemove: (/** @type {import("./cart.mjs").Line} */ line) => say("line_added", { line, quiet: true }),
    dropGone: () => say("gone_dropped"),
    hideToast: () => say("toast_gone"),
    checkout: ordering.checkout,
    cancelOrder: () => ordering.cancel("cart"),
    abandon: async () => {
      if (store.get().order && store.get().screen === "payment") await ordering.cancel("cart");
      if (store.get().screen !== "payment" || store.get().payment?.phase === "failed") await reset();
    },
    pay: paying.pay,
    payAgain: paying.again,
    payStopped: paying.stopped,
    reset,
  };

  return {
    store,
    actions,
    run() {
      const { orderId } = memory.get();
      if (orderId) void paying.resume(orderId);
      void feeds.run();
      reloadAfterSilence(store);
    },
  };
}

/** @typedef {ReturnType<typeof createKiosk>} Kiosk */

/** @param {Partial<import("./memory.mjs").Kept>} kept */
function restorable({ page, order, orderId }) {
  if (!page) return {};
  // Payment and the number are shown by what the server says, so they are not taken from the storage.
  if (orderId) return { ...page, order, screen: /** @type {const} */ ("payment"),
    payment: { phase: /** @type {const} */ ("working"), stage: /** @type {const} */ ("checking"), since: Date.now() } };
  return { ...page, screen: page.screen === "payment" || page.screen === "done" ? "cart" : page.screen };
}

/** A server that came back may be a newer one: its page is taken when nobody stands before the screen. @param {import("./store.mjs").Store} store */
function reloadAfterSilence(store) {
  let wasOffline = false;
  store.subscribe(() => {
    const { offline, screen, menu } = store.get();
    if (wasOffline && !offline && screen === "attract" && menu) location.reload();
    wasOffline = offline;
  });
}
