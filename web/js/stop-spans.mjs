/** For how long something is taken off sale. No I/O. */

const MINUTE_MS = 60_000;
/** By the words of the page: minutes, `day` (its end), or nothing for good. */
export const SPANS = ["good", "30", "60", "120", "240", "day"];

/**
 * The moment a stop ends, as the server reads it.
 * @param {string} span
 * @param {Date} now
 * @returns {string|null} null: for good
 */
export function endOf(span, now) {
  if (span === "good") return null;
  const end = span === "day" ? new Date(now) : new Date(now.getTime() + Number(span) * MINUTE_MS);
  if (span === "day") end.setHours(24, 0, 0, 0);
  return end.toISOString();
}
