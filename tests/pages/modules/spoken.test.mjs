import assert from "node:assert/strict";
import { test } from "node:test";
import { money } from "../../../web/js/format.mjs";
import { spelled, spoken } from "../../../web/js/spoken.mjs";
import { chance } from "./menu.mjs";

test("any sum is said with its roubles and kopecks, as the screen writes them", () => {
  const draw = chance();
  for (let n = 0; n < 2_000; n += 1) {
    const kopecks = n < 500 ? n : draw(100_000_000);
    const said = spoken(money(kopecks), "ru");
    const [, roubles, rest = "0"] = /^(\d+) рубл\p{L}+(?: (\d+) копе\p{L}+)?$/u.exec(said) ?? [];
    assert.equal(Number(roubles) * 100 + Number(rest), kopecks, said);
  }
});

test("units are said in full and in the form their number asks for", () => {
  assert.equal(spoken("1\u00a0г · 22\u00a0мл · ≈\u00a07\u00a0мин", "ru"), "1 грамм, 22 миллилитра, примерно 7 минут");
  assert.equal(spoken("12,5\u00a0г", "ru"), "12,5 грамма");
  assert.equal(spoken("1\u00a0g · 2.5\u00a0g", "en"), "1 gram, 2.5 grams");
});

test("codes and phones are said digit by digit, of a masked phone only the end", () => {
  assert.equal(spelled("4815"), "4, 8, 1, 5");
  assert.equal(spoken("+7 916 123-45-67", "ru"), "плюс 7, 9, 1, 6, 1, 2, 3, 4, 5, 6, 7");
  assert.equal(spoken("+7 ••• •••-••-67", "ru"), "номер, который кончается на 6, 7");
});

test("a countdown is said in minutes and seconds", () => {
  assert.equal(spoken("1:01", "ru"), "1 минуту 1 секунду");
  assert.equal(spoken("0:54", "en"), "54 seconds");
});
