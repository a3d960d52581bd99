/** Puts the kiosk's parts together and names what a customer does with the server's help. */

import { createApi } from "./api.mjs";
import { createEstimating } from "./estimating.mjs";
import { createFeeds } from "./feeds.mjs";
import { createHistory } from "./history.mjs";
import { createLink } from "./link.mjs";
import { createOrdering } from "./ordering.mjs";
import { createPaying } from "./paying.mjs";
import { createSession } from "./session.mjs";
import { createSigning } from "./signing.mjs";
import { printsFirst } from "./store.mjs";
import { createTracking } from "./tracking.mjs";

/**
 * @typedef {{api: import("./api.mjs").Api, store: import("./store.mjs").Store, memory: import("./memory.mjs").Memory,
 *   link: import("./link.mjs").Link, session: import("./session.mjs").Session,
 *   feeds: import("./feeds.mjs").Feeds}} Parts
 */

/** @param {import("./browsing.mjs").Browsing} browsing its actions get these beside them @param {string} terminalId */
export function createKiosk(browsing, terminalId) {
  const { memory, store, say } = browsing;
  const api = createApi({ language: () => store.get().menuLanguage });
  const link = createLink(api, store);
  const session = createSession({ api, memory, store, terminalId });
  const feeds = createFeeds({ api, store, link });
  const parts = { api, store, memory, link, session, feeds };
  const paying = createPaying(parts);
  const ordering = createOrdering({ ...parts, paying });
  const signing = createSigning(parts);
  const history = createHistory({ ...parts, signing });
  signing.onHistory(history.show);
  const tracking = createTracking(parts);
  const estimating = createEstimating(parts);

  /** Everything of this customer is gone: session, storage, language. */
  function reset() {
    const leaving = session.close();
    memory.forget();
    store.dispatch({ type: "reset" });
    return leaving;
  }

  /** Back to where the number was asked for; whoever came from «Мой заказ» is done. */
  function leaveNumber() {
    const { lines, track } = store.get();
    if (track && !lines.length) return void reset();
    say("points_left");
  }

  const actions = Object.assign(browsing.actions, {
    /** From the cart: points first, where there are any to be had. */
    toPoints: () => {
      const rules = store.get().restaurant?.points;
      if (store.get().busy || !store.get().lines.length) return;
      if (!rules || (!rules.accrual && !rules.max_share)) return void ordering.checkout();
      say("points_opened", { member: { onward: undefined } });
    },
    leavePoints: () => {
      if (store.get().order) return void ordering.cancel("cart");
      leaveNumber();
    },
    /** By one's number: asked for, or known already. */
    toHistory: () => {
      if (store.get().member?.step === "account") return void history.show();
      say("points_opened", { member: { onward: "history" } });
    },
    showOlder: history.more,
    repeatOrder: history.repeat,
    leaveHistory: () =>
      store.get().lines.length ? say("points_opened", { member: { onward: undefined } }) : leaveNumber(),
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
    showTrack: tracking.show,
    openCell: tracking.openCell,
    cancelOrder: () => ordering.cancel("cart"),
    abandon: async () => {
      if (store.get().order && ["payment", "points"].includes(store.get().screen)) await ordering.cancel("cart");
      if (store.get().screen !== "payment" || store.get().payment?.phase === "failed") await reset();
    },
    pay: paying.pay,
    chooseWay: (/** @type {string} */ way) => {
      say("way_chosen", { way, at: Date.now() });
      if (way !== "token" && !printsFirst(store.get(), way)) void paying.payBy(way);
    },
    otherWay: () => say("way_chosen", { way: null, at: Date.now() }),
    payBy: paying.payBy,
    cancelPayment: paying.cancel,
    simulate: api.simulate,
    practiseAtTill: api.practiseAtTill,
    payAgain: paying.again,
    agreeToPrice: paying.again,
    /** The server allows fewer points than the page thought. @param {number} atMost */
    payWithinLimit: (atMost) => {
      say("member_changed", { change: { atMost } });
      paying.again();
    },
    payWithoutPoints: () => {
      say("member_changed", { change: { spend: 0 } });
      paying.again();
    },
    cardRead: paying.cardRead,
    payStopped: paying.stopped,
    reset,
  });

  return {
    api,
    store,
    actions,
    run() {
      const { orderId, signedIn } = memory.get();
      // A reload forgets who signed in: points are not to be spent by whoever stands here now.
      if (signedIn && !orderId) void session.close();
      if (orderId) void paying.resume(orderId);
      estimating.run();
      void feeds.run();
      translateWhenAsked(store, [feeds, history, tracking]);
      reloadAfterSilence(store);
    },
  };
}

/** @typedef {ReturnType<typeof createKiosk>} Kiosk */

/**
 * @param {import("./store.mjs").Store} store
 * @param {{retranslate: () => unknown}[]} told what the server says in one language
 */
function translateWhenAsked(store, told) {
  let { menuLanguage } = store.get();
  store.subscribe(() => {
    if (store.get().menuLanguage === menuLanguage) return;
    ({ menuLanguage } = store.get());
    for (const part of told) void part.retranslate();
  });
}

/**
 * A server that came back may be a newer one: its page is taken when nobody stands before the screen.
 * @param {import("./store.mjs").Store} store
 */
function reloadAfterSilence(store) {
  let wasOffline = false;
  store.subscribe(() => {
    const { offline, screen, menu } = store.get();
    if (wasOffline && !offline && screen === "attract" && menu) location.reload();
    wasOffline = offline;
  });
}
