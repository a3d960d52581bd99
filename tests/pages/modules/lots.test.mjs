import assert from "node:assert/strict";
import { test } from "node:test";
import { csvText } from "../../../web/js/csv.mjs";
import { labelWords, leftWords, lotCsv } from "../../../web/js/lot-words.mjs";
import { en } from "../../../web/js/staff-texts.en.mjs";
import { ru } from "../../../web/js/staff-texts.ru.mjs";

test("how long a lot may be used is told in the unit that says enough", () => {
  const told = [null, -5, 0, 59, 3599, 3600, 172_799, 172_800].map((left_s) => leftWords(left_s, ru.lots));
  assert.deepEqual(told, [
    "срок не указан",
    "срок вышел",
    "срок вышел",
    "ещё 0 мин",
    "ещё 59 мин",
    "ещё 1 ч",
    "ещё 47 ч",
    "ещё 2 дн.",
  ]);
  assert.equal(leftWords(3600, en.lots), "1 h more");
});

test("a table for a spreadsheet keeps commas, quotes and breaks, and is no formula", () => {
  assert.equal(
    csvText([["a,b", 'say "x"', "=1+1", "-5", -5, "1\n2", ""]]),
    `"a,b","say ""x""",'=1+1,'-5,-5,"1\n2",\r\n`,
  );
});

test("a label is told as a package says it", () => {
  assert.deepEqual([null, "2033-05-06", "2033-05-06 18:30"].map(labelWords), ["", "06.05.2033", "06.05.2033 18:30"]);
});

test("the journal of a day is a line for each act; a recall is of every bin", () => {
  const blank = { until: null, actor: "pin:Ира", reason: "" };
  const recalled = { at: "T2", kind: "recalled", lot: "A,1", bin: null, name: null, amount: null, unit: "", ...blank };
  const received = {
    at: "T1",
    kind: "received",
    lot: "A,1",
    bin: 3,
    name: { ru: "чай", en: "tea" },
    amount: 5,
    unit: "ml",
    ...blank,
  };
  assert.deepEqual(
    lotCsv({ entries: [received, recalled] }, "en")
      .split("\r\n")
      .slice(1, 3),
    ['T1,received,"A,1",3,tea,5,ml,,pin:Ира,', 'T2,recalled,"A,1",,,,,,pin:Ира,'],
  );
});
