import assert from "node:assert/strict";
import { test } from "node:test";
import { csvOf, limitWords } from "../../../web/js/temperature-words.mjs";

test("what a place must keep is said with its sign, and not at all where there is no limit", () => {
  const words = (/** @type {number|null} */ limit_lowest_c, /** @type {number|null} */ limit_highest_c) =>
    limitWords({ limit_lowest_c, limit_highest_c });
  assert.equal(words(null, 6), "≤ 6 °C");
  assert.equal(words(null, -12), "≤ −12 °C");
  assert.equal(words(65, null), "≥ 65 °C");
  assert.equal(words(2, 6), "2 … 6 °C");
  assert.equal(words(null, null), "—");
});

test("the table has a line for each place and hour, and a comma in a name breaks none", () => {
  const place = {
    place: "bin_6",
    name: { ru: "бункер 6 (курица, филе)", en: "bin 6" },
    limit_lowest_c: null,
    limit_highest_c: 6,
    hours: [
      { hour: 9, lowest_c: 3.5, highest_c: 4 },
      { hour: 10, lowest_c: 4, highest_c: 22 },
    ],
  };
  const lines = csvOf({ day: "2026-11-22", places: [place] }, "ru").split("\r\n");
  assert.equal(lines[0], "day,place,name,hour,lowest_c,highest_c,limit_lowest_c,limit_highest_c");
  assert.equal(lines[1], '2026-11-22,bin_6,"бункер 6 (курица, филе)",9,3.5,4,,6');
  assert.equal(lines.length, 4);
});
