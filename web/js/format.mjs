/** Turns numbers into what a customer reads: sums, minutes, plural forms. */

const NBSP = "\u00a0";

/**
 * `1 234,50 ₽`; whole roubles carry no kopecks.
 * @param {number} kopecks
 * @returns {string}
 */
export function money(kopecks) {
  const sign = kopecks < 0 ? "−" : "";
  const roubles = Math.floor(Math.abs(kopecks) / 100);
  const rest = Math.abs(kopecks) % 100;
  const grouped = String(roubles).replace(/\B(?=(\d{3})+$)/g, NBSP);
  return `${sign}${grouped}${rest ? `,${String(rest).padStart(2, "0")}` : ""}${NBSP}₽`;
}

/**
 * Whole minutes, rounded up: a promise is better kept early.
 * @param {number} seconds
 */
export function minutes(seconds) {
  return Math.max(1, Math.ceil(seconds / 60));
}

/**
 * @param {number} n
 * @param {[string, string, string]} forms one, few, many
 */
export function pluralRu(n, [one, few, many]) {
  const tens = n % 100;
  const units = n % 10;
  if (tens >= 11 && tens <= 14) return many;
  if (units === 1) return one;
  return units >= 2 && units <= 4 ? few : many;
}

/**
 * @param {number} n
 * @param {[string, string]} forms
 */
export function pluralEn(n, [one, many]) {
  return n === 1 ? one : many;
}

/**
 * `0:54`
 * @param {number} seconds
 */
export function clock(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
