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
 * What this customer spends on this order: nothing unless the switch is on.
 * @param {import("./store.mjs").State} state
 * @param {number} amountKopecks
 */
export function pointsToSpend({ member, restaurant }, amountKopecks) {
  if (!member?.spend) return 0;
  return Math.min(spendable(restaurant?.points, amountKopecks, member.points ?? 0), member.atMost ?? Infinity);
}

/** `+7 (916) 123-45-67`, with blanks for what is not typed yet. @param {string} digits ten of them when whole */
export function phoneShown(digits) {
  const d = digits.padEnd(10, "_");
  return `+7 (${d.slice(0, 3)}) ${d.slice(3, 6)}-${d.slice(6, 8)}-${d.slice(8, 10)}`;
}

/** Only the last two digits stay. @param {string} digits */
export function phoneMasked(digits) {
  return `+7 ••• •••-••-${digits.slice(-2)}`;
}
