/** Makes the order from the cart and takes it back: create once per cart, cancel only what the server lets go. */

import { newKey, Problem } from "./api.mjs";
import { asOrderItems, itemsById, total } from "./cart.mjs";
import { isGone, outcomeOfProblem } from "./outcomes.mjs";

/**
 * @param {import("./kiosk.mjs").Parts & {paying: import("./paying.mjs").Paying}} kiosk
 */
export function createOrdering({ api, store, memory, link, session, feeds, paying }) {
  async function checkout() {
    const { lines, menu } = store.get();
    const shownKopecks = total(lines, itemsById(menu));
    if (store.get().busy || !store.get().lines.length) return;
    store.dispatch({ type: "busy" });
    try {
      const order = await link.insist(() => create(wanted()));
      memory.keep({ orderId: order.order_id, order });
      store.dispatch({ type: "order_created", order, at: Date.now(), shownKopecks });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      await refused(error);
    }
  }

  function wanted() {
    const { lines, service } = store.get();
    return { items: asOrderItems(lines), service: service ?? "dine_in" };
  }

  /** The same cart keeps its key, so a repeated tap or a lost answer makes one order. @param {object} body */
  async function create(body) {
    const createFor = JSON.stringify(body);
    if (memory.get().createFor !== createFor) memory.keep({ createKey: newKey(), createFor });
    const key = memory.get().createKey ?? newKey();
    try {
      return await api.create(await session.fresh(), key, body);
    } catch (error) {
      if (!(error instanceof Problem && error.code === "unauthorized")) throw error;
      return await api.create(await session.replace(), key, body);
    }
  }

  /** @param {Problem} problem */
  async function refused(problem) {
    memory.drop("createKey", "createFor");
    await feeds.refresh();
    if (problem.code === "invalid_request") store.dispatch({ type: "cart_fitted" });
    const outcome = outcomeOfProblem(problem);
    if (outcome.kind === "failed") store.dispatch({ type: "refused", failure: outcome.failure });
  }

  /** @param {import("./store.mjs").Screen} screen where the customer goes once the order is let go */
  async function cancel(screen = "cart") {
    const { order, payment, busy } = store.get();
    if (busy || payment?.phase === "working") return;
    if (!order) return store.dispatch({ type: "order_dropped", screen });
    store.dispatch({ type: "busy" });
    try {
      await link.insist(() => api.cancel(session.current(), order.order_id));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      // Money may be moving after all: the server's word decides, not the button.
      if (error.code === "order_state" && (await paying.heldByServer(order.order_id))) return;
    }
    letGo(screen);
  }

  /** @param {import("./store.mjs").Screen} screen */
  function letGo(screen) {
    const { payment } = store.get();
    memory.drop("orderId", "order", "createKey", "createFor", "payKey", "payBody");
    const failure = payment?.phase === "failed" && isGone(payment.failure) ? payment.failure : null;
    store.dispatch({ type: "order_dropped", screen, failure });
  }

  return { checkout, cancel };
}

/** @typedef {ReturnType<typeof createOrdering>} Ordering */
