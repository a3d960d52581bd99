/**
 * Turns what is written into what is said: sums and units in full and in the right form, codes and phones digit by
 * digit. No I/O.
 */

import { speechWords } from "./speech-words.mjs";

/** @typedef {import("./texts.mjs").Language} Language */

const GAP = "[\\s\\u00a0]";
/** `1 234,50`, as `money` groups it: Russian and English screens write numbers alike. */
const NUMBER = "(\\d{1,3}(?:\\u00a0\\d{3})+|\\d+)";
const SUM = new RegExp(`([+−-]?)${GAP}?${NUMBER}(?:,(\\d\\d))?${GAP}?₽`, "g");
const PHONE = /\+\d[\d\s\u00a0()_•-]{6,}/g;
const CLOCK = /(?<!\d)(\d{1,2}):(\d\d)(?![\d:])/g;
const LONG = /\d{7,}/g;

/** `4815` as «4, 8, 1, 5»; blanks that wait to be filled are left out. @param {string} text */
export function spelled(text) {
  return [...text].filter((sign) => /[\p{L}\p{N}]/u.test(sign)).join(", ");
}

/**
 * @param {string} text with the screen's signs and abbreviations
 * @param {Language} language
 */
export function spoken(text, language) {
  const words = speechWords[language];
  const said = text
    .replace(PHONE, (phone) => phoneInWords(phone, language))
    .replace(SUM, (_, sign, roubles, kopecks) => sumInWords(sign, roubles, kopecks, language))
    .replace(CLOCK, (_, minutes, seconds) => timeInWords(Number(minutes), Number(seconds), language));
  return units(said, language)
    .replace(/(\d+) × /g, (_, n) => `${words.portions(Number(n))} `)
    .replace(/(\d+)–(\d+)/g, (_, from, to) => words.upTo(from, to))
    .replace(LONG, spelled)
    .replaceAll("≈", words.about)
    .replaceAll("№", words.number)
    .replaceAll(" = ", ` ${words.equals} `)
    .replaceAll("₽", words.rouble)
    .replace(/[_→✓←⌫]|^\+ (?=\p{L})/gu, " ")
    .replace(/\s*·\s*/g, ", ")
    .replace(/[\s\u00a0]+/g, " ")
    .trim();
}

/** @param {string} sign @param {string} roubles @param {string|undefined} kopecks @param {Language} language */
function sumInWords(sign, roubles, kopecks, language) {
  const words = speechWords[language];
  const whole = Number(roubles.replaceAll("\u00a0", ""));
  const before = sign === "+" ? `${words.plus} ` : sign ? `${words.minus} ` : "";
  const rest = Number(kopecks ?? 0);
  return ` ${before}${whole} ${words.units["₽"](whole)}${rest ? ` ${rest} ${words.kopecks(rest)}` : ""}`;
}

/** @param {number} minutes @param {number} seconds @param {Language} language */
function timeInWords(minutes, seconds, language) {
  const { units } = speechWords[language];
  const [ofMinutes, ofSeconds] = language === "ru" ? [units["мин"], units["с"]] : [units.min, units.s];
  return [
    minutes > 0 && `${minutes} ${ofMinutes(minutes)}`,
    (seconds > 0 || !minutes) && `${seconds} ${ofSeconds(seconds)}`,
  ]
    .filter(Boolean)
    .join(" ");
}

/** A number, whole or being typed; of a masked one only its end. @param {string} phone @param {Language} language */
function phoneInWords(phone, language) {
  const words = speechWords[language];
  const after = /\s$/.test(phone) ? " " : "";
  if (phone.includes("•")) return words.endsWith(spelled(/\d+\s*$/.exec(phone)?.[0] ?? "")) + after;
  return `${words.plus} ${spelled(phone)}${after}`;
}

/** «350 г» as «350 граммов». @param {string} text @param {Language} language */
function units(text, language) {
  const { units: known } = speechWords[language];
  const names = Object.keys(known)
    .map((name) => name.replace(".", "\\."))
    .join("|");
  const one = new RegExp(`(\\d+(?:[.,]\\d+)?)${GAP}?(${names})(?![\\p{L}])`, "gu");
  return text.replace(one, (_, n, name) => `${n} ${known[name](Number(n.replace(",", ".")))}`);
}
