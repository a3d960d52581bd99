/** «Мой заказ»: asks the server about one order by its number and code, opens the cell, keeps what it shows fresh. */

import { Problem, Unreachable } from "./api.mjs";
import { pause } from "./link.mjs";

const EVERY_MS = 5_000;

/** @param {{api: import("./api.mjs").Api, store: import("./store.mjs").Store}} kiosk */
export function createTracking({ api, store }) {
  /** @param {object} change */
  const tell = (change) => store.dispatch({ type: "track_changed", change });
  const ticket = () => ({ number: store.get().track?.number ?? "", pickup_code: store.get().track?.code ?? "" });

  async function show() {
    if (store.get().track?.busy) return;
    tell({ busy: true, trouble: null });
    const asked = ticket();
    const found = await ask(asked);
    if (!found || !isAsked(asked)) return;
    tell({ busy: false, order: found });
    void follow(asked);
  }

  /** @param {{number: string, pickup_code: string}} asked */
  async function ask(asked) {
    try {
      return await api.track(asked);
    } catch (error) {
      if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
      if (isAsked(asked)) tell({ busy: false, code: "", trouble: troubleOf(error) });
      return null;
    }
  }

  /** While the order is on the screen. @param {{number: string, pickup_code: string}} asked */
  async function follow(asked) {
    while (isAsked(asked) && store.get().track?.order) {
      await pause(EVERY_MS);
      if (!isAsked(asked)) return;
      try {
        const order = await api.track(asked);
        if (isAsked(asked)) tell({ order });
      } catch (error) {
        // What was last told stays on the screen; the next question may be answered.
        if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
      }
    }
  }

  /** @param {{number: string, pickup_code: string}} asked */
  function isAsked(asked) {
    const { screen, track } = store.get();
    return screen === "track" && track?.number === asked.number && track?.code === asked.pickup_code;
  }

  async function openCell() {
    if (store.get().track?.busy) return;
    tell({ busy: true, trouble: null });
    try {
      tell({ busy: false, opened: (await api.pickUp(ticket())).cells });
    } catch (error) {
      if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
      tell({ busy: false, trouble: { code: "cell" } });
    }
  }

  return { show, openCell };
}

/** @param {Problem|Unreachable} error */
function troubleOf(error) {
  if (error instanceof Unreachable) return { code: "offline" };
  return { code: error.code, attemptsLeft: error.body.attempts_left, retryAfterS: error.body.retry_after_s };
}

/** @typedef {ReturnType<typeof createTracking>} Tracking */
