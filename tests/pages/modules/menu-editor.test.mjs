import assert from "node:assert/strict";
import { test } from "node:test";
import { changeOf, FIELDS, measureOf, measureText, priceOf, priceText, shownIn } from "../../../web/js/menu-fields.mjs";
import { blankPart, blankRow, codeOf, movedTo } from "../../../web/js/menu-rows.mjs";
import { menuEn } from "../../../web/js/menu-texts.en.mjs";
import { menuRu } from "../../../web/js/menu-texts.ru.mjs";
import {
  changedBetween,
  differenceWords,
  findingsAt,
  findingWords,
  sideWords,
  viewOf,
} from "../../../web/js/menu-words.mjs";

const DOCUMENT = {
  items: [
    { id: "tea", name: { ru: "Чай", en: "Tea" }, category: "drinks" },
    { id: "soup", name: { ru: "Суп", en: "Soup" }, category: "soups" },
    { id: "cola", name: { ru: "Кола", en: "Cola" }, category: "drinks" },
  ],
  combos: [],
  dayparts: [{ id: "lunch", name: { ru: "Обед", en: "Lunch" } }],
};
/** @type {import("../../../web/js/menu-words.mjs").Sense} */
const RU = { documents: [DOCUMENT], t: menuRu, language: "ru" };
const EN = { ...RU, t: menuEn, language: /** @type {const} */ ("en") };
/** @type {(table: string, id: string, field: string, before: any, after: any) => any} */
const difference = (table, id, field, before, after) => ({ table, id, name: id, field, before, after });

test("a price is read as people type it, and what is none is none", () => {
  const read = ["349", "349,50", "349.5", "1 349,05 ₽", "-10", "0"].map(priceOf);
  assert.deepEqual(read, [34900, 34950, 34950, 134905, -1000, 0]);
  for (const text of ["", "349,5O", "3,499", "1e3", "12,", "--1", "99999999"]) assert.equal(priceOf(text), undefined);
  for (const kopecks of [0, 5, 100, 34950, -1005]) assert.equal(priceOf(priceText(kopecks)), kopecks);
});

test("a weight is read as people type it; of figures each wants one, and only what is typed is sent", () => {
  assert.deepEqual(["1", "0,85", " 0.5 ", "−1", ""].map(measureOf), [1, 0.85, 0.5, -1, null]);
  for (const text of ["1e3", "O,5", "1,", "1 g"]) assert.equal(measureOf(text), undefined);
  assert.equal(measureOf(measureText(0.85)), 0.85);
  const egg = blankRow("ingredients", "Яйцо", "", { ingredients: [{ code: 7 }, { code: 3 }] });
  assert.deepEqual([egg.code, egg.unit, egg.allergens], [8, "g", []]);
  const typed = (/** @type {string} */ kcal) => ({ fields: { nutrition: { kcal } }, base: egg });
  const { set } = changeOf("ingredients", egg, typed("157,5"));
  assert.deepEqual(set, { nutrition: { kcal: 157.5, protein_g: 0, fat_g: 0, carbohydrate_g: 0 } });
  for (const text of ["", "much"]) assert.deepEqual(changeOf("ingredients", egg, typed(text)).wrong, ["nutrition"]);
  assert.deepEqual(changeOf("items", { yield: 0.9 }, { fields: { yield: "" }, base: {} }).set, { yield: null });
  const line = differenceWords(difference("ingredients", "egg", "nutrition", egg.nutrition, set["nutrition"]), RU);
  assert.equal(line, "egg: энергия, ккал 0 → 157,5");
});

test("of a place that two changed it is said what each did", () => {
  const at = { table: "items", id: "tea", name: "Чай" };
  const price = { ...at, field: "price_kopecks", before: 9000, mine: 9500, theirs: 9700 };
  assert.equal(sideWords(price, price.theirs, EN), "Tea: price 90\u00a0₽ → 97\u00a0₽");
  const gone = { ...at, field: "", before: { id: "tea" }, mine: { id: "tea", image: "a" }, theirs: null };
  assert.equal(sideWords(gone, gone.mine, RU), "Чай: остаётся с изменениями");
  assert.equal(sideWords(gone, gone.theirs, RU), "Чай: убрано (блюдо)");
});

test("a code is made of the name, and is nobody else's", () => {
  assert.equal(codeOf("Чай с мятой", []), "chay-s-myatoy");
  assert.equal(codeOf("Щи «Объём»", ["shchi"]), "schi-obem");
  assert.equal(codeOf("Tea", ["tea", "tea-2"]), "tea-3");
  assert.equal(codeOf("茶", []), "new");
});

test("a dish moves among those of its category", () => {
  const [tea, soup, cola] = DOCUMENT.items;
  assert.equal(movedTo(DOCUMENT.items, tea, 1), 2);
  assert.equal(movedTo(DOCUMENT.items, cola, -1), 0);
  assert.equal(movedTo(DOCUMENT.items, soup, 1), undefined);
});

test("only what differs is sent, and what another typed meanwhile stays", () => {
  const base = { name: { ru: "Чай", en: "Tea" }, price_kopecks: 9900 };
  const now = { name: { ru: "Чай чёрный", en: "Tea" }, price_kopecks: 9500 };
  const typed = { fields: { name: { en: "Black tea" }, price_kopecks: "95" }, base };
  assert.deepEqual(changeOf("items", now, typed), {
    set: { name: { ru: "Чай чёрный", en: "Black tea" } },
    wrong: [],
  });
  assert.deepEqual(changeOf("items", now, { fields: { price_kopecks: "9,5O" }, base }).wrong, ["price_kopecks"]);
});

test("two who change the options of one group keep what each did", () => {
  const field = /** @type {any} */ (FIELDS["modifier_groups"].find(({ name }) => name === "options"));
  const [hot, mild, left] = ["hot", "mild", "left"].map((id) => ({ id, price_kopecks: 0 }));
  const theirs = [{ ...hot, price_kopecks: 500 }, { ...mild, name: "M" }, { id: "new" }];
  const mine = [hot, { ...mild, price_kopecks: "7" }, left, blankPart(field, "mine")];
  const shown = shownIn(
    field,
    { options: theirs },
    { fields: { options: mine }, base: { options: [hot, mild, left] } },
  );
  assert.deepEqual(
    shown.map((/** @type {any} */ row) => [row.id, row.price_kopecks]),
    [
      ["hot", 500],
      ["mild", "7"],
      ["mine", 0],
      ["new", undefined],
    ],
  );
  assert.equal(shown[1].name, "M");
});

test("a difference is a line that a manager reads", () => {
  const price = difference("items", "tea", "price_kopecks", 9000, 9500);
  assert.equal(differenceWords(price, RU), "Чай: цена 90\u00a0₽ → 95\u00a0₽");
  assert.equal(differenceWords(price, EN), "Tea: price 90\u00a0₽ → 95\u00a0₽");
  const lines = [
    difference("items", "tea", "name", { ru: "Чаёк", en: "Tea" }, { ru: "Чай", en: "Tea" }),
    difference("items", "tea", "dayparts", [], ["lunch"]),
    difference("items", "tea", "sellable", true, false),
    difference("items", "soup", "", null, {}),
    difference("items", "", "order", [], []),
    difference("hours", "", "", null, { mon: "10:00-22:00", tue: "" }),
    difference("items", "tea", "prices", [], [{ from: "2026-12-01", price_kopecks: 9500 }]),
  ].map((row) => differenceWords(row, RU));
  assert.deepEqual(lines, [
    "Чай: название (ru) «Чаёк» → «Чай»",
    "Чай: время дня нет → Обед",
    "Чай: продаётся да → нет",
    "Суп: новое (блюдо)",
    "Порядок: блюда",
    "Часы продажи: пн закрыто → 10:00-22:00",
    "Чай: цены с даты: добавлено с 01.12.2026: 95\u00a0₽",
  ]);
});

test("what is wrong stands at its field, and names the option that it is of", () => {
  const text = { ru: "нет слов", en: "no words" };
  const wrong = { table: "modifier_groups", id: "heat", field: "options.hot.name", text };
  const row = { options: [{ id: "hot", name: { ru: "Остро", en: "Hot" } }] };
  assert.deepEqual(Object.keys(findingsAt([wrong], "modifier_groups", "heat")), ["options"]);
  assert.equal(findingWords(wrong, row, RU), "Остро: нет слов");
  const odd = { ...wrong, field: "yield" };
  assert.deepEqual(findingsAt([odd], "modifier_groups", "heat"), { "": [odd] });
});

test("what another changed in the draft is told, and what they undid", () => {
  const [one, two, three] = [1, 2, 3].map((n) => difference("items", "tea", `f${n}`, 0, n));
  const again = { ...two, after: 5 };
  const found = changedBetween({ differences: [one, two] }, { differences: [again, three] });
  assert.deepEqual(found, { changed: [again, three], undone: [one] });
});

test("an address names a card, and an odd one the nearest view", () => {
  assert.deepEqual(viewOf("draft/items/a%2Fb"), { view: "draft", table: "items", id: "a/b" });
  assert.deepEqual(viewOf("draft/nothing/x").table, "");
  assert.deepEqual(viewOf("history/12"), { view: "history", table: "", id: "12" });
  assert.deepEqual(viewOf("draft/items/%E0%A4%A").id, "");
  assert.equal(viewOf("").view, "sold");
});
