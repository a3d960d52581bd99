/** Reads the server's answers as one outcome: paid, still working, or definitely failed. No I/O. */

/**
 * @typedef {"products"|"payment"|"receipt"|"checking"|"receipt_delayed"|"returning"} Stage
 * @typedef {{code: string, reason?: string|null, itemIds?: string[], retryAfterS?: number, money: "safe"|"returned",
 *   retry: boolean, available?: number, stepUp?: any, says?: string}} Failure
 * @typedef {{kind: "paid"}|{kind: "working", stage: Stage}|{kind: "failed", failure: Failure}} Outcome
 */

/** The first pattern that fits names the stage; the order matters (`bank_unknown` is a check, not a payment). */
const STAGES = /** @type {[RegExp, Stage][]} */ ([
  [/void|revers|compensat|refund|return/, "returning"],
  [/hold|held|delay|receipt_unknown|manual|owed/, "receipt_delayed"],
  [/unknown|inquir|abandon/, "checking"],
  [/charged|print|fiscal|receipt|done/, "receipt"],
  [/charg|bank|sent/, "payment"],
]);

/**
 * @param {string|null|undefined} stage the server's word
 * @returns {Stage}
 */
export function stageOf(stage) {
  return STAGES.find(([pattern]) => pattern.test(stage ?? ""))?.[1] ?? "products";
}

/** Which of the four steps (products, payment, receipt, cooking) a stage lights. @param {Stage} stage */
export function stepOf(stage) {
  return { products: 1, payment: 1, checking: 1, receipt: 2, receipt_delayed: 2, returning: 2 }[stage];
}

const PAID = new Set(["paid", "cooking", "ready", "completed"]);

/**
 * What the order says, when there is no answer of the payment call to read.
 * @param {any} order the body of GET /api/orders/{id}
 * @returns {Outcome}
 */
export function outcomeOfOrder(order) {
  if (PAID.has(order.status)) return { kind: "paid" };
  if (order.status === "paying") return { kind: "working", stage: stageOf(stageWord(order)) };
  if (order.status === "refunded") return failed({ code: "order_refunded", money: "returned", retry: false });
  if (order.status === "cancelled") return failed({ code: "order_cancelled", retry: false });
  return failed(failureOfAttempt(order.payment));
}

/** @param {any} order */
function stageWord(order) {
  return order.stage ?? order.payment?.stage;
}

/** `created` after an attempt means a definite refusal: nothing is charged, or it has been voided. @param {any} attempt */
function failureOfAttempt(attempt) {
  if (attempt?.stage === "reversed") return { code: "refunded", money: /** @type {const} */ ("returned") };
  if (attempt?.stage === "abandoned") return { code: "bank_silent" };
  return { code: attempt?.failure ?? "payment_failed" };
}

/** Codes after which another attempt on this screen cannot help. */
const NO_RETRY = new Set(["ingredients_unavailable", "items_unavailable", "terminal_missing", "not_found", "order_cancelled",
  "unauthorized"]);

/**
 * @param {{code: string, status: number, body: any}} problem a refusal of the payment call
 * @returns {Outcome}
 */
export function outcomeOfProblem({ code, body }) {
  const refunded = code === "fiscal_unavailable" && body.refunded === true;
  const silent = code === "bank_unavailable" && body.reason === "no_answer";
  const refuses = code === "bank_unavailable" && body.reason === "bank_refuses";
  return failed({
    code: refunded ? "refunded" : silent ? "bank_silent" : refuses ? "bank_refuses" : code,
    money: refunded ? "returned" : "safe",
    reason: body.reason ?? null,
    itemIds: (body.items ?? []).map((/** @type {any} */ item) => item.item_id),
    retryAfterS: body.retry_after_s,
    ...(code === "sales_paused" ? { says: body.detail } : {}),
    ...(code === "bonus_exceeds_limit" ? { available: body.available } : {}),
    ...(code === "step_up_required" ? { stepUp: body } : {}),
  });
}

/** @param {Partial<Failure> & {code: string}} failure @returns {Outcome} */
export function failed(failure) {
  return { kind: "failed", failure: { money: "safe", retry: !NO_RETRY.has(failure.code), ...failure } };
}

/** Something of the order cannot be had any more: the cart shows what. @param {Failure} failure */
export function isGone({ code }) {
  return code === "ingredients_unavailable" || code === "items_unavailable";
}
