/** When something is due at a station, in words; and who did what, as a table. No I/O. */

import { csvText } from "./csv.mjs";

const MINUTE_S = 60;
const HOUR_S = 3600;

/**
 * Whichever comes first.
 * @param {{state: string, left_s: number|null, work_left_s: number|null}} row
 * @param {import("./staff-language.mjs").StaffTexts["upkeep"]} t
 */
export function upkeepWords({ state, left_s, work_left_s }, t) {
  if (state === "due") return t.due;
  const ofWork = left_s === null || (work_left_s !== null && work_left_s < left_s);
  const seconds = (ofWork ? work_left_s : left_s) ?? 0;
  const words =
    seconds < HOUR_S ? t.minutes(Math.max(1, Math.floor(seconds / MINUTE_S))) : t.hours(Math.floor(seconds / HOUR_S));
  return ofWork ? t.ofWork(words) : t.in(words);
}

/** A line for each time. @param {any} told @param {import("./texts.mjs").Language} language */
export function upkeepCsv({ records }, language) {
  const lines = [["at", "upkeep", "station", "name", "actor", "note"]];
  for (const row of records)
    lines.push([
      row.at,
      row.upkeep_id,
      row.station_name?.[language] ?? "",
      row.name?.[language] ?? "",
      row.actor,
      row.note,
    ]);
  return csvText(lines);
}
