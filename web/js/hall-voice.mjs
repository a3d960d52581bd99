/** The hall board says aloud which order nobody has fetched: after its chime, in both languages, one after another. */

import { chime } from "./chime.mjs";
import { canSpeak } from "./views/tools.mjs";
import { createVoice } from "./voice.mjs";

const AFTER_CHIME_MS = 2_500;

/** @typedef {{number: string, cells: number[]}} Call */

/** Letters and digits apart: no voice reads «A07» as people do. @param {string} number */
const spelled = (number) => number.split("").join(" ");

/** @param {Call} call @returns {[string, import("./texts.mjs").Language][]} */
export function wordsOf({ number, cells }) {
  const many = cells.length > 1;
  const where = cells.join(", ");
  return [
    [`Заказ ${spelled(number)} ждёт вас, ${many ? "ячейки" : "ячейка"} ${where}.`, "ru"],
    [`Order ${spelled(number)} is waiting for you, ${many ? "cells" : "cell"} ${where}.`, "en"],
  ];
}

/**
 * Of all entries those are said that were not said before.
 * @returns {(entries: import("./board.mjs").Entry[]) => void}
 */
export function createHallVoice() {
  /** @type {Set<string>} */
  const said = new Set();
  /** @type {[string, import("./texts.mjs").Language][]} */
  const waiting = [];
  let busy = false;
  const voice = canSpeak() ? createVoice() : null;

  function next() {
    const phrase = waiting.shift();
    busy = phrase !== undefined;
    if (phrase) voice?.say(...phrase, next);
  }

  return (entries) => {
    const name = (/** @type {import("./board.mjs").Entry} */ e) => `${e.number} ${e.remindedAt}`;
    const calls = entries.filter((e) => e.remindedAt && !said.has(name(e)));
    if (!calls.length) return;
    for (const call of calls) said.add(name(call));
    chime();
    if (voice === null) return;
    waiting.push(...calls.flatMap(wordsOf));
    if (!busy) {
      busy = true;
      setTimeout(next, AFTER_CHIME_MS);
    }
  };
}
