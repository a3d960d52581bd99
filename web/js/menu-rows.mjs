/** Rows of a menu that come and move: their codes, how a new one begins, where one goes. No I/O. */

import { DAYS, keyOf, NUTRITION } from "./menu-fields.mjs";

/** @typedef {import("./menu-fields.mjs").Field} Field */

const LETTERS = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя";
const LATIN = "a b v g d e e zh z i y k l m n o p r s t u f h ts ch sh sch  y  e yu ya".split(" ");

/**
 * A code for a new row, of its name: what nobody has yet.
 * @param {string} name
 * @param {string[]} taken
 */
export function codeOf(name, taken) {
  const latin = [...name.toLowerCase()].map((letter) => LATIN[LETTERS.indexOf(letter)] ?? letter).join("");
  const code =
    latin
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-|-$/g, "")
      .slice(0, 30)
      .replace(/-$/, "") || "new";
  if (!taken.includes(code)) return code;
  let next = 2;
  while (taken.includes(`${code}-${next}`)) next += 1;
  return `${code}-${next}`;
}

/**
 * Every code that a new row of the table must not have.
 * @param {any} document @param {string} table @returns {string[]}
 */
export function takenBy(document, table) {
  const tables = table === "items" || table === "combos" ? ["items", "combos"] : [table];
  return tables.flatMap((name) => (document[name] ?? []).map((/** @type {any} */ row) => row[keyOf(name)]));
}

/** Codes of options and places, which are one list for the whole menu. @param {any} document @returns {string[]} */
export function partsTaken(document) {
  const groups = document.modifier_groups.flatMap((/** @type {any} */ group) => group.options);
  const slots = document.combos.flatMap((/** @type {any} */ combo) => combo.slots);
  const offered = slots.flatMap((/** @type {any} */ slot) => slot.options);
  return [...groups, ...slots, ...offered].map((row) => row.id);
}

/**
 * A row that nobody has filled in yet: what the document demands of it.
 * @param {string} table
 * @param {string} name
 * @param {string} category of what is sold
 * @param {any} document
 */
export function blankRow(table, name, category, document) {
  const words = { name: { ru: name, en: "" } };
  const sold = { ...words, category, description: { ru: "", en: "" }, price_kopecks: 0, image: "plate.webp" };
  const blank = /** @type {Record<string, any>} */ ({
    items: sold,
    combos: { ...sold, slots: [] },
    modifier_groups: { ...words, min: 0, max: 1, options: [] },
    categories: { ...words, image: "plate.webp" },
    dayparts: { ...words, hours: Object.fromEntries(DAYS.map((day) => [day, ""])) },
    holidays: { hours: "" },
    ingredients: {
      ...words,
      code: nextCode(document),
      unit: "g",
      nutrition: Object.fromEntries(NUTRITION.map((field) => [field.name, 0])),
      allergens: [],
    },
    allergens: words,
  });
  return blank[table];
}

/** A number that no ingredient has for the robot. @param {any} document */
function nextCode({ ingredients }) {
  return Math.max(0, ...ingredients.map((/** @type {any} */ row) => row.code)) + 1;
}

/**
 * A part that is added to a card: an option, a place, a dish at a place, a price.
 * @param {Field} field
 * @param {string} code
 * @returns {any}
 */
export function blankPart(field, code) {
  const blanks = (field.rows ?? [])
    .map((row) => [row.name, blankOf(row, field)])
    .filter(([, blank]) => blank !== undefined);
  return { ...(field.name === "prices" ? {} : { id: code }), ...Object.fromEntries(blanks) };
}

/** @param {Field} field @param {Field} within */
function blankOf({ name, kind }, within) {
  switch (kind) {
    case "words":
      return { ru: "", en: "" };
    case "price":
      return within.name === "prices" ? "" : 0;
    case "rows":
      return name === "prices" ? undefined : [];
    case "one":
    case "moment":
      return "";
    default:
      return undefined;
  }
}

/** Combos first, then dishes, as the guests' screen shows them. @param {any} document @param {string} category */
export function soldIn(document, category) {
  return ["combos", "items"].flatMap((table) =>
    document[table]
      .filter((/** @type {any} */ row) => row.category === category)
      .map((/** @type {any} */ row) => ({ table, row })),
  );
}

/**
 * Where a row goes that is moved one place among those it is shown with; nothing at the end of them.
 * @param {any[]} rows of its whole table
 * @param {any} row
 * @param {-1|1} step
 */
export function movedTo(rows, row, step) {
  const beside = rows.filter((one) => one.category === row.category);
  const next = beside[beside.indexOf(row) + step];
  return next === undefined ? undefined : rows.indexOf(next);
}
