import assert from "node:assert/strict";
import { test } from "node:test";
import { cellCsv, outcomeWords, timesWords, usedWords, warmthWords } from "../../../web/js/journal-words.mjs";
import { en } from "../../../web/js/staff-texts.en.mjs";
import { ru } from "../../../web/js/staff-texts.ru.mjs";

const PORTION = {
  ready_at: "2026-11-30T12:00:00.000Z",
  cell: 3,
  number: "A-7",
  order_id: "1",
  portion_id: 2,
  item_id: "tea",
  name: { ru: "Чай, чёрный", en: "Black tea" },
  chart_revision: 4,
  until: null,
  lowest_c: null,
  highest_c: null,
  lots: ["Л-1", "Л-2"],
  outcome: "in_cell",
  fetched_at: null,
  reason: "",
  given_back: false,
};

test("what became of a dish is told by its outcome, a person's own words as they are", () => {
  const words = (/** @type {object} */ more, t = ru) => outcomeWords({ ...PORTION, ...more }, t.cellJournal);
  assert.equal(words({}), "в ячейке");
  assert.match(words({ until: "2026-11-30T13:00:00.000Z" }), /^в ячейке, можно есть до \d\d:\d\d$/);
  assert.equal(words({ outcome: "fetched" }), "выдано");
  const cold = { outcome: "thrown_away", reason: "spoiled_by_cold", given_back: true };
  assert.equal(words(cold), "выброшено: остыло · деньги возвращены");
  assert.equal(words({ outcome: "thrown_away", reason: "уронили" }, en), "thrown away: уронили");
});

test("how warm a dish stood is a span, one number, or nothing", () => {
  assert.equal(warmthWords({ lowest_c: null, highest_c: null }), "—");
  assert.equal(warmthWords({ lowest_c: 65, highest_c: 65 }), "65");
  assert.equal(warmthWords({ lowest_c: 61.5, highest_c: 65 }), "61,5 … 65");
});

test("what a portion was made of is told with its lot, its bin and its last day", () => {
  const used = { name: { ru: "Чай", en: "Tea" }, amount: 300, unit: "ml", lot: "Л-7", bin: 23, until: "2033-05-06" };
  assert.equal(usedWords(used, "ru", ru), "Чай 300 мл, партия Л-7, бункер 23, по 06.05.2033");
  const unknown = { ...used, lot: "", bin: 0, until: null };
  assert.equal(usedWords(unknown, "en", en), `Tea 300 ml, ${en.lots.unnamed}, bin unknown`);
  assert.equal(timesWords({ accepted_at: null, ready_at: null }, ru.record), "—");
  assert.match(timesWords({ ready_at: "2026-11-30T12:00:00.000Z" }, ru.record), /^готово \d\d:\d\d$/);
});

test("the table has a line for each dish, and a comma in a name breaks none", () => {
  const [head, line, ...rest] = cellCsv({ entries: [PORTION] }, "ru").split("\r\n");
  assert.equal(head?.split(",").length, 16);
  assert.match(line ?? "", /"Чай, чёрный",4,,,,Л-1; Л-2,in_cell,,,false$/);
  assert.deepEqual(rest, [""]);
});
