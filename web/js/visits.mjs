/** Counts visits at this screen, nobody's name: how far each came and which screen it ended at, told once it is over.
 *
 * A reload in between begins another visit. What cannot be told waits for the end of the next. */

import { Problem, Unreachable } from "./api.mjs";

const STEPS = /** @type {const} */ (["touched", "chosen", "cart", "ordered", "paying", "paid"]);
/** A server that is away for longer than so many visits misses the oldest. */
const MOST_WAITING = 50;

/** @typedef {{reached: number, left_at: string}} Visit */

/** How far a guest has come by what stands there now. @param {import("./store.mjs").State} state */
export function stepOf({ screen, lines, order, payment, paid }) {
  if (paid) return STEPS.indexOf("paid");
  if (payment?.phase === "working") return STEPS.indexOf("paying");
  if (order) return STEPS.indexOf("ordered");
  if (screen === "cart") return STEPS.indexOf("cart");
  return lines.length ? STEPS.indexOf("chosen") : STEPS.indexOf("touched");
}

/** The visit as it is now; null while nobody is there.
 * @param {Visit|null} visit @param {import("./store.mjs").State} state @returns {Visit|null} */
export const advanced = (visit, state) =>
  state.screen === "attract" ? null : { reached: Math.max(visit?.reached ?? 0, stepOf(state)), left_at: state.screen };

/** @param {Pick<import("./kiosk.mjs").Kiosk, "store"> & {api: {visit: (body: object) => Promise<unknown>}}} kiosk
 * @param {string} terminalId */
export function countVisits({ api, store }, terminalId) {
  /** @type {object[]} */
  const waiting = [];
  let telling = false;
  let visit = advanced(null, store.get());

  async function tell() {
    if (telling) return;
    telling = true;
    try {
      for (let told = waiting[0]; told; told = waiting[0]) {
        await api.visit(told);
        waiting.shift();
      }
    } catch (error) {
      if (error instanceof Problem) waiting.shift();
      else if (!(error instanceof Unreachable)) throw error;
    } finally {
      telling = false;
    }
  }

  store.subscribe(() => {
    const before = visit;
    visit = advanced(before, store.get());
    if (!before || visit) return;
    waiting.push({ terminal_id: terminalId, reached: STEPS[before.reached], left_at: before.left_at });
    if (waiting.length > MOST_WAITING) waiting.shift();
    void tell();
  });
}
