/** Lots in words and their journal as a table. No I/O. */

import { csvText } from "./csv.mjs";

const MINUTE_S = 60;
const HOUR_S = 3600;
const DAY_S = 86_400;

/**
 * How long a lot may still be used, in the unit that says enough.
 * @param {number|null} left_s
 * @param {import("./staff-language.mjs").StaffTexts["lots"]} t
 */
export function leftWords(left_s, t) {
  if (left_s === null) return t.noExpiry;
  if (left_s <= 0) return t.over;
  if (left_s < HOUR_S) return t.minutes(Math.floor(left_s / MINUTE_S));
  return left_s < 2 * DAY_S ? t.hours(Math.floor(left_s / HOUR_S)) : t.days(Math.floor(left_s / DAY_S));
}

/** As a package says it: `2033-05-06`, with a time where it is not the end of that day. @param {string|null} until */
export function labelWords(until) {
  if (until === null) return "";
  const [day, time] = until.split(" ");
  return [day.split("-").reverse().join("."), time].filter(Boolean).join(" ");
}

/** A line for each entry. @param {any} told @param {import("./texts.mjs").Language} language */
export function lotCsv({ entries }, language) {
  const lines = [["at", "kind", "lot", "bin", "name", "amount", "unit", "until", "actor", "reason"]];
  for (const row of entries)
    lines.push([
      row.at,
      row.kind,
      row.lot,
      row.bin ?? "",
      row.name?.[language] ?? "",
      row.amount ?? "",
      row.unit,
      row.until ?? "",
      row.actor,
      row.reason,
    ]);
  return csvText(lines);
}
