/**
 * «Мой заказ»: asks the server about one order by its number and code or by its receipt, opens the cell, keeps what it
 * shows fresh.
 */

import { Problem, Unreachable } from "./api.mjs";
import { pause } from "./link.mjs";

const EVERY_MS = 5_000;

/** @param {{api: import("./api.mjs").Api, store: import("./store.mjs").Store}} kiosk */
export function createTracking({ api, store }) {
  /** @param {object} change */
  const tell = (change) => store.dispatch({ type: "track_changed", change });

  async function show() {
    const { track } = store.get();
    if (!track || track.busy) return;
    tell({ busy: true, trouble: null });
    const asked = proofOf(track);
    const found = await ask(asked);
    if (!found || !isAsked(asked)) return;
    tell({ busy: false, order: found });
    void follow(asked);
  }

  /** @param {Proof} asked */
  async function ask(asked) {
    try {
      return await api.track(asked);
    } catch (error) {
      if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
      // What was wrong is typed anew; what only has to wait, or met silence, stays.
      const wrong = error instanceof Problem && error.code === "wrong_code";
      if (isAsked(asked)) tell({ busy: false, ...(wrong ? { code: "", sum: "" } : {}), trouble: troubleOf(error) });
      return null;
    }
  }

  /** While the order is on the screen. @param {Proof} asked */
  async function follow(asked) {
    while (isAsked(asked) && store.get().track?.order) {
      await pause(EVERY_MS);
      if (isAsked(asked)) await refresh(asked);
    }
  }

  /** @param {Proof} asked */
  async function refresh(asked) {
    const { menuLanguage } = store.get();
    try {
      const order = await api.track(asked);
      if (isAsked(asked) && menuLanguage === store.get().menuLanguage) tell({ order });
    } catch (error) {
      // What was last told stays on the screen; the next question may be answered.
      if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
    }
  }

  /** Dishes are named by the server: another language is asked for. */
  function retranslate() {
    const { screen, track } = store.get();
    if (screen === "track" && track?.order) void refresh(proofOf(track));
  }

  /** @param {Proof} asked */
  function isAsked(asked) {
    const { screen, track } = store.get();
    return screen === "track" && track !== null && JSON.stringify(proofOf(track)) === JSON.stringify(asked);
  }

  async function openCell() {
    const { track } = store.get();
    if (!track || track.busy) return;
    tell({ busy: true, trouble: null });
    try {
      const { cells } = await api.pickUp({ number: track.order.number, pickup_code: track.order.pickup_code });
      tell({ busy: false, opened: cells });
    } catch (error) {
      if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
      tell({ busy: false, trouble: { code: "cell" } });
    }
  }

  return { show, openCell, retranslate };
}

/**
 * @typedef {{number: string, pickup_code: string}|{fiscal_sign: number, amount_kopecks: number}} Proof
 * @param {import("./store.mjs").Track} track
 * @returns {Proof}
 */
function proofOf({ by, number, code, sign, sum }) {
  if (by === "code") return { number, pickup_code: code };
  const [roubles, kopecks = ""] = sum.split(",");
  return {
    fiscal_sign: Number(sign),
    amount_kopecks: Number(roubles) * 100 + Number(kopecks.padEnd(2, "0").slice(0, 2)),
  };
}

/** @param {Problem|Unreachable} error */
export function troubleOf(error) {
  if (error instanceof Unreachable) return { code: "offline" };
  return { code: error.code, retryAfterS: error.body.retry_after_s };
}

/** @typedef {ReturnType<typeof createTracking>} Tracking */
