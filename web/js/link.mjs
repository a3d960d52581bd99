/** What to do when the server is silent: cover the screen, ask its health each second, carry on when it is back. */

import { Problem, Unreachable } from "./api.mjs";

const PROBE_EVERY_MS = 1_000;
/** How long a process that answers may take until its devices have answered it. */
const STARTING_MS = 30_000;

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
   * Repeats a call that is safe to repeat (a read, or one with an idempotency key) until it is answered, also by a
   * process that has only just started.
   * @template T
   * @param {() => Promise<T>} ask
   * @returns {Promise<T>}
   */
  async function insist(ask) {
    const patientUntil = Date.now() + STARTING_MS;
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (error instanceof Unreachable) await restored();
        else if (isStarting(error) && Date.now() < patientUntil) await pause(PROBE_EVERY_MS);
        else throw error;
      }
    }
  }

  return { restored, insist };
}

/** Sales pause for no reason but that a device was not heard yet. @param {unknown} error */
function isStarting(error) {
  return error instanceof Problem && error.code === "sales_paused" && error.body.reason === "starting";
}

/** @typedef {ReturnType<typeof createLink>} Link */
