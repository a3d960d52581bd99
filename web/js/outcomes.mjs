/** Reads the server's answers as one outcome: paid, still working, or definitely failed. No I/O. */

/**
 * @typedef {"products"|"payment"|"receipt"|"checking"|"receipt_delayed"|"returning"|"at_reader"|"at_qr"|
 *   "at_till"|"cancelling"|"paper_first"|"taking_back"} Stage
 * @typedef {{kind: "card"|"till"|"qr", code?: string, qr?: string, expires_at?: string}} Show what the guest is to do
 * @typedef {{code: string, reason?: string|null, itemIds?: string[], retryAfterS?: number, money: "safe"|"returned",
 *   retry: boolean, available?: number, stepUp?: any, says?: string, reference?: string, method?: string}} Failure
 * @typedef {{kind: "paid"}|{kind: "working", stage: Stage, show?: Show}|{kind: "failed", failure: Failure}} Outcome
 */

/** The first pattern that fits names the stage; the order matters (`bank_unknown` is a check, not a payment). */
const STAGES = /** @type {[RegExp, Stage][]} */ ([
  [/cancelling/, "cancelling"],
  [/taking_back/, "taking_back"],
  [/choos|announc/, "paper_first"],
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
  const late = ["receipt", "receipt_delayed", "returning", "taking_back"];
  return late.includes(stage) ? 2 : 1;
}

const PAID = new Set(["paid", "cooking", "ready", "completed"]);

/**
 * What the order says, when there is no answer of the payment call to read.
 * @param {any} order the body of GET /api/orders/{id}
 * @returns {Outcome}
 */
export function outcomeOfOrder(order) {
  if (PAID.has(order.status)) return { kind: "paid" };
  if (order.status === "paying") return working(order);
  if (order.status === "refunded")
    return failed({ code: "order_refunded", money: "returned", retry: false, ...knownOf(order.payment) });
  if (order.status === "cancelled") return failed({ code: "order_cancelled", retry: false });
  return failed(failureOfAttempt(order.payment));
}

/** Where the guest is to do something. @type {Record<string, Stage>} */
const AT = { card: "at_reader", qr: "at_qr", till: "at_till" };

/** @param {any} order @returns {Outcome} */
function working(order) {
  const show = order.show ?? order.payment?.show;
  if (!show) return { kind: "working", stage: stageOf(stageWord(order)) };
  return { kind: "working", stage: AT[show.kind] ?? "at_reader", show };
}

/** @param {any} order */
function stageWord(order) {
  return order.stage ?? order.payment?.stage;
}

/**
 * `created` after an attempt means a definite refusal: nothing is charged, or it has been voided.
 * @param {any} attempt
 */
function failureOfAttempt(attempt) {
  const own = DECLINES[attempt?.reason];
  if (attempt?.failure === "payment_declined" && own) return { ...moneyOf(own), ...knownOf(attempt) };
  if (attempt?.stage === "reversed") return { ...moneyOf("refunded"), ...knownOf(attempt) };
  if (attempt?.stage === "abandoned") return { code: "bank_silent" };
  return { code: attempt?.failure ?? "payment_failed", reason: attempt?.reason ?? null, ...methodOf(attempt?.method) };
}

/** @param {string|undefined} method @returns {{method?: string}} */
const methodOf = (method) => (method ? { method } : {});

/** How it was paid, and by what its bank finds the money. @param {any} attempt */
const knownOf = (attempt) => ({
  ...(attempt?.transaction_id ? { reference: attempt.transaction_id } : {}),
  ...methodOf(attempt?.method),
});

/** Declines that are no bank's. @type {Record<string, string>} */
const DECLINES = {
  cancelled: "payment_cancelled",
  expired: "till_expired",
  not_started: "payment_not_started",
  too_late: "payment_not_started",
  partial_approval: "payment_partial",
  code_expired: "qr_expired",
  paid_too_late: "payment_returned",
  hold_ended: "payment_not_taken",
};

/** What was paid and goes back. */
const RETURNED = new Set(["refunded", "payment_returned"]);

/** @param {string} code @returns {{code: string, money: "safe"|"returned"}} */
const moneyOf = (code) => ({ code, money: RETURNED.has(code) ? "returned" : "safe" });

/** Codes after which another attempt on this screen cannot help. */
const NO_RETRY = new Set([
  "ingredients_unavailable",
  "items_unavailable",
  "terminal_missing",
  "not_found",
  "order_cancelled",
  "unauthorized",
]);

/**
 * @param {{code: string, status: number, body: any}} problem a refusal of the payment call
 * @param {string} [method] the way that was chosen
 * @returns {Outcome}
 */
export function outcomeOfProblem({ code, body }, method) {
  return failed({
    ...moneyOf(codeOf(code, body)),
    reason: body.reason ?? null,
    ...methodOf(method),
    itemIds: (body.items ?? []).map((/** @type {any} */ item) => item.item_id),
    retryAfterS: body.retry_after_s,
    ...(SAYS_ITSELF.has(code) ? { says: body.detail } : {}),
    ...(code === "bonus_exceeds_limit" ? { available: body.available } : {}),
    ...(code === "step_up_required" ? { stepUp: body } : {}),
  });
}

/** Refusals whose own sentence is for the guest. */
const SAYS_ITSELF = new Set(["sales_paused", "payment_method_unavailable"]);

/** The page tells some refusals apart by their reason. @param {string} code @param {any} body */
function codeOf(code, body) {
  if (code === "payment_declined") return DECLINES[body.reason] ?? code;
  if (code === "fiscal_unavailable") return body.refunded === true ? "refunded" : code;
  if (body.reason === "paper_spent") return "paper_spent";
  if (code !== "bank_unavailable") return code;
  if (body.reason === "no_answer") return "bank_silent";
  return body.reason === "bank_refuses" ? "bank_refuses" : code;
}

/** @param {Partial<Failure> & {code: string}} failure @returns {Outcome} */
export function failed(failure) {
  return { kind: "failed", failure: { money: "safe", retry: !NO_RETRY.has(failure.code), ...failure } };
}

/** Final refusals: a receipt that came first has been taken back by now. */
const TAKEN_BACK = new Set([
  "payment_declined",
  "payment_cancelled",
  "payment_not_started",
  "payment_returned",
  "payment_method_unavailable",
  "qr_expired",
  "till_expired",
  "bank_unavailable",
  "bank_refuses",
]);
/** Nobody knows yet whether the money will still come. */
const IN_DOUBT = new Set(["bank_silent", "order_cancelled", "payment_failed", "not_found", "unauthorized"]);

/**
 * What became of a receipt that comes before the money: `void` where the refusal is final, `open` while nobody knows
 * whether the money will still come, `none` where none was printed.
 * @param {Failure} failure
 * @returns {"void"|"open"|"none"}
 */
export function paperOf({ code }) {
  if (TAKEN_BACK.has(code)) return "void";
  return IN_DOUBT.has(code) ? "open" : "none";
}

/** Something of the order cannot be had any more: the cart shows what. @param {Failure} failure */
export function isGone({ code }) {
  return code === "ingredients_unavailable" || code === "items_unavailable";
}
