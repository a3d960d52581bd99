/** Our own keys: a numpad, an alphabet. The kiosk has no system keyboard; a plugged-in one types the same. */

import { useLayoutEffect, useState } from "preact/hooks";
import { html } from "../html.mjs";
import { useKiosk } from "./context.mjs";

const DIGITS = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];
const ROWS = {
  ru: ["йцукенгшщзх", "фывапролджэ", "ячсмитьбю", "ёъ"], // what two rows of eleven leave stands beside the space
  en: ["qwertyuiop", "asdfghjkl", "zxcvbnm", ""],
};
const MAIL_ROWS = ["1234567890", ...ROWS.en.slice(0, 3)];
const MAIL_ENDS = ["@yandex.ru", "@mail.ru", "@gmail.com"];

/**
 * Letters and digits of a plugged-in keyboard or keypad; whatever has the focus keeps its own keys.
 * @param {(key: string) => void} press @param {() => void} erase @param {RegExp} allowed
 */
export function useTyping(press, erase, allowed) {
  useLayoutEffect(() => {
    // with the drawing: a key between two frames must not meet the keys of the last one
    const typed = (/** @type {KeyboardEvent} */ event) => {
      if (
        event.ctrlKey ||
        event.altKey ||
        event.metaKey ||
        (event.key === " " && document.activeElement instanceof HTMLButtonElement)
      )
        return;
      if (event.key === "Backspace") erase();
      else if (event.key.length === 1 && allowed.test(event.key)) press(event.key.toLowerCase());
    };
    addEventListener("keydown", typed);
    return () => removeEventListener("keydown", typed);
  });
}

/** @param {{press: (key: string) => void, erase: () => void, extra?: string[]}} props */
export function Numpad({ press, erase, extra = [] }) {
  const { t } = useKiosk();
  useTyping(press, erase, /[0-9]/);
  const key = (/** @type {string} */ word) =>
    html`<button type="button" key=${word} class="key" data-testid=${`key-${word}`} onClick=${() => press(word)}>
      ${word}</button>`;
  return html`<div class="numpad" role="group" aria-label=${t.keyboard}>
    ${DIGITS.map(key)}${extra.length ? extra.map(key) : html`<span></span>`}${key("0")}
    <button type="button" class="key soft" data-testid="key-erase" aria-label=${t.erase} onClick=${erase}>⌫</button>
  </div>`;
}

/**
 * Letters of both alphabets for the search.
 * @param {{press: (key: string) => void, erase: () => void, done: () => void}} props
 */
export function Alphabet({ press, erase, done }) {
  const { state, t } = useKiosk();
  const [alphabet, setAlphabet] = useState(/** @type {"ru"|"en"} */ (state.language));
  useTyping(press, erase, /[\p{L}\p{N} ]/u);
  const [first, second, third, rest] = ROWS[alphabet];
  return html`<section class="alphabet" aria-label=${t.keyboard}>
    <${Row} keys=${first} press=${press} /><${Row} keys=${second} press=${press} />
    <div class="key-row"><${Letters} keys=${third} press=${press} /><${Erase} erase=${erase} /></div>
    <div class="key-row"><button type="button" class="key soft wide" data-testid="key-alphabet"
        onClick=${() => setAlphabet(alphabet === "ru" ? "en" : "ru")}>${alphabet === "ru" ? "ABC" : "АБВ"}</button>
      <${Letters} keys=${rest} press=${press} />
      <button type="button" class="key long" data-testid="key-space" onClick=${() => press(" ")}>${t.space}</button>
      <button type="button" class="key wide strong" data-testid="search-done" onClick=${done}>${t.done}</button></div>
  </section>`;
}

/** @param {{press: (key: string) => void, erase: () => void}} props */
export function MailKeys({ press, erase }) {
  const { t } = useKiosk();
  useTyping(press, erase, /[a-z0-9@._+-]/i);
  const [digits, first, second, third] = MAIL_ROWS;
  return html`<section class="alphabet" aria-label=${t.keyboard}>
    <${Row} keys=${digits} press=${press} /><${Row} keys=${first} press=${press} />
    <${Row} keys=${`${second}@`} press=${press} />
    <div class="key-row"><${Letters} keys=${`${third}.`} press=${press} /><${Erase} erase=${erase} /></div>
    <div class="key-row"><${Letters} keys="-_" press=${press} />
      ${MAIL_ENDS.map(
        (end) => html`<button type="button" key=${end} class="key soft long" data-testid=${`key-${end}`}
          onClick=${() => press(end)}>${end}</button>`,
      )}</div>
  </section>`;
}

/** @param {{keys: string, press: (key: string) => void}} props */
function Row({ keys, press }) {
  return html`<div class="key-row"><${Letters} keys=${keys} press=${press} /></div>`;
}

/** @param {{keys: string, press: (key: string) => void}} props */
function Letters({ keys, press }) {
  return [...keys].map(
    (letter) =>
      html`<button type="button" key=${letter} class="key" data-testid=${`key-${letter}`}
        onClick=${() => press(letter)}>${letter}</button>`,
  );
}

/** @param {{erase: () => void}} props */
function Erase({ erase }) {
  const { t } = useKiosk();
  return html`<button type="button" class="key soft wide" data-testid="key-erase" aria-label=${t.erase}
    onClick=${erase}>⌫</button>`;
}
