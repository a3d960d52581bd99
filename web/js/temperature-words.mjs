/** The temperatures of a day in words and as a table. No I/O. */

import { csvText } from "./csv.mjs";

/** What a place must keep. @param {{limit_lowest_c: number|null, limit_highest_c: number|null}} row */
export function limitWords({ limit_lowest_c: lowest, limit_highest_c: highest }) {
  if (lowest === null && highest === null) return "—";
  if (lowest === null) return `≤ ${signed(/** @type {number} */ (highest))} °C`;
  return highest === null ? `≥ ${signed(lowest)} °C` : `${signed(lowest)} … ${signed(highest)} °C`;
}

/** @param {number} n */
const signed = (n) => (n < 0 ? `−${-n}` : `${n}`);

/** A line for each place and hour. @param {any} told @param {import("./texts.mjs").Language} language */
export function csvOf({ day, places }, language) {
  const lines = [["day", "place", "name", "hour", "lowest_c", "highest_c", "limit_lowest_c", "limit_highest_c"]];
  for (const row of places)
    for (const { hour, lowest_c, highest_c } of row.hours)
      lines.push([
        day,
        row.place,
        row.name[language],
        hour,
        lowest_c,
        highest_c,
        row.limit_lowest_c ?? "",
        row.limit_highest_c ?? "",
      ]);
  return csvText(lines);
}
