/** The kiosk's words in both languages, and the words for codes that come from the server. */

import { ru } from "./texts.ru.mjs";

/** @typedef {typeof ru} Texts */
/** @typedef {"ru"|"en"} Language */

/** In which our own words are told to who reads `language`. @param {string} language @returns {Language} */
export const ownLanguage = (language) => (language === "ru" ? "ru" : "en");

/**
 * The first paint is Russian and needs no other words: English ones come with `learn`.
 * @type {Record<Language, Texts>}
 */
export const texts = { ru, en: ru };

/** @param {string} language whose words are to be here @throws {TypeError} the server did not give them */
export async function learn(language) {
  if (ownLanguage(language) === "en") texts.en = (await import("./texts.en.mjs")).en;
}

/**
 * A code we know has our words; a sentence of the server is shown as it is; anything else gets the general words.
 * @param {Record<string, string>} known
 * @param {string|null|undefined} reason
 * @param {string} otherwise
 */
export function reasonText(known, reason, otherwise) {
  if (!reason) return otherwise;
  if (known[reason]) return known[reason];
  return reason.includes(" ") ? reason : otherwise;
}

/**
 * Why a dish cannot be had: of one that has its hours, from when on it can.
 * @param {Texts} t
 * @param {{unavailable_reason: string|null, available_from?: {day: string, time: string}|null}} item
 */
export function whyNot(t, { unavailable_reason, available_from }) {
  if (!available_from) return reasonText(t.unavailable, unavailable_reason, t.soldOut);
  const { day, time } = available_from;
  return t.soldFrom(/** @type {Record<string, string>} */ (t.days)[day] ?? "", time);
}

/**
 * A kitchen that is being switched on is not closed.
 * @param {Texts} t
 * @param {{sales: {reason: string|null}}|null|undefined} restaurant
 */
export function pausedTitle(t, restaurant) {
  return restaurant?.sales.reason === "starting" ? t.startingTitle : t.closedTitle;
}

/**
 * Why nothing is sold: the server's own sentence, in both languages.
 * @param {Texts} t
 * @param {Language} language
 * @param {{says?: Record<Language, string>|null}|null|undefined} restaurant
 */
export function pausedText(t, language, restaurant) {
  return restaurant?.says?.[language] ?? t.pausedOther;
}

/**
 * Whether somebody is on to it: said only where the server knows that a person was reached, and nothing where none is
 * needed.
 * @param {Texts} t
 * @param {{staff_knows?: boolean|null}|null|undefined} restaurant
 */
export function staffText(t, restaurant) {
  const knows = restaurant?.staff_knows ?? null;
  return knows === null ? "" : knows ? t.staffKnows : t.staffCall;
}

/**
 * @param {Texts} t
 * @param {string} code
 * @param {string} [method] the way that was chosen: some failures have other words by another way
 * @returns {[string, string]} title and what to do next
 */
export function failureText(t, code, method) {
  const failures = /** @type {Record<string, string[]>} */ (t.failures);
  const [title, next] = failures[`${code}_${method}`] ?? failures[code] ?? t.failures.unknown;
  return [title, next];
}
