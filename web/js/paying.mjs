/** Takes one payment attempt to its end: one key per attempt, the server's order is the truth, never a second charge. */

import { newKey, Problem, Unreachable } from "./api.mjs";
import { pause } from "./link.mjs";
import { failed, isGone, outcomeOfOrder, outcomeOfProblem } from "./outcomes.mjs";
import { pointsToSpend } from "./points.mjs";
import { mayBeNotified } from "./store.mjs";

const POLL_EVERY_MS = 1_000;
/** Refusals that say "look at the order": another attempt runs, or the order moved on. */
const ASK_THE_ORDER = new Set(["payment_in_progress", "order_state", "idempotency_key_reused"]);

/** The 503s that say what became of the money. */
const TOLD = new Set(["bank_unavailable", "fiscal_unavailable", "sales_paused"]);

/** A refusal that leaves the outcome open: a failure of the server itself may come after the charge. @param {Problem} problem */
function leavesOpen({ code, status }) {
  return ASK_THE_ORDER.has(code) || (status >= 500 && !TOLD.has(code));
}

/** @param {import("./kiosk.mjs").Parts} kiosk */
export function createPaying({ api, store, memory, link, session, feeds }) {
  /** The order whose attempt this page is following; a left one may end after the next customer came. */
  let followed = "";

  /** @param {string} cardToken */
  async function pay(cardToken) {
    const { order, payment } = store.get();
    if (!order || followed === order.order_id || payment?.phase === "working") return;
    await following(order.order_id, async () => {
      memory.keep({ payKey: newKey(), payBody: bodyOf(order, cardToken) });
      stage("products");
      await settle(order.order_id, await attempt(order.order_id));
    });
  }

  /** @param {any} order @param {string} cardToken */
  function bodyOf(order, cardToken) {
    const points = pointsToSpend(store.get(), order.amount_kopecks);
    const { receiptTo, notify } = store.get();
    return { card_token: cardToken, ...(points ? { bonus_points: points } : {}), ...(receiptTo ? { receipt_to: receiptTo } : {}),
      ...(notify && mayBeNotified(store.get()) ? { notify } : {}) };
  }

  /** @param {string} orderId @param {() => Promise<void>} work */
  async function following(orderId, work) {
    followed = orderId;
    try {
      await work();
    } finally {
      if (followed === orderId) followed = "";
    }
  }

  /** @param {string} orderId @returns {Promise<import("./outcomes.mjs").Outcome & {answer?: any}>} */
  async function attempt(orderId) {
    const watching = new AbortController();
    try {
      const posted = post(orderId);
      void watchStages(orderId, watching.signal);
      const { status, body } = await posted;
      return status === 202 ? outcomeOfOrder({ ...body, status: "paying" }) : { kind: "paid", answer: body };
    } catch (error) {
      if (error instanceof Unreachable) return await afterSilence(orderId);
      if (!(error instanceof Problem)) throw error;
      return leavesOpen(error) ? await read(orderId) : outcomeOfProblem(error);
    } finally {
      watching.abort();
    }
  }

  /** @param {string} orderId */
  function post(orderId) {
    const { payKey = newKey(), payBody = {} } = memory.get();
    return api.pay(session.current(), orderId, payKey, payBody);
  }

  /** The call may have taken effect: the order tells, once the server is back. @param {string} orderId */
  async function afterSilence(orderId) {
    await link.restored();
    return await read(orderId);
  }

  /** @param {string} orderId @returns {Promise<import("./outcomes.mjs").Outcome>} */
  async function read(orderId) {
    try {
      const order = await link.insist(() => api.order(session.current(), orderId));
      store.dispatch({ type: "restored", kept: { order: { ...store.get().order, ...order } } });
      return outcomeOfOrder(order);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (!memory.get().payKey) return failed({ code: error.code });
      // The session died under a live payment: only the server knows, so nothing here may say "not charged".
      return { kind: "working", stage: "checking" };
    }
  }

  /** Shows where a pending call has got to. @param {string} orderId @param {AbortSignal} over */
  async function watchStages(orderId, over) {
    while (!over.aborted) {
      await pause(POLL_EVERY_MS);
      if (over.aborted || !isCurrent(orderId)) return;
      try {
        const order = await api.order(session.current(), orderId);
        const outcome = outcomeOfOrder(order);
        if (!over.aborted && isCurrent(orderId) && order.pickup_code && !store.get().order?.pickup_code) {
          store.dispatch({ type: "code_came", code: order.pickup_code });
        }
        if (!over.aborted && isCurrent(orderId) && outcome.kind === "working") stage(outcome.stage);
      } catch (error) {
        // The pending call has its own answer or its own silence; this is only the picture of it.
        if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
      }
    }
  }

  /** @param {string} orderId */
  function isCurrent(orderId) {
    return memory.get().orderId === orderId;
  }

  /** @param {import("./outcomes.mjs").Stage} name */
  function stage(name) {
    store.dispatch({ type: "payment_stage", stage: name, at: Date.now() });
  }

  /** @param {string} orderId @param {import("./outcomes.mjs").Outcome & {answer?: any}} outcome */
  async function settle(orderId, outcome) {
    let now = outcome;
    while (now.kind === "working") {
      // The customer may have been told to leave, and the screen given to the next one.
      if (!isCurrent(orderId)) return;
      stage(now.stage);
      await pause(POLL_EVERY_MS);
      now = await read(orderId);
    }
    if (!isCurrent(orderId)) return;
    if (now.kind === "paid") return await celebrate(orderId, now.answer);
    store.dispatch({ type: "payment_failed", failure: now.failure });
    if (isGone(now.failure)) await feeds.refresh();
  }

  /** @param {string} orderId @param {any} answer */
  async function celebrate(orderId, answer) {
    const paid = answer ?? (await storedAnswer(orderId));
    const order = store.get().order ?? {};
    store.dispatch({ type: "paid", paid: { ...order, ...paid, ready_in_s: paid.ready_in_s ?? order.ready_in_s } });
  }

  /** The pick-up code stands in the payment's own answer, which the same key gives again. @param {string} orderId */
  async function storedAnswer(orderId) {
    if (store.get().order?.pickup_code && store.get().order?.receipt) return store.get().order;
    try {
      return (await link.insist(() => post(orderId))).body;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return store.get().order;
    }
  }

  /** After a reload: show what the server says about the order, and carry on from there. @param {string} orderId */
  async function resume(orderId) {
    const outcome = await read(orderId);
    const untouched = outcome.kind === "failed" && store.get().order?.status === "created" && !memory.get().payKey;
    if (untouched) return store.dispatch({ type: "card_awaited", at: Date.now() });
    await following(orderId, () => settle(orderId, outcome));
  }

  /** True when the order could not be let go because a payment runs or has passed. @param {string} orderId */
  async function heldByServer(orderId) {
    const outcome = await read(orderId);
    if (outcome.kind === "failed") return false;
    void resume(orderId);
    return true;
  }

  return {
    pay, resume, heldByServer,
    again: () => store.dispatch({ type: "card_awaited", at: Date.now() }),
    /** @param {string} code */
    stopped: (code) => {
      const outcome = failed({ code });
      if (outcome.kind === "failed") store.dispatch({ type: "payment_failed", failure: outcome.failure });
    },
  };
}

/** @typedef {ReturnType<typeof createPaying>} Paying */
