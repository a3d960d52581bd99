/** The journals of cells and upkeep in words and as tables. No I/O. */

import { csvText } from "./csv.mjs";
import { decimal } from "./format.mjs";
import { labelWords } from "./lot-words.mjs";

/** @typedef {import("./staff-language.mjs").StaffTexts["cellJournal"]} Texts */

/** @param {string} moment */
export const timeOf = (moment) => new Date(moment).toLocaleTimeString("ru-RU", { hour: "2-digit", minute: "2-digit" });

/**
 * What became of a portion.
 * @param {{outcome: string, fetched_at: string|null, until: string|null, reason: string, given_back: boolean}} row
 * @param {Texts} t
 */
export function outcomeWords({ outcome, fetched_at, until, reason, given_back }, t) {
  const words = {
    in_cell: until ? t.inCell(timeOf(until)) : t.unknownHold,
    fetched: fetched_at ? t.fetched(timeOf(fetched_at)) : t.handedOut,
    thrown_away: t.thrownAway(t.reasons[reason] ?? reason),
  }[outcome];
  return [words ?? outcome, given_back && t.givenBack].filter(Boolean).join(" · ");
}

/** @param {{lowest_c: number|null, highest_c: number|null}} row */
export function warmthWords({ lowest_c, highest_c }) {
  if (lowest_c === null || highest_c === null) return "—";
  return lowest_c === highest_c ? decimal(lowest_c) : `${decimal(lowest_c)} … ${decimal(highest_c)}`;
}

/**
 * When a portion was accepted, begun, ready and fetched, as far as somebody saw it.
 * @param {Record<string, any>} row
 * @param {import("./staff-language.mjs").StaffTexts["record"]} t
 */
export const timesWords = (row, t) =>
  Object.entries(t.moments)
    .filter(([moment]) => row[moment])
    .map(([moment, word]) => `${word} ${timeOf(row[moment])}`)
    .join(", ") || "—";

/**
 * So much of a lot.
 * @param {{name: any, amount: number, unit: string, lot: string, bin: number, until: string|null}} used
 * @param {import("./texts.mjs").Language} language
 * @param {import("./staff-language.mjs").StaffTexts} texts
 */
export function usedWords({ name, amount, unit, lot, bin, until }, language, { record, lots, bins }) {
  const of = `${name[language]} ${amount} ${bins.units[unit] ?? unit}`;
  const where = bin ? record.bin(bin) : record.noBin;
  return [of, lot ? record.lot(lot) : lots.unnamed, where, until && lots.until(labelWords(until))]
    .filter(Boolean)
    .join(", ");
}

/** A line for each portion. @param {any} told @param {import("./texts.mjs").Language} language */
export function cellCsv({ entries }, language) {
  const lines = [
    ["ready_at", "cell", "number", "order_id", "portion_id", "item_id", "name", "chart_revision", "until"].concat([
      "lowest_c",
      "highest_c",
      "lots",
      "outcome",
      "fetched_at",
      "reason",
      "given_back",
    ]),
  ];
  for (const row of entries)
    lines.push([
      row.ready_at,
      row.cell ?? "",
      row.number,
      row.order_id,
      row.portion_id,
      row.item_id,
      row.name[language],
      row.chart_revision,
      row.until ?? "",
      row.lowest_c ?? "",
      row.highest_c ?? "",
      row.lots.join("; "),
      row.outcome,
      row.fetched_at ?? "",
      row.reason,
      row.given_back,
    ]);
  return csvText(lines);
}
