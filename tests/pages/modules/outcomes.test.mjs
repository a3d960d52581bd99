import assert from "node:assert/strict";
import { test } from "node:test";
import { isGone, outcomeOfOrder, outcomeOfProblem, paperOf, stageOf, stepOf } from "../../../web/js/outcomes.mjs";
import { en } from "../../../web/js/texts.en.mjs";
import { failureText } from "../../../web/js/texts.mjs";
import { ru } from "../../../web/js/texts.ru.mjs";

/** @param {import("../../../web/js/outcomes.mjs").Outcome} outcome */
function failureOf(outcome) {
  assert.equal(outcome.kind, "failed");
  return outcome.kind === "failed" ? outcome.failure : undefined;
}

test("an order that is paid, cooked, ready or handed out is paid", () => {
  for (const status of ["paid", "cooking", "ready", "completed"])
    assert.deepEqual(outcomeOfOrder({ status }), { kind: "paid" });
});

test("a payment under way is never a refusal, whatever its stage is called", () => {
  for (const stage of ["sent", "bank_unknown", "charged", "receipt_unknown", "voiding", "some-new-word", null])
    assert.equal(outcomeOfOrder({ status: "paying", payment: { stage } }).kind, "working");
});

test("a bank that is silent is a check, not a payment", () => {
  assert.equal(stageOf("bank_unknown"), "checking");
  assert.equal(stageOf("sent"), "payment");
  assert.equal(stageOf("charged"), "receipt");
  assert.equal(stageOf("receipt_unknown"), "receipt_delayed");
  assert.equal(stageOf("refund_sent"), "returning");
  assert.equal(stageOf(undefined), "products");
});

test("what the guest is to do comes before the name of the stage", () => {
  const card = { kind: "card" };
  const till = { kind: "till", code: "0042", expires_at: "2026-11-29T12:00:00Z" };
  const paying = (/** @type {any} */ show) =>
    outcomeOfOrder({ status: "paying", payment: { stage: "charging", show } });
  assert.deepEqual(paying(card), { kind: "working", stage: "at_reader", show: card });
  const qr = { kind: "qr", qr: "https://qr.nspk.ru/A", expires_at: "2026-11-29T12:00:00Z" };
  assert.deepEqual(paying(qr), { kind: "working", stage: "at_qr", show: qr });
  assert.deepEqual(paying(till), { kind: "working", stage: "at_till", show: till });
  assert.deepEqual(paying(null), { kind: "working", stage: "payment" });
  assert.equal(stageOf("cancelling"), "cancelling");
});

test("a decline that is no bank's has words of its own, told by the call or found in the order", () => {
  const codes = { cancelled: "payment_cancelled", expired: "till_expired", not_started: "payment_not_started" };
  for (const [reason, code] of Object.entries(codes)) {
    const attempt = { stage: "declined", failure: "payment_declined", reason };
    assert.equal(failureOf(outcomeOfOrder({ status: "created", payment: attempt }))?.code, code);
    const problem = { code: "payment_declined", status: 402, body: { reason } };
    assert.equal(failureOf(outcomeOfProblem(problem))?.code, code);
  }
  const bank = { stage: "declined", failure: "payment_declined", reason: "insufficient_funds" };
  const found = failureOf(outcomeOfOrder({ status: "created", payment: bank }));
  assert.deepEqual([found?.code, found?.reason], ["payment_declined", "insufficient_funds"]);
});

test("what was paid too late comes back, with the number that its bank knows it by", () => {
  const payment = {
    stage: "reversed",
    failure: "payment_declined",
    reason: "paid_too_late",
    transaction_id: "B1",
  };
  const found = failureOf(outcomeOfOrder({ status: "created", payment }));
  assert.deepEqual([found?.code, found?.money, found?.reference], ["payment_returned", "returned", "B1"]);
  const told = failureOf(
    outcomeOfProblem({ code: "payment_declined", status: 402, body: { reason: "paid_too_late" } }),
  );
  assert.deepEqual([told?.code, told?.money], ["payment_returned", "returned"]);
});

test("how it was paid is told with each failure of money: no card gets back what a phone has paid", () => {
  const paid = { method: "sbp", transaction_id: "B1" };
  const orders = [
    { status: "refunded", payment: paid },
    { status: "created", payment: { ...paid, stage: "reversed", failure: "fiscal_unavailable" } },
    { status: "created", payment: { ...paid, stage: "declined", failure: "payment_declined", reason: "declined" } },
  ];
  assert.deepEqual(
    orders.map((order) => failureOf(outcomeOfOrder(order))?.method),
    ["sbp", "sbp", "sbp"],
  );
  const problem = { code: "fiscal_unavailable", status: 503, body: { refunded: true } };
  assert.equal(failureOf(outcomeOfProblem(problem, "sbp"))?.method, "sbp");
  for (const t of [ru, en])
    for (const code of ["refunded", "order_refunded", "payment_declined"])
      for (const method of code === "payment_declined" ? ["sbp"] : ["sbp", "till"]) {
        assert.doesNotMatch(failureText(t, code, method).join(" "), /карт|card/);
        assert.match(failureText(t, code, "token").join(" "), /карт|card/);
      }
});

test("each stage lights a step of the four", () => {
  assert.deepEqual(
    ["products", "payment", "checking", "receipt", "receipt_delayed", "returning"].map((stage) =>
      stepOf(/** @type {import("../../../web/js/outcomes.mjs").Stage} */ (stage)),
    ),
    [1, 1, 1, 2, 2, 2],
  );
});

test("money is said to be safe only where nothing was charged or all was voided", () => {
  assert.equal(failureOf(outcomeOfOrder({ status: "refunded" }))?.money, "returned");
  assert.equal(failureOf(outcomeOfOrder({ status: "cancelled" }))?.money, "safe");
  assert.equal(failureOf(outcomeOfOrder({ status: "created", payment: { stage: "reversed" } }))?.money, "returned");
  const refunded = { code: "fiscal_unavailable", status: 503, body: { refunded: true } };
  assert.deepEqual(
    [failureOf(outcomeOfProblem(refunded))?.code, failureOf(outcomeOfProblem(refunded))?.money],
    ["refunded", "returned"],
  );
  const unprinted = { ...refunded, body: { refunded: false } };
  assert.deepEqual(
    [failureOf(outcomeOfProblem(unprinted))?.code, failureOf(outcomeOfProblem(unprinted))?.money],
    ["fiscal_unavailable", "safe"],
  );
});

test("another attempt is offered only where it can help", () => {
  assert.equal(failureOf(outcomeOfProblem({ code: "payment_declined", status: 402, body: {} }))?.retry, true);
  for (const code of ["ingredients_unavailable", "order_cancelled", "unauthorized", "not_found"])
    assert.equal(failureOf(outcomeOfProblem({ code, status: 409, body: {} }))?.retry, false, code);
});

test("a refusal of the bank tells silence from a refusal", () => {
  const told = (/** @type {string} */ reason) =>
    failureOf(outcomeOfProblem({ code: "bank_unavailable", status: 503, body: { reason } }))?.code;
  assert.deepEqual(["no_answer", "bank_refuses", "other"].map(told), [
    "bank_silent",
    "bank_refuses",
    "bank_unavailable",
  ]);
});

test("a refusal for want of products names the dishes, and the cart shows them", () => {
  const body = { items: [{ item_id: "udon" }, { item_id: "tea" }] };
  const failure = failureOf(outcomeOfProblem({ code: "items_unavailable", status: 409, body }));
  assert.deepEqual(failure?.itemIds, ["udon", "tea"]);
  assert.ok(failure && isGone(failure));
});

test("a receipt before the money has stages of its own, which say nothing of a charge", () => {
  assert.equal(stageOf("announcing"), "paper_first");
  assert.equal(stageOf("announced"), "paper_first");
  assert.equal(stageOf("taking_back"), "taking_back");
});

test("a receipt is called taken back after a final refusal alone", () => {
  const after = (/** @type {any} */ payment) => {
    const failure = failureOf(outcomeOfOrder({ status: "created", payment }));
    return failure && paperOf(failure);
  };
  assert.equal(after({ stage: "declined", failure: "payment_declined", reason: "no_funds" }), "void");
  assert.equal(after({ stage: "declined", failure: "payment_declined", reason: "code_expired" }), "void");
  assert.equal(after({ stage: "abandoned", failure: "bank_unavailable", reason: "no_answer" }), "open");
  const ended = failureOf(outcomeOfOrder({ status: "cancelled" }));
  assert.equal(ended && paperOf(ended), "open");
});

test("who has spent the paper of the hour is told so, by whatever way", () => {
  for (const code of ["bank_unavailable", "payment_method_unavailable"]) {
    const failure = failureOf(outcomeOfProblem({ code, status: 503, body: { reason: "paper_spent" } }));
    assert.equal(failure?.code, "paper_spent");
    assert.equal(failure && paperOf(failure), "none");
  }
});
