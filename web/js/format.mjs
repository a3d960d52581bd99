/** Turns numbers into what a customer reads: sums, minutes, plural forms. */

// Both languages write sums alike: a receipt is in roubles, and the page and the paper are compared.
const ROUBLES = new Intl.NumberFormat("ru-RU", {
  style: "currency",
  currency: "RUB",
  minimumFractionDigits: 2,
  trailingZeroDisplay: "stripIfInteger",
});
const DECIMAL = new Intl.NumberFormat("ru-RU", { useGrouping: false });
const TENTHS = new Intl.NumberFormat("ru-RU", {
  useGrouping: false,
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});
const WHOLE = new Intl.NumberFormat("ru-RU", { maximumFractionDigits: 0 });
const SHARE = new Intl.NumberFormat("ru-RU", {
  style: "percent",
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});
const RULES = { ru: new Intl.PluralRules("ru"), en: new Intl.PluralRules("en") };

/**
 * `1 234,50 ₽`; whole roubles carry no kopecks.
 * @param {number} kopecks
 * @returns {string}
 */
export function money(kopecks) {
  return `${kopecks < 0 ? "−" : ""}${ROUBLES.format(Math.abs(kopecks) / 100)}`;
}

/** `12,5` @param {number} n */
export const decimal = (n) => DECIMAL.format(n);

/** `12,0` @param {number} n */
export const tenths = (n) => TENTHS.format(n);

/** `1 234 567` @param {number} n */
export const whole = (n) => WHOLE.format(n);

/** `12,3 %` @param {number} part 0…1 */
export const share = (part) => SHARE.format(part);

/**
 * Whole minutes, rounded up: a promise is better kept early.
 * @param {number} seconds
 */
export function minutes(seconds) {
  return Math.max(1, Math.ceil(seconds / 60));
}

/**
 * A fraction takes the form of «2»: 2,5 грамма.
 * @param {number} n
 * @param {[string, string, string]} forms one, few, many
 */
export function pluralRu(n, [one, few, many]) {
  const form = RULES.ru.select(n);
  return form === "one" ? one : form === "many" ? many : few;
}

/**
 * @param {number} n
 * @param {[string, string]} forms
 */
export function pluralEn(n, [one, many]) {
  return RULES.en.select(n) === "one" ? one : many;
}

/**
 * `0:54`
 * @param {number} seconds
 */
export function clock(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
