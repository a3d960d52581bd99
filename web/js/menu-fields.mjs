/** What a card of the menu's editor asks: the fields of each table; how what is typed becomes a value. No I/O. */

/**
 * @typedef {"words"|"long"|"price"|"count"|"measure"|"figures"|"flag"|"one"|"many"|"stated"|"picture"|"span"|"week"|
 *   "amounts"|"moment"|"rows"} Kind
 * @typedef {{name: string, kind: Kind, of?: string, rows?: Field[]}} Field `of`: the table or list that is chosen from;
 *   `rows`: the fields of each part, of `figures` of the one that there is
 */

export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

const NAME = /** @type {Field} */ ({ name: "name", kind: "words" });
const PRICE = /** @type {Field} */ ({ name: "price_kopecks", kind: "price" });
const PRICES = /** @type {Field} */ ({
  name: "prices",
  kind: "rows",
  rows: [{ name: "from", kind: "moment" }, PRICE],
});
const STATED = /** @type {Field} */ ({ name: "allergens", kind: "stated", of: "allergens" });
const SOLD = /** @type {Field[]} */ ([
  NAME,
  { name: "description", kind: "long" },
  PRICE,
  PRICES,
  { name: "category", kind: "one", of: "categories" },
  { name: "image", kind: "picture" },
]);
const DAYPARTS = /** @type {Field} */ ({ name: "dayparts", kind: "many", of: "dayparts" });

export const NUTRITION = /** @type {Field[]} */ (
  ["kcal", "protein_g", "fat_g", "carbohydrate_g"].map((name) => ({ name, kind: "measure" }))
);

/** @type {Record<string, Field[]>} by table, in the order of the card */
export const FIELDS = {
  items: [
    ...SOLD,
    { name: "chart", kind: "one", of: "charts" },
    { name: "yield", kind: "measure" },
    { name: "sellable", kind: "flag" },
    { name: "modifier_groups", kind: "many", of: "modifier_groups" },
    DAYPARTS,
    STATED,
    { name: "tags", kind: "many", of: "tags" },
  ],
  combos: [
    ...SOLD,
    {
      name: "slots",
      kind: "rows",
      rows: [
        NAME,
        { name: "options", kind: "rows", rows: [{ name: "item", kind: "one", of: "items" }, PRICE, PRICES] },
      ],
    },
    DAYPARTS,
    STATED,
  ],
  modifier_groups: [
    NAME,
    { name: "min", kind: "count" },
    { name: "max", kind: "count" },
    {
      name: "options",
      kind: "rows",
      rows: [NAME, PRICE, PRICES, { name: "ingredients", kind: "amounts", of: "ingredients" }, STATED],
    },
  ],
  categories: [NAME, { name: "image", kind: "picture" }],
  dayparts: [NAME, { name: "hours", kind: "week" }],
  hours: DAYS.map((name) => ({ name, kind: "span" })),
  holidays: [
    { name: "hours", kind: "span" },
    { name: "says", kind: "words" },
  ],
  ingredients: [
    NAME,
    { name: "code", kind: "count" },
    { name: "unit", kind: "one", of: "units" },
    { name: "grams_per_unit", kind: "measure" },
    { name: "nutrition", kind: "figures", rows: NUTRITION },
    { name: "allergens", kind: "many", of: "allergens" },
    { name: "origin", kind: "one", of: "origins" },
    { name: "spicy", kind: "flag" },
  ],
  allergens: [NAME],
};

/** Tables whose rows a person adds and removes. */
export const OPEN_TABLES = Object.keys(FIELDS).filter((table) => table !== "hours");

/** The field that names a row. @param {string} table */
export const keyOf = (table) => (table === "holidays" ? "date" : "id");

/** @param {any} document @param {string} table @param {string} id @returns {any} nothing where there is no such row */
export function rowOf(document, table, id) {
  if (table === "hours") return document.hours ?? {};
  return document[table]?.find((/** @type {any} */ row) => row[keyOf(table)] === id);
}

/** `349`, `349,50`: as it is typed. @param {number} kopecks */
export function priceText(kopecks) {
  const part = Math.abs(kopecks) % 100;
  const whole = Math.trunc(Math.abs(kopecks) / 100);
  return `${kopecks < 0 ? "-" : ""}${whole}${part ? `,${String(part).padStart(2, "0")}` : ""}`;
}

/** Roubles as they are typed: `349`, `1 349,5`, `349.50 ₽`, `-10`; nothing for what is no sum. @param {string} text */
export function priceOf(text) {
  const found = /^([-−]?)(\d{1,7})(?:[.,](\d{1,2}))?$/.exec(text.replace(/[\s\u00a0₽]/g, ""));
  if (!found) return undefined;
  const kopecks = Number(found[2]) * 100 + Number((found[3] ?? "").padEnd(2, "0"));
  return found[1] && kopecks ? -kopecks : kopecks;
}

/** `0,85`: as it is typed. @param {number} value */
export const measureText = (value) => String(value).replace(".", ",");

/** A number as it is typed, null where nothing is; undefined for what is none. @param {string} text */
export function measureOf(text) {
  if (!text.trim()) return null;
  return /^[-−]?\d{1,5}(?:[.,]\d{1,4})?$/.test(text.trim())
    ? Number(text.trim().replace(",", ".").replace("−", "-"))
    : undefined;
}

/**
 * What is typed as the document has it; undefined for what cannot be read.
 * @param {Field} field
 * @param {any} typed a value of the document, or the text of a field
 * @returns {any}
 */
export function valueIn(field, typed) {
  switch (field.kind) {
    case "price":
      return typeof typed === "string" ? priceOf(typed) : typed;
    case "count":
      return typeof typed === "string" ? wholeOf(typed) : typed;
    case "measure":
      return typeof typed === "string" ? measureOf(typed) : typed;
    case "figures":
      return figuresOf(field, typed);
    case "moment":
      return typed || undefined;
    case "amounts":
      return amountsOf(typed);
    case "rows":
      return rowsOf(field, typed);
    default:
      return typed;
  }
}

/** @param {string} text */
function wholeOf(text) {
  return /^-?\d{1,6}$/.test(text.trim()) ? Number(text) : undefined;
}

/** Pairs of a name and an amount as they are typed. @param {any} typed */
function amountsOf(typed) {
  if (!Array.isArray(typed)) return typed;
  const pairs = typed.filter(([name]) => name).map(([name, text]) => [name, wholeOf(String(text))]);
  return pairs.some(([, amount]) => amount === undefined) ? undefined : Object.fromEntries(pairs);
}

/** All of them, or nothing. @param {Field} field @param {Record<string, any>} typed */
function figuresOf(field, typed) {
  const read = (field.rows ?? []).map((one) => [one.name, valueIn(one, typed[one.name] ?? "")]);
  return read.some(([, value]) => value === undefined || value === null) ? undefined : Object.fromEntries(read);
}

/** @param {Field} field @param {any[]} typed */
function rowsOf(field, typed) {
  const rows = typed.map((row) => {
    const read = (field.rows ?? [])
      .filter(({ name }) => name in row)
      .map((one) => [one.name, valueIn(one, row[one.name])]);
    return read.some(([, value]) => value === undefined) ? undefined : { ...row, ...Object.fromEntries(read) };
  });
  return rows.includes(undefined) ? undefined : rows;
}

/**
 * What is typed on a card and not saved: of words, weeks and figures only the parts that were typed.
 * `base`: the row as it was when the typing began.
 * @typedef {{fields: Record<string, any>, base: any}} Typed
 */

const IN_PARTS = new Set(["words", "long", "week", "figures"]);

/** The card's value after a part of it was typed. @param {Field} field @param {any} before @param {any} typed */
export const joined = ({ kind }, before, typed) => (IN_PARTS.has(kind) ? { ...before, ...typed } : typed);

/**
 * What a field shows: what is typed, upon what the draft has by now.
 * @param {Field} field
 * @param {any} row
 * @param {Typed|undefined} typed
 */
export function shownIn(field, row, typed) {
  const now = row[field.name];
  const mine = typed?.fields[field.name];
  if (mine === undefined) return now;
  if (field.kind === "rows") return mergedRows(field, typed?.base[field.name] ?? [], mine, now ?? []);
  return joined(field, now, mine);
}

/**
 * Parts that two people changed at once: whoever left one alone gets the other's.
 * @param {Field} field @param {any[]} base @param {any[]} mine @param {any[]} now
 */
function mergedRows(field, base, mine, now) {
  const key = field.name === "prices" ? "from" : "id";
  const same = (/** @type {unknown} */ one, /** @type {unknown} */ other) =>
    JSON.stringify(one) === JSON.stringify(other);
  if (same(base, now)) return mine;
  const find = (/** @type {any[]} */ rows, /** @type {any} */ row) => rows.find((one) => one[key] === row[key]);
  const kept = mine.flatMap((row) => {
    const [old, theirs] = [find(base, row), find(now, row)];
    if (!old) return [row];
    if (!theirs) return same(old, row) ? [] : [row];
    const typed = Object.entries(row).filter(([name, value]) => !same(value, old[name]));
    return [{ ...theirs, ...Object.fromEntries(typed) }];
  });
  return [...kept, ...now.filter((row) => !find(base, row) && !find(mine, row))];
}

/**
 * What a card sends: the fields that differ from the row, and which of them cannot be read.
 * @param {string} table
 * @param {any} row
 * @param {Typed|undefined} typed
 */
export function changeOf(table, row, typed) {
  /** @type {Record<string, any>} */
  const set = {};
  const wrong = [];
  for (const field of FIELDS[table]) {
    if (typed?.fields[field.name] === undefined) continue;
    const value = valueIn(field, shownIn(field, row, typed));
    if (value === undefined) wrong.push(field.name);
    else if (JSON.stringify(value) !== JSON.stringify(row[field.name])) set[field.name] = value;
  }
  return { set, wrong };
}
