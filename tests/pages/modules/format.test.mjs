import assert from "node:assert/strict";
import { test } from "node:test";
import { clock, decimal, minutes, money, pluralEn, pluralRu, share, tenths, whole } from "../../../web/js/format.mjs";
import { chance } from "./menu.mjs";

const NBSP = "\u00a0";

test("a sum shows roubles, and kopecks only where there are any", () => {
  assert.equal(money(0), `0${NBSP}₽`);
  assert.equal(money(35_000), `350${NBSP}₽`);
  assert.equal(money(123_450), `1${NBSP}234,50${NBSP}₽`);
  assert.equal(money(5), `0,05${NBSP}₽`);
  assert.equal(money(-9_901), `−99,01${NBSP}₽`);
  assert.equal(money(999_999_999_999), `9${NBSP}999${NBSP}999${NBSP}999,99${NBSP}₽`);
});

test("every sum can be read back to its very kopecks", () => {
  const draw = chance();
  for (let n = 0; n < 20_000; n += 1) {
    const kopecks = (draw(2) ? 1 : -1) * (n < 10_000 ? n : draw(2_000_000_000) * 1_000 + draw(1_000));
    const [roubles, rest = "00"] = money(kopecks).replace("−", "").replace(`${NBSP}₽`, "").split(",");
    const read = BigInt(roubles.replaceAll(NBSP, "")) * 100n + BigInt(rest);
    assert.equal(read, BigInt(Math.abs(kopecks)), money(kopecks));
    assert.match(money(kopecks), /^−?\d{1,3}(\u00a0\d{3})*(,\d\d)?\u00a0₽$/);
    assert.equal(money(kopecks).startsWith("−"), kopecks < 0);
  }
});

test("a Russian noun takes its form from the last digits", () => {
  /** @type {[string, string, string]} */
  const forms = ["блюдо", "блюда", "блюд"];
  const told = (/** @type {number[]} */ counts) => counts.map((n) => pluralRu(n, forms));
  assert.deepEqual(new Set(told([1, 21, 101, 1_001])), new Set(["блюдо"]));
  assert.deepEqual(new Set(told([2, 3, 4, 22, 104])), new Set(["блюда"]));
  assert.deepEqual(new Set(told([0, 5, 11, 12, 14, 19, 20, 111, 112, 1_014])), new Set(["блюд"]));
  assert.equal(pluralRu(2.5, forms), "блюда");
});

test("an English noun has one form for one and another for the rest", () => {
  assert.deepEqual(
    [0, 1, 2, 21, 1.5].map((n) => pluralEn(n, ["dish", "dishes"])),
    ["dishes", "dish", "dishes", "dishes", "dishes"],
  );
});

test("minutes are rounded up and never none: a promise is better kept early", () => {
  assert.deepEqual([0, 1, 60, 61, 119, 121].map(minutes), [1, 1, 1, 2, 2, 3]);
});

test("a countdown shows whole seconds left and stops at nothing", () => {
  assert.deepEqual([0, -5, 0.2, 59.5, 60, 125].map(clock), ["0:00", "0:00", "0:01", "1:00", "1:00", "2:05"]);
});

test("figures are written as Russian ones, with places that do not break", () => {
  assert.equal(decimal(12.5), "12,5");
  assert.equal(decimal(1_200), "1200");
  assert.equal(tenths(12), "12,0");
  assert.equal(tenths(0.25), "0,3");
  assert.equal(whole(1_234_567), `1${NBSP}234${NBSP}567`);
  assert.equal(share(0.1234), `12,3${NBSP}%`);
});
