import assert from "node:assert/strict";
import { test } from "node:test";
import * as board from "../../../web/js/board.mjs";

const cooking = (/** @type {string} */ number, ready_in_s = 60) => ({ number, status: "cooking", ready_in_s });
const ready = (/** @type {string} */ number, cell = 1) => ({ number, status: "ready", cell });
const numbers = (/** @type {board.Entry[]} */ entries) => entries.map(({ number }) => number);

test("the first snapshot calls nobody: those orders were called before", () => {
  const seen = board.withSnapshot(board.emptyBoard(), [ready("101")], 1_000);
  assert.deepEqual(numbers(board.readyOf(seen)), ["101"]);
  assert.ok(!board.isNew(board.readyOf(seen)[0], 1_000));
});

test("an order that becomes ready is new for a while, and not again at the next snapshot", () => {
  let seen = board.withSnapshot(board.emptyBoard(), [cooking("101")], 0);
  seen = board.withOrder(seen, ready("101"), 1_000);
  assert.ok(board.isNew(board.readyOf(seen)[0], 1_000 + board.NEW_FOR_MS - 1));
  assert.ok(!board.isNew(board.readyOf(seen)[0], 1_000 + board.NEW_FOR_MS));
  const later = board.withSnapshot(seen, [ready("101")], 60_000);
  assert.ok(!board.isNew(board.readyOf(later)[0], 60_000));
});

test("a further cell of an order calls again", () => {
  let seen = board.withSnapshot(board.emptyBoard(), [], 0);
  seen = board.withOrder(seen, { number: "101", status: "cooking", cells: [1] }, 1_000);
  assert.deepEqual(numbers(board.readyOf(seen)), ["101"]);
  seen = board.withOrder(seen, { number: "101", status: "ready", cells: [1, 2] }, 60_000);
  assert.ok(board.isNew(board.readyOf(seen)[0], 60_000));
});

test("what is handed out or cancelled leaves the board", () => {
  let seen = board.withSnapshot(board.emptyBoard(), [ready("101"), cooking("102")], 0);
  for (const [number, status] of [
    ["101", "completed"],
    ["102", "cancelled"],
  ])
    seen = board.withOrder(seen, { number, status }, 1);
  assert.equal(seen.orders.size, 0);
});

test("whoever has to see the staff stands before all, then the soonest", () => {
  const orders = [
    cooking("101", 300),
    cooking("102", 30),
    { number: "103", status: "refunded" },
    { number: "104", status: "see_staff" },
    { number: "105", status: "paid", ready_in_s: null },
  ];
  const seen = board.withSnapshot(board.emptyBoard(), orders, 0);
  assert.deepEqual(numbers(board.cookingOf(seen)), ["104", "103", "102", "101", "105"]);
});

test("the latest call stands first", () => {
  let seen = board.withSnapshot(board.emptyBoard(), [], 0);
  for (const [n, at] of [
    [101, 1],
    [102, 3],
    [103, 2],
  ])
    seen = board.withOrder(seen, ready(String(n)), at);
  assert.deepEqual(numbers(board.readyOf(seen)), ["102", "103", "101"]);
});

test("the time left counts down between the server's words and ends at nothing", () => {
  const [entry] = board.cookingOf(board.withSnapshot(board.emptyBoard(), [cooking("101", 60)], 0));
  assert.deepEqual(
    [0, 15_000, 60_000, 90_000].map((now) => board.secondsLeft(entry, now)),
    [60, 45, 0, 0],
  );
});

test("pages hold all orders in their order, and there is always one", () => {
  for (let n = 0; n < 40; n += 1) {
    const all = Array.from({ length: n }, (_, i) => i);
    const pages = board.pagesOf(all, 6);
    assert.deepEqual(pages.flat(), all);
    assert.ok(pages.length >= 1 && pages.every((page) => page.length <= 6));
  }
});

test("whoever is reminded is called once more, and not by a board that comes later", () => {
  let seen = board.withSnapshot(board.emptyBoard(), [ready("101"), ready("102", 2)], 0);
  seen = board.withOrder(seen, { ...ready("102", 2), reminded: true }, 60_000);
  seen = board.withOrder(seen, { ...ready("102", 2), reminded: true }, 61_000);
  assert.deepEqual(numbers(board.readyOf(seen)), ["102", "101"]);
  assert.equal(board.lastCallOf(board.readyOf(seen)[0]), 60_000);
  assert.ok(board.isNew(board.readyOf(seen)[0], 60_000 + board.NEW_FOR_MS - 1));
  const late = board.withSnapshot(board.emptyBoard(), [{ ...ready("102", 2), reminded: true }], 60_000);
  assert.equal(board.lastCallOf(board.readyOf(late)[0]), 0);
  assert.ok(board.isWordy(board.readyOf(late)[0]));
});
