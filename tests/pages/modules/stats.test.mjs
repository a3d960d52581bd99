import assert from "node:assert/strict";
import { test } from "node:test";
import { changeOf, later, PRESETS, periodOf } from "../../../web/js/stats-periods.mjs";
import { INITIAL } from "../../../web/js/store.mjs";
import { advanced, countVisits, stepOf } from "../../../web/js/visits.mjs";

test("periods begin on Mondays and firsts, and end today or where they end", () => {
  const told = (/** @type {string} */ today) =>
    PRESETS.map((preset) => Object.values(periodOf(preset, today)).join(" "));
  assert.deepEqual(told("2026-03-01"), [
    "2026-03-01 2026-03-01",
    "2026-02-28 2026-02-28",
    "2026-02-23 2026-03-01",
    "2026-02-16 2026-02-22",
    "2026-03-01 2026-03-01",
    "2026-02-01 2026-02-28",
  ]);
  assert.equal(periodOf("week", "2026-11-30").from, "2026-11-30"); // a Monday
  assert.equal(later("2026-12-31", 1), "2027-01-01");
});

test("a change of nothing is none", () => {
  assert.deepEqual([changeOf(3, 2), changeOf(1, 0), changeOf(1, undefined), changeOf(0, 4)], [50, null, null, -100]);
});

const line = { itemId: "tea", options: [], quantity: 1 };

test("how far a guest came is never taken back within a visit", () => {
  let visit = advanced(null, { ...INITIAL, screen: "service" });
  assert.deepEqual(visit, { reached: 0, left_at: "service" });
  visit = advanced(visit, { ...INITIAL, screen: "cart", lines: [line] });
  visit = advanced(visit, { ...INITIAL, screen: "menu", lines: [] });
  assert.deepEqual(visit, { reached: 2, left_at: "menu" });
  assert.equal(advanced(visit, INITIAL), null);
  assert.equal(stepOf({ ...INITIAL, screen: "done", paid: {} }), 5);
});

test("a visit is told once, when it is over, and waits for a server that is away", async () => {
  /** @type {(() => void)[]} */
  const listeners = [];
  let state = INITIAL;
  /** @type {any[]} */
  const told = [];
  let away = false;
  const store = /** @type {any} */ ({
    get: () => state,
    subscribe: (/** @type {() => void} */ one) => listeners.push(one),
  });
  const { Unreachable } = await import("../../../web/js/api.mjs");
  const visit = (/** @type {object} */ body) =>
    away ? Promise.reject(new Unreachable()) : Promise.resolve(told.push(body));
  countVisits({ api: { visit }, store }, "kiosk-1");
  const show = async (/** @type {Partial<import("../../../web/js/store.mjs").State>} */ change) => {
    state = { ...INITIAL, ...change };
    for (const one of listeners) one();
    await new Promise(setImmediate);
  };
  away = true;
  for (const change of [{ screen: "service" }, { screen: "menu", lines: [line] }, {}])
    await show(/** @type {any} */ (change));
  assert.deepEqual(told, []);
  away = false;
  for (const change of [{}, { screen: "track" }, {}]) await show(/** @type {any} */ (change));
  assert.deepEqual(told, [
    { terminal_id: "kiosk-1", reached: "chosen", left_at: "menu" },
    { terminal_id: "kiosk-1", reached: "touched", left_at: "track" },
  ]);
});
