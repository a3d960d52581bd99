import assert from "node:assert/strict";
import { test } from "node:test";
import { lineOf } from "../../../web/js/log-words.mjs";
import { openTo, placeOf, waitingIn } from "../../../web/js/sections.mjs";
import { endOf } from "../../../web/js/stop-spans.mjs";

const QUIET = { sales_open: true, lights: [], orders: [], bins: [], webhooks: [] };
const known = (/** @type {any} */ more = {}, /** @type {any} */ beside = {}) => ({
  told: { ...QUIET, ...more },
  stuck: [],
  till: [],
  requests: null,
  cells: [],
  ...beside,
});

test("a section without an act of the person is not there, and its address opens the first", () => {
  const open = openTo((act) => act === "GET /api/service/overview");
  assert.deepEqual(open, ["now", "orders", "devices", "log"]);
  assert.deepEqual(placeOf("#orders/A1/x", open), { section: "orders", of: "A1/x" });
  for (const hash of ["", "#", "#system", "#customers/1", "#toString"])
    assert.deepEqual(placeOf(hash, open), { section: "now", of: "" });
});

test("the dot stands where somebody has to look, and nowhere while all is well", () => {
  assert.deepEqual([...waitingIn(known())], []);
  /** @type {[any, any, string][]} */
  const cases = [
    [{ sales_open: false }, {}, "now"],
    [{}, { stuck: [{}] }, "now"],
    [{}, { requests: { waiting: [{}] } }, "now"],
    [{ orders: [{ failed: 1 }] }, {}, "orders"],
    [{}, { cells: [{ state: "forgotten" }] }, "kitchen"],
    [{ lights: [{ name: "ofd:spare", level: "bad" }] }, {}, "registrar"],
    [{ lights: [{ name: "robot", level: "bad" }] }, {}, "devices"],
    [{ lights: [{ name: "disk", level: "bad" }] }, {}, "system"],
    [{ bins: [{ portions_left: 4 }, { portions_left: null }] }, {}, "stock"],
    [{ webhooks: [{ state: "disabled" }] }, {}, "system"],
  ];
  for (const [more, beside, section] of cases) assert.deepEqual([...waitingIn(known(more, beside))], [section]);
  assert.deepEqual([...waitingIn(known({ lights: [{ name: "robot", level: "warn" }] }, { cells: null }))], []);
});

test("a stop ends after its span, at midnight, or never", () => {
  const now = new Date(2026, 10, 30, 20, 15);
  assert.equal(endOf("good", now), null);
  assert.equal(endOf("30", now), new Date(2026, 10, 30, 20, 45).toISOString());
  assert.equal(endOf("day", now), new Date(2026, 11, 1).toISOString());
});

test("a line of the log is told by its event, the rest by name", () => {
  const row = lineOf('{"timestamp":"2026-11-30T20:00:00Z","level":"error","event":"lost","order_id":"A","n":{"a":1}}');
  assert.equal(row.text, 'lost order_id=A n={"a":1}');
  assert.equal(row.level, "error");
});
