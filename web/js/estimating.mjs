/**
 * Asks what the cart costs and takes whenever it changes: after a short rest, one question at a time, an older cart's
 * answer is dropped.
 */

import { Problem, Unreachable } from "./api.mjs";
import { asOrderItems, cartKey, itemsById, sellable } from "./cart.mjs";

const REST_MS = 300;
const OLD_AFTER_MS = 15_000;
const ASKED_ON = new Set(["menu", "cart", "points"]);

/**
 * @param {{api: import("./api.mjs").Api, store: import("./store.mjs").Store,
 *   session: import("./session.mjs").Session}} kiosk
 */
export function createEstimating({ api, store, session }) {
  let asking = false;
  /** The last cart that was asked for, answered or not. */
  let asked = "";
  let askedAt = 0;
  let screen = "";
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let timer;

  function look() {
    const state = store.get();
    const arrived = state.screen !== screen && Date.now() - askedAt > OLD_AFTER_MS;
    screen = state.screen;
    if (arrived) asked = "";
    if (!isWanted(state) || cartKey(soldOf(state)) === asked) return;
    clearTimeout(timer);
    timer = setTimeout(ask, REST_MS);
  }

  async function ask() {
    const { service } = store.get();
    const lines = soldOf(store.get());
    const of = cartKey(lines);
    if (asking || of === asked || !isWanted(store.get())) return;
    asking = true;
    asked = of;
    askedAt = Date.now();
    try {
      const answer = await api.estimate(await session.toAsk(), {
        items: asOrderItems(lines),
        service: service ?? "dine_in",
      });
      if (cartKey(soldOf(store.get())) === of) store.dispatch({ type: "estimate_came", estimate: { ...answer, of } });
    } catch (error) {
      // The cart does without: the next change asks again.
      if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
    } finally {
      asking = false;
    }
    look();
  }

  return { run: () => void store.subscribe(look) };
}

/** What is gone costs and takes nothing. @param {import("./store.mjs").State} state */
function soldOf({ lines, menu }) {
  return sellable(lines, itemsById(menu));
}

/** @param {import("./store.mjs").State} state */
function isWanted(state) {
  const { screen, restaurant, offline, order, busy } = state;
  return soldOf(state).length > 0 && ASKED_ON.has(screen) && !!restaurant?.sales.open && !offline && !order && !busy;
}
