/** Puts the kiosk's parts together and names what a customer can do. */

import { createApi } from "./api.mjs";
import { defaultOptions, itemsById, keyOf, quantityOf } from "./cart.mjs";
import { createFeeds } from "./feeds.mjs";
import { createLink } from "./link.mjs";
import { createMemory, pagePart } from "./memory.mjs";
import { createOrdering } from "./ordering.mjs";
import { createPaying } from "./paying.mjs";
import { createSession } from "./session.mjs";
import { createSigning } from "./signing.mjs";
import { createStore, INITIAL } from "./store.mjs";
import { createTracking } from "./tracking.mjs";

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
  const session = createSession({ api, memory, store, terminalId });
  const feeds = createFeeds({ api, store, link });
  const parts = { api, store, memory, link, session, feeds };
  const paying = createPaying(parts);
  const ordering = createOrdering({ ...parts, paying });
  const signing = createSigning(parts);
  const tracking = createTracking(parts);

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
    switchLarge: () => say("large_switched"),
    switchAloud: () => say("aloud_switched"),
    search: (/** @type {string|null} */ text) => say("search_changed", { text }),
    sendReceiptTo: (/** @type {string|null} */ contact) => say("receipt_to_chosen", { contact }),
    refuseUpsell: () => say("upsell_refused"),
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
    /** From the cart: points first, where there are any to be had. */
    toPoints: () => {
      const rules = store.get().restaurant?.points;
      if (store.get().busy || !store.get().lines.length) return;
      if (!rules || (!rules.accrual && !rules.max_share)) return void ordering.checkout();
      say("points_opened");
    },
    memberIs: (/** @type {Partial<import("./store.mjs").Member>} */ change) => say("member_changed", { change }),
    /** Keys come faster than the page is drawn: each is added to what stands in the state by then. */
    typeMember: (/** @type {"digits"|"code"} */ field, /** @type {string} */ key, /** @type {number} */ most) => {
      const text = store.get().member?.[field] ?? "";
      if (text.length < most) say("member_changed", { change: { [field]: text + key, trouble: null } });
    },
    eraseMember: (/** @type {"digits"|"code"} */ field) =>
      say("member_changed", { change: { [field]: (store.get().member?.[field] ?? "").slice(0, -1), trouble: null } }),
    signIn: signing.byNumber,
    confirmCode: signing.byCode,
    resendCode: signing.resend,
    askForCode: signing.stepUp,
    codeForPayment: signing.forPayment,
    withoutNumber: async () => {
      if (store.get().busy) return;
      const signedIn = memory.get().signedIn;
      say("member_left");
      if (signedIn) await session.close();
      await ordering.checkout();
    },
    checkout: ordering.checkout,
    openTrack: () => say("track_opened"),
    trackIs: (/** @type {Partial<import("./store.mjs").Track>} */ change) => say("track_changed", { change }),
    typeTrack: (/** @type {string} */ key, /** @type {number} */ numberLength, /** @type {number} */ codeLength) => {
      const { number = "", code = "" } = store.get().track ?? {};
      if (number.length < numberLength) say("track_changed", { change: { number: number + key, trouble: null } });
      else if (code.length < codeLength) say("track_changed", { change: { code: code + key, trouble: null } });
    },
    eraseTrack: () => {
      const { number = "", code = "" } = store.get().track ?? {};
      say("track_changed", { change: code ? { code: code.slice(0, -1) } : { number: number.slice(0, -1) } });
    },
    typeSearch: (/** @type {string} */ key, /** @type {number} */ most) => say("search_changed", { text: ((store.get().search ?? "") + key).slice(0, most) }),
    eraseSearch: () => say("search_changed", { text: (store.get().search ?? "").slice(0, -1) }),
    showTrack: tracking.show,
    openCell: tracking.openCell,
    cancelOrder: () => ordering.cancel("cart"),
    abandon: async () => {
      if (store.get().order && ["payment", "points"].includes(store.get().screen)) await ordering.cancel("cart");
      if (store.get().screen !== "payment" || store.get().payment?.phase === "failed") await reset();
    },
    pay: paying.pay,
    payAgain: paying.again,
    agreeToPrice: paying.again,
    /** The server allows fewer points than the page thought. @param {number} atMost */
    payWithinLimit: (atMost) => {
      say("member_changed", { change: { atMost } });
      paying.again();
    },
    payWithoutPoints: () => {
      say("member_changed", { change: { spend: false } });
      paying.again();
    },
    payStopped: paying.stopped,
    reset,
  };

  return {
    api,
    store,
    actions,
    run() {
      const { orderId, signedIn } = memory.get();
      // A reload forgets who signed in: points are not to be spent by whoever stands here now.
      if (signedIn && !orderId) void session.close();
      if (orderId) void paying.resume(orderId);
      void feeds.run();
      reloadAfterSilence(store);
    },
  };
}

/** @typedef {ReturnType<typeof createKiosk>} Kiosk */

/** Screens that want what a reload forgets. @type {Record<string, import("./store.mjs").Screen>} */
const SHOWN_AFTER_RELOAD = { payment: "cart", done: "cart", points: "cart", track: "attract", seller: "attract" };

/** @param {Partial<import("./memory.mjs").Kept>} kept */
function restorable({ page, order, orderId }) {
  if (!page) return {};
  // Payment and the number are shown by what the server says, so they are not taken from the storage.
  if (orderId) return { ...page, order, screen: /** @type {const} */ ("payment"),
    payment: { phase: /** @type {const} */ ("working"), stage: /** @type {const} */ ("checking"), since: Date.now() } };
  return { ...page, screen: SHOWN_AFTER_RELOAD[page.screen ?? "attract"] ?? page.screen };
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
