/**
 * What a customer can do without the server: all of it is here for the first paint, the rest of the kiosk comes after
 * it.
 */

import { defaultOptions, itemsById, keyOf, quantityOf } from "./cart.mjs";
import { createMemory, pagePart } from "./memory.mjs";
import { createStore, INITIAL } from "./store.mjs";
import { learn } from "./texts.mjs";

/** @typedef {{name: "number"|"code"|"sign"|"sum", length: number}} TicketField */

/** @param {Storage} storage */
export function createBrowsing(storage) {
  const memory = createMemory(storage);
  const store = createStore({ ...INITIAL, ...restorable(memory.get()) });
  store.subscribe(() => {
    if (store.get().screen !== "attract") memory.keep({ page: pagePart(store.get()) });
  });

  /** @param {string} type @param {object} [members] */
  const say = (type, members = {}) => store.dispatch({ type, ...members });

  const actions = {
    start: () => say("screen_opened", { screen: "service" }),
    open: (/** @type {import("./store.mjs").Screen} */ screen) => say("screen_opened", { screen }),
    chooseService: (/** @type {string} */ service) => say("service_chosen", { service }),
    chooseCategory: (/** @type {string} */ category) => say("category_chosen", { category }),
    switchFilter: (/** @type {string} */ filter) => say("filter_switched", { filter }),
    clearFilters: () => say("filters_cleared"),
    /** Words that did not come, before the first paint's rest did: the page is about to begin anew. */
    chooseLanguage: (/** @type {string} */ language) =>
      learn(language).then(
        () => say("language_chosen", { language }),
        () => undefined,
      ),
    switchLow: () => say("low_switched"),
    switchLarge: () => say("large_switched"),
    switchAloud: () => say("aloud_switched"),
    search: (/** @type {string|null} */ text) => say("search_changed", { text }),
    sendReceiptTo: (/** @type {string|null} */ contact) => say("receipt_to_chosen", { contact }),
    switchNotify: () => say("notify_switched"),
    refuseUpsell: () => say("upsell_refused"),
    openSheet: (/** @type {string} */ itemId, /** @type {string|null} */ key = null) =>
      say("sheet_opened", { itemId, key }),
    closeSheet: () => say("sheet_closed"),
    /** «+» on a card; `options` where the card shows others than the usual ones. */
    addOne: (/** @type {string} */ itemId, /** @type {string[]|null} */ options = null) => {
      const item = itemsById(store.get().menu).get(itemId);
      if (!item) return;
      const line = { itemId, options: options ?? defaultOptions(item), quantity: 1 };
      say("line_added", { line, quiet: !item.modifier_groups.length });
    },
    addLine: (/** @type {import("./cart.mjs").Line} */ line) => say("line_added", { line, quiet: true }),
    replaceLine: (/** @type {string} */ key, /** @type {import("./cart.mjs").Line} */ line) =>
      say("line_replaced", { key, line }),
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
    memberIs: (/** @type {Partial<import("./store.mjs").Member>} */ change) => say("member_changed", { change }),
    /** Keys come faster than the page is drawn: each is added to what stands in the state by then. */
    typeMember: (/** @type {"digits"|"code"} */ field, /** @type {string} */ key, /** @type {number} */ most) => {
      const text = store.get().member?.[field] ?? "";
      if (text.length < most) say("member_changed", { change: { [field]: text + key, trouble: null } });
    },
    eraseMember: (/** @type {"digits"|"code"} */ field) =>
      say("member_changed", { change: { [field]: (store.get().member?.[field] ?? "").slice(0, -1), trouble: null } }),
    openTrack: () => say("track_opened"),
    trackIs: (/** @type {Partial<import("./store.mjs").Track>} */ change) => say("track_changed", { change }),
    /** Into the first of two fields until it is full, then into the second. */
    typeTrack: (/** @type {string} */ key, /** @type {readonly TicketField[]} */ [first, second]) => {
      const track = store.get().track;
      const field = (track?.[first.name] ?? "").length < first.length ? first : second;
      const text = track?.[field.name] ?? "";
      if (text.length < field.length) say("track_changed", { change: { [field.name]: text + key, trouble: null } });
    },
    eraseTrack: (/** @type {readonly TicketField[]} */ [first, second]) => {
      const name = store.get().track?.[second.name] ? second.name : first.name;
      say("track_changed", { change: { [name]: (store.get().track?.[name] ?? "").slice(0, -1) } });
    },
    typeSearch: (/** @type {string} */ key, /** @type {number} */ most) =>
      say("search_changed", { text: ((store.get().search ?? "") + key).slice(0, most) }),
    eraseSearch: () => say("search_changed", { text: (store.get().search ?? "").slice(0, -1) }),
  };

  return { memory, store, say, actions };
}

/** @typedef {ReturnType<typeof createBrowsing>} Browsing */

/** Screens that want what a reload forgets. @type {Record<string, import("./store.mjs").Screen>} */
const SHOWN_AFTER_RELOAD = {
  payment: "cart",
  done: "cart",
  points: "cart",
  track: "attract",
  seller: "attract",
  history: "attract",
};

/** @param {Partial<import("./memory.mjs").Kept>} kept */
function restorable({ page, order, orderId }) {
  if (!page) return {};
  // Payment and the number are shown by what the server says, so they are not taken from the storage.
  if (orderId)
    return {
      ...page,
      order,
      screen: /** @type {const} */ ("payment"),
      payment: { phase: /** @type {const} */ ("working"), stage: /** @type {const} */ ("checking"), since: Date.now() },
    };
  return { ...page, screen: SHOWN_AFTER_RELOAD[page.screen ?? "attract"] ?? page.screen };
}
