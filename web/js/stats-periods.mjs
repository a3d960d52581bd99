/** The periods a manager looks at, by the restaurant's own day; all days are texts as `2026-11-22`. No I/O. */

const DAY_MS = 86_400_000;

/** @param {string} day @param {number} days */
export const later = (day, days) => new Date(Date.parse(`${day}T00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);

/** How many days of its week have passed: 0 on Monday. @param {string} day */
const sinceMonday = (day) => (new Date(`${day}T00:00Z`).getUTCDay() + 6) % 7;

/** @typedef {"today"|"yesterday"|"week"|"last_week"|"month"|"last_month"} Preset */

/** @type {readonly Preset[]} */
export const PRESETS = ["today", "yesterday", "week", "last_week", "month", "last_month"];

/** @param {Preset} preset @param {string} today @returns {{from: string, to: string}} */
export function periodOf(preset, today) {
  const monday = later(today, -sinceMonday(today));
  const first = `${today.slice(0, 8)}01`;
  const before = later(first, -1);
  return {
    today: { from: today, to: today },
    yesterday: { from: later(today, -1), to: later(today, -1) },
    week: { from: monday, to: today },
    last_week: { from: later(monday, -7), to: later(monday, -1) },
    month: { from: first, to: today },
    last_month: { from: `${before.slice(0, 8)}01`, to: before },
  }[preset];
}

/** The change against before in per cent, null where that was nought or is not known.
 * @param {number} value @param {number|undefined|null} before */
export const changeOf = (value, before) => (before ? (100 * (value - before)) / before : null);

/** `22.11.2026` @param {string} day */
export const dayOf = (day) => day.split("-").reverse().join(".");
