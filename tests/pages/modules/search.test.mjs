import assert from "node:assert/strict";
import { test } from "node:test";
import { dishesFor, folded, stemOf } from "../../../web/js/search.mjs";
import { menuWith } from "./menu.mjs";

const menu = menuWith();
const found = (/** @type {string} */ text) => dishesFor(menu, text).map(({ id }) => id);

test("a dish is found by the beginning of any of its words, in any case", () => {
  assert.deepEqual(found("УД"), ["udon"]);
  assert.deepEqual(found("кур"), ["udon"]);
});

test("a dish is found by any form of a word", () => {
  for (const text of ["курица", "курицей", "курицу"]) assert.deepEqual(found(text), ["udon"], text);
  assert.equal(stemOf(folded("напиток")), stemOf(folded("напитки")));
});

test("ё and е, э and е are the same letter", () => {
  assert.deepEqual(found("зеленый"), ["tea"]);
  assert.deepEqual(found("зелёный"), ["tea"]);
});

test("all words must be the dish's", () => {
  assert.deepEqual(found("удон курица"), ["udon"]);
  assert.deepEqual(found("удон овощи"), []);
});

test("one wrong letter is forgiven in a long word and in none that is short", () => {
  for (const text of ["зеленгый", "зеленй", "зеелный", "зеленый"]) assert.deepEqual(found(text), ["tea"], text);
  assert.deepEqual(found("чей"), []);
});

test("a name counts for more than what is told of a dish or is in it", () => {
  assert.equal(found("лапша")[0], "udon");
  assert.ok(found("гречка").includes("soba"));
  assert.ok(found("пшеница").includes("udon"));
});

test("nothing typed finds nothing", () => {
  for (const text of ["", "  ", "…"]) assert.deepEqual(found(text), []);
});
