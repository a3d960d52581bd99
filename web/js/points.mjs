/** Points as plain numbers: how many an order takes, how many it earns. No I/O; the server's word is the last. */

/** @typedef {{accrual: number, max_share: number, consent_version: string, spend_requires_code: boolean}} Rules */

const KOPECKS = 100;
const MILLION = 1_000_000;

/**
 * At most the rules' share, and one rouble stays to be paid.
 * @param {Rules|undefined} rules
 * @param {number} amountKopecks
 * @param {number} balance
 */
export function spendable(rules, amountKopecks, balance) {
  if (!rules) return 0;
  const byShare = Math.floor((Math.round(rules.max_share * MILLION) * amountKopecks) / MILLION / KOPECKS);
  const byRest = Math.floor((amountKopecks - KOPECKS) / KOPECKS);
  return Math.max(0, Math.min(byShare, byRest, balance));
}

/** @param {Rules|undefined} rules @param {number} paidKopecks */
export function earned(rules, paidKopecks) {
  return rules ? Math.floor((Math.round(rules.accrual * MILLION) * paidKopecks) / MILLION / KOPECKS) : 0;
}

/**
 * What this customer spends on this order: as many as were chosen and the rules allow.
 * @param {import("./store.mjs").State} state
 * @param {number} amountKopecks
 */
export function pointsToSpend({ member, restaurant }, amountKopecks) {
  if (!member?.spend) return 0;
  return Math.min(
    spendable(restaurant?.points, amountKopecks, member.points ?? 0),
    member.spend,
    member.atMost ?? Infinity,
  );
}

/**
 * The next number of points up or down: in steps that lead through all of them in some taps.
 * @param {number} points
 * @param {number} most
 * @param {1|-1} way
 */
export function stepped(points, most, way) {
  const step = most <= 20 ? 1 : most <= 200 ? 10 : 50;
  return way > 0
    ? Math.min(most, (Math.floor(points / step) + 1) * step)
    : Math.max(0, (Math.ceil(points / step) - 1) * step);
}

/**
 * @typedef {{code: string, calling_code: number, least: number, most: number, shown: string}} Country its numbers as
 * the server describes them
 */

/** @type {Country[]} */
const HOME = [{ code: "RU", calling_code: 7, least: 10, most: 10, shown: "+7 ___ ___-__-__" }];

/** Whose numbers are taken. @param {{phone_countries?: Country[]}|null|undefined} restaurant */
export function countriesOf(restaurant) {
  return restaurant?.phone_countries ?? HOME;
}

/**
 * @param {{phone_countries?: Country[]}|null|undefined} restaurant
 * @param {string|undefined} code the first country where none is chosen
 */
export function countryOf(restaurant, code) {
  const countries = countriesOf(restaurant);
  return countries.find((country) => country.code === code) ?? countries[0];
}

/** `+7 916 123-45-67`, with blanks for what is not typed yet. @param {string} digits @param {Country} country */
export function phoneShown(digits, { shown }) {
  const [calling, ...rest] = shown.split(" ");
  const left = [...digits];
  return `${calling} ${rest.join(" ").replace(/_/g, () => left.shift() ?? "_")}${left.join("")}`;
}

/** Only the last two digits stay. @param {string} digits @param {Country} country */
export function phoneMasked(digits, country) {
  return phoneShown("•".repeat(Math.max(0, digits.length - 2)) + digits.slice(-2), country);
}

/** E.164. @param {string} digits @param {Country} country */
export const phoneWhole = (digits, { calling_code: calling }) => `+${calling}${digits}`;
