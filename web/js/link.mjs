/** What to do when the server is silent: cover the screen, ask its health each second, carry on when it is back. */

import { Unreachable } from "./api.mjs";

const PROBE_EVERY_MS = 1_000;

/** @param {number} ms */
export function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * @param {import("./api.mjs").Api} api
 * @param {import("./store.mjs").Store} store
 */
export function createLink(api, store) {
  /** @type {Promise<void>|null} */
  let waiting = null;

  async function probe() {
    store.dispatch({ type: "went_offline" });
    while (!(await api.healthy())) await pause(PROBE_EVERY_MS);
    store.dispatch({ type: "came_online" });
  }

  /** Resolves once the server answers; all who wait share one probe. */
  function restored() {
    waiting ??= probe().finally(() => {
      waiting = null;
    });
    return waiting;
  }

  /**
   * Repeats a call that is safe to repeat (a read, or one with an idempotency key) until it is answered.
   * @template T
   * @param {() => Promise<T>} ask
   * @returns {Promise<T>}
   */
  async function insist(ask) {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error;
        await restored();
      }
    }
  }

  return { restored, insist };
}

/** @typedef {ReturnType<typeof createLink>} Link */
