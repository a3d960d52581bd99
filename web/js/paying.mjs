/**
 * Takes one payment attempt to its end: one key per attempt, the server's order is the truth, never a second charge.
 */

import { newKey, Problem, Unreachable } from "./api.mjs";
import { pause } from "./link.mjs";
import { failed, isGone, outcomeOfOrder, outcomeOfProblem } from "./outcomes.mjs";
import { pointsToSpend } from "./points.mjs";
import { mayBeNotified, wayOf } from "./store.mjs";

const POLL_EVERY_MS = 1_000;
/** Refusals that say "look at the order": another attempt runs, or the order moved on. */
const ASK_THE_ORDER = new Set(["payment_in_progress", "order_state", "idempotency_key_reused"]);

/** The 503s that say what became of the money. */
const TOLD = new Set(["bank_unavailable", "fiscal_unavailable", "sales_paused", "payment_method_unavailable"]);

/**
 * A refusal that leaves the outcome open: a failure of the server itself may come after the charge.
 * @param {Problem} problem
 */
function leavesOpen({ code, status }) {
  return ASK_THE_ORDER.has(code) || (status >= 500 && !TOLD.has(code));
}

/** @param {import("./kiosk.mjs").Parts} kiosk */
export function createPaying({ api, store, memory, link, session, feeds }) {
  /** The order whose attempt this page is following; a left one may end after the next customer came. */
  let followed = "";

  /** @param {string} cardToken */
  const pay = (cardToken) => begin({ card_token: cardToken });

  /**
   * What the pin-pad's bridge answers counts for the screen that asked it alone: meanwhile the guest may have paid
   * another way, be taking the order back, or be gone. @param {number} since when that screen came up
   */
  function isAwaited(since) {
    const { payment, busy } = store.get();
    return !busy && payment?.phase === "card" && payment.since === since && wayOf(store.get()) === "token";
  }

  /** By a way that the server leads: at the card reader, at the till. @param {string} method */
  const payBy = (method) => begin({ method });

  /** @param {{card_token: string}|{method: string}} how */
  async function begin(how) {
    const { order, payment } = store.get();
    if (!order || followed === order.order_id || payment?.phase === "working") return;
    await following(order.order_id, async () => {
      memory.keep({ payKey: newKey(), payBody: bodyOf(order, how) });
      stage("products");
      await settle(order.order_id, await attempt(order.order_id));
    });
  }

  /** A wish: the order tells what became of it. */
  async function cancel() {
    const { order } = store.get();
    if (!order) return;
    stage("cancelling");
    try {
      await link.insist(() => api.cancelPayment(session.current(), order.order_id));
    } catch (error) {
      if (!(error instanceof Problem)) throw error; // it has ended meanwhile: whoever follows it says how
    }
  }

  /** @param {any} order @param {{card_token: string}|{method: string}} how */
  function bodyOf(order, how) {
    const points = pointsToSpend(store.get(), order.amount_kopecks);
    const { receiptTo, notify } = store.get();
    return {
      ...how,
      ...(points ? { bonus_points: points } : {}),
      ...(receiptTo ? { receipt_to: receiptTo } : {}),
      ...(notify && mayBeNotified(store.get()) ? { notify } : {}),
    };
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
      return leavesOpen(error) ? await read(orderId) : outcomeOfProblem(error, memory.get().payBody?.method);
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
      if (isCurrent(orderId)) store.dispatch({ type: "restored", kept: { order: { ...store.get().order, ...order } } });
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
      const order = await glance(orderId);
      if (order && !over.aborted && isCurrent(orderId)) showStage(order);
    }
  }

  /** The pending call has its own answer or its own silence; this is only the picture of it. @param {string} orderId */
  async function glance(orderId) {
    try {
      return await api.order(session.current(), orderId);
    } catch (error) {
      if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
      return null;
    }
  }

  /** @param {any} order */
  function showStage(order) {
    const outcome = outcomeOfOrder(order);
    if (order.pickup_code && !store.get().order?.pickup_code) {
      store.dispatch({ type: "code_came", code: order.pickup_code });
    }
    if (outcome.kind === "working") stage(outcome.stage, outcome.show);
  }

  /** @param {string} orderId */
  function isCurrent(orderId) {
    return memory.get().orderId === orderId;
  }

  /** @param {import("./outcomes.mjs").Stage} name @param {import("./outcomes.mjs").Show} [show] */
  function stage(name, show) {
    store.dispatch({ type: "payment_stage", stage: name, at: Date.now(), show });
  }

  /** @param {string} orderId @param {import("./outcomes.mjs").Outcome & {answer?: any}} outcome */
  async function settle(orderId, outcome) {
    let now = outcome;
    while (now.kind === "working") {
      // The customer may have been told to leave, and the screen given to the next one.
      if (!isCurrent(orderId)) return;
      stage(now.stage, now.show);
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
    if (!isCurrent(orderId)) return;
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
    pay,
    payBy,
    cancel,
    resume,
    heldByServer,
    again: () => store.dispatch({ type: "card_awaited", at: Date.now() }),
    /** The bridge has read a card. @param {string} cardToken @param {number} since */
    cardRead: async (cardToken, since) => {
      if (isAwaited(since)) await pay(cardToken);
    },
    /** The bridge has read none. @param {string} code @param {number} since */
    stopped: (code, since) => {
      if (!isAwaited(since)) return;
      const outcome = failed({ code });
      if (outcome.kind === "failed") store.dispatch({ type: "payment_failed", failure: outcome.failure });
    },
  };
}

/** @typedef {ReturnType<typeof createPaying>} Paying */
