import assert from "node:assert/strict";
import { test } from "node:test";
import { en } from "../../../web/js/staff-texts.en.mjs";
import { ru } from "../../../web/js/staff-texts.ru.mjs";
import { upkeepCsv, upkeepWords } from "../../../web/js/upkeep-words.mjs";

test("when something is due is told by what comes first", () => {
  const told = (/** @type {number|null} */ left_s, /** @type {number|null} */ work_left_s) =>
    upkeepWords({ state: "good", left_s, work_left_s }, ru.upkeep);
  assert.equal(told(7200, null), "через 2 ч");
  assert.equal(told(null, 7199), "ещё 1 ч работы");
  assert.equal(told(7200, 600), "ещё 10 мин работы");
  assert.equal(told(600, 7200), "через 10 мин");
  assert.equal(told(5, null), "через 1 мин");
  assert.equal(upkeepWords({ state: "due", left_s: -5, work_left_s: null }, en.upkeep), en.upkeep.due);
});

test("what is no longer asked for stands in the table by its id", () => {
  const records = [
    { at: "2026-11-30T12:00:00.000Z", upkeep_id: "old", station_name: null, name: null, actor: "Ира", note: "a;b" },
  ];
  const [, line] = upkeepCsv({ records }, "ru").trim().split("\r\n");
  assert.match(line ?? "", /old/);
  assert.match(line ?? "", /Ира/);
});
