/** Menus in words: what is wrong with a draft, in what two of them differ, who changed it. No I/O. */

import { money } from "./format.mjs";
import { DAYS, FIELDS, keyOf, measureText, priceOf, rowOf } from "./menu-fields.mjs";

/**
 * @typedef {import("./menu-fields.mjs").Field} Field
 * @typedef {import("./staff-language.mjs").StaffTexts["menu"]} Texts
 * @typedef {import("./texts.mjs").Language} Language
 * @typedef {{table: string, id: string, name: string, field: string, before: any, after: any}} Difference
 * @typedef {{table: string, id: string, name: string, field: string, before: any, mine: any, theirs: any}} Conflict
 * @typedef {{table: string, id: string, field: string, text: Record<string, string>}} Finding
 * @typedef {{documents: any[], t: Texts, language: Language}} Sense where ids get their names from, the first first
 */

/** The name of a row, else its code. @param {string} table @param {string} id @param {Sense} sense @returns {string} */
export function nameOf(table, id, { documents, t, language }) {
  if (table === "charts") return id;
  if (table === "tags" || table === "units" || table === "origins") return t[table][id] ?? id;
  if (table === "holidays") return dayWords(id);
  if (table === "hours") return t.tables.hours;
  for (const document of documents) {
    const name = (rowOf(document, table, id) ?? (table === "items" ? rowOf(document, "combos", id) : null))?.name;
    if (name) return name[language] || name.ru || id;
  }
  return id;
}

/** `2026-12-31` as a label has it. @param {string} day */
const dayWords = (day) => day.split("-").reverse().join(".");

/** `2026-12-01T18:00` @param {string} from */
export function momentWords(from) {
  const [day, time] = from.split("T");
  return [dayWords(day), time].filter(Boolean).join(" ");
}

/** One difference in a line. @param {Difference} difference @param {Sense} sense */
export function differenceWords(difference, sense) {
  const { table, id, field, before, after } = difference;
  const { t } = sense;
  if (field === "order") return t.order(t.tables[table] ?? table);
  if (table === "charts") return t.chart(id);
  if (table === "hours") return `${t.tables.hours}: ${weekWords(before ?? {}, after ?? {}, t)}`;
  const named = nameOf(table, id, sense);
  if (!field) return `${named}: ${before === null ? t.came(t.one[table] ?? "") : t.went(t.one[table] ?? "")}`;
  const known = FIELDS[table]?.find(({ name }) => name === field);
  return `${named}: ${fieldWords(known, field, before, after, sense)}`;
}

/**
 * What one of two did to a place that both changed.
 * @param {Conflict} conflict @param {any} value @param {Sense} sense
 */
export function sideWords(conflict, value, sense) {
  const { table, id, field, before } = conflict;
  if (field || table === "hours" || table === "charts" || value === null)
    return differenceWords({ ...conflict, after: value }, sense);
  return `${nameOf(table, id, sense)}: ${before === null ? sense.t.came(sense.t.one[table] ?? "") : sense.t.kept}`;
}

const IN_LANGUAGES = new Set(/** @type {(string|undefined)[]} */ (["words", "long"]));

/**
 * @param {Field|undefined} field @param {string} name @param {any} before @param {any} after @param {Sense} sense
 * @returns {string}
 */
function fieldWords(field, name, before, after, sense) {
  const { t } = sense;
  const called = t.fields[name] ?? name;
  if (field?.kind === "rows") return `${called.toLowerCase()}: ${partWords(field, before ?? [], after ?? [], sense)}`;
  if (field?.kind === "week") return `${called.toLowerCase()}: ${weekWords(before ?? {}, after ?? {}, t)}`;
  if (field?.kind === "figures") return figureWords(field, before ?? {}, after ?? {}, sense);
  if (IN_LANGUAGES.has(field?.kind)) return wordingWords(called, before ?? {}, after ?? {});
  if (field?.kind === "picture") return t.anotherPicture;
  if (!field) return t.changed(called.toLowerCase());
  return `${called.toLowerCase()} ${valueWords(field, before, sense)} → ${valueWords(field, after, sense)}`;
}

/** @param {string} called @param {Record<string, string>} before @param {Record<string, string>} after */
function wordingWords(called, before, after) {
  const languages = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const changed = languages.filter((one) => (before[one] ?? "") !== (after[one] ?? ""));
  return changed
    .map((one) => `${called.toLowerCase()} (${one}) «${before[one] ?? ""}» → «${after[one] ?? ""}»`)
    .join("; ");
}

/** @param {Record<string, string>} before @param {Record<string, string>} after @param {Texts} t */
function weekWords(before, after, t) {
  const changed = DAYS.filter((day) => (before[day] ?? "") !== (after[day] ?? ""));
  return changed.map((day) => `${t.days[day]} ${before[day] || t.shut} → ${after[day] || t.shut}`).join(", ");
}

/** @param {Field} field @param {Record<string, any>} before @param {Record<string, any>} after @param {Sense} sense */
function figureWords(field, before, after, sense) {
  const changed = (field.rows ?? []).filter(({ name }) => before[name] !== after[name]);
  return changed.map((one) => fieldWords(one, one.name, before[one.name], after[one.name], sense)).join(", ");
}

/**
 * Options, places, prices: what came, went or changed among them.
 * @param {Field} field @param {any[]} before @param {any[]} after @param {Sense} sense
 */
function partWords(field, before, after, sense) {
  const { t } = sense;
  const key = field.name === "prices" ? "from" : "id";
  const find = (/** @type {any[]} */ rows, /** @type {any} */ row) => rows.find((one) => one[key] === row[key]);
  const lines = [
    ...after.filter((row) => !find(before, row)).map((row) => t.partCame(partName(field, row, sense))),
    ...before.filter((row) => !find(after, row)).map((row) => t.partWent(partName(field, row, sense))),
  ];
  for (const row of after) {
    const old = find(before, row);
    if (!old) continue;
    for (const one of field.rows ?? [])
      if (JSON.stringify(old[one.name]) !== JSON.stringify(row[one.name]))
        lines.push(`${partName(field, row, sense)}: ${fieldWords(one, one.name, old[one.name], row[one.name], sense)}`);
  }
  return lines.join("; ") || t.tables.order;
}

/** What a part of a card is called. @param {Field} field @param {any} row @param {Sense} sense @returns {string} */
export function partName(field, row, sense) {
  if (field.name === "prices") {
    const kopecks = typeof row.price_kopecks === "string" ? priceOf(row.price_kopecks) : row.price_kopecks;
    return sense.t.from(row.from ? momentWords(row.from) : "…", kopecks === undefined ? "…" : money(kopecks));
  }
  if ("item" in row) return row.item ? nameOf("items", row.item, sense) : "…";
  return row.name?.[sense.language] || row.name?.ru || row.id;
}

/** A value as a person says it. @param {Field} field @param {any} value @param {Sense} sense @returns {string} */
export function valueWords(field, value, sense) {
  const { t } = sense;
  const named = (/** @type {string} */ id) => nameOf(field.of ?? "", id, sense);
  switch (field.kind) {
    case "price":
      return typeof value === "number" ? money(value) : t.none;
    case "measure":
      return typeof value === "number" ? measureText(value) : t.none;
    case "flag":
      return value === false ? t.no : t.yes;
    case "span":
      return value || t.shut;
    case "one":
      return value ? named(value) : t.none;
    case "many":
      return listed(value?.map(named), t);
    case "stated":
      return value ? listed(value.map(named), t) : t.computed;
    case "amounts":
      return listed(
        Object.entries(value ?? {}).map(([id, amount]) => `${named(id)} ${amount}`),
        t,
      );
    default:
      return String(value ?? t.none);
  }
}

/** @param {string[]|undefined} words @param {Texts} t */
const listed = (words, t) => (words?.length ? words.join(", ") : t.none);

/**
 * Of one row, by its field; "" of the row as a whole.
 * @param {Finding[]} findings @param {string} table @param {string} id
 */
export function findingsAt(findings, table, id) {
  const known = new Set(FIELDS[table]?.map(({ name }) => name));
  /** @type {Record<string, Finding[]>} */
  const found = {};
  for (const finding of findings) {
    if (finding.table !== table || finding.id !== id) continue;
    const [first] = finding.field.split(".");
    const place = known.has(first) ? first : "";
    found[place] = [...(found[place] ?? []), finding];
  }
  return found;
}

/**
 * A finding in a line; of a part (`options.ID.price_kopecks`) the part is named.
 * @param {Finding} finding
 * @param {any} row
 * @param {Sense} sense
 */
export function findingWords(finding, row, sense) {
  const text = finding.text[sense.language] ?? finding.text.ru;
  const [list, id] = finding.field.split(".");
  const part = Array.isArray(row?.[list]) && row[list].find((/** @type {any} */ one) => one?.id === id);
  return part ? `${partName({ name: list, kind: "rows" }, part, sense)}: ${text}` : text;
}

/**
 * What a newer draft has that an older one has not: the differences that are new, and those that are gone again.
 * @param {{differences: Difference[]}} before
 * @param {{differences: Difference[]}} after
 */
export function changedBetween(before, after) {
  const told = new Set(before.differences.map((row) => JSON.stringify(row)));
  const at = (/** @type {Difference} */ row) => JSON.stringify([row.table, row.id, row.field]);
  const now = new Set(after.differences.map(at));
  return {
    changed: after.differences.filter((row) => !told.has(JSON.stringify(row))),
    undone: before.differences.filter((row) => !now.has(at(row))),
  };
}

/** Where a row is edited, as an address; nothing where there is no card. @param {{table: string, id: string}} place */
export function cardOf({ table, id }) {
  return FIELDS[table] && (id || table === "hours") ? `draft/${table}/${encodeURIComponent(id)}` : "";
}

/** The same, read. @param {string} of @returns {{view: string, table: string, id: string}} */
export function viewOf(of) {
  const [view, table = "", id = ""] = of.split("/");
  if (view === "history") return { view, table: "", id: table };
  if (view !== "draft") return { view: "sold", table: "", id: "" };
  return FIELDS[table] ? { view, table, id: decoded(id) } : { view, table: "", id: "" };
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return "";
    throw error;
  }
}

/** What may be chosen for a field. @param {string} of @param {{document: any, charts: string[]}} draft */
export function choicesOf(of, { document, charts }) {
  if (of === "charts") return charts;
  if (of === "units") return ["g", "ml", "pcs"];
  if (of === "origins") return ["plant", "animal", "fish", "meat"];
  if (of === "tags") {
    const used = document.items.flatMap((/** @type {any} */ row) => row.tags ?? []);
    return [...new Set(["spicy", "no_meat", "no_lactose", ...used])];
  }
  return (document[of] ?? []).map((/** @type {any} */ row) => row[keyOf(of)]);
}
