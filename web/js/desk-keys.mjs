/**
 * Letters and digits for the staff's fields on a touch panel, which has no keyboard of the system's; a real one types
 * as ever.
 */

import { useEffect, useState } from "preact/hooks";
import { html } from "./html.mjs";
import { useWords } from "./staff-language.mjs";

const DIGITS = "1234567890";
const ROWS = {
  ru: ["йцукенгшщзхъ", "фывапролджэё", "ячсмитьбю"],
  en: ["qwertyuiop", "asdfghjkl", "zxcvbnm"],
};
const TEXT = "input:not([type]), input[type=text], input[type=search], textarea";

/** @typedef {HTMLInputElement|HTMLTextAreaElement} TextField */

/** @param {EventTarget|null} target @returns {target is TextField} */
const isText = (target) => target instanceof HTMLElement && target.matches(TEXT);

/** The field that a finger has just gone into; a mouse comes with a keyboard. @returns {TextField|null} */
function useTouchedField() {
  const [field, setField] = useState(/** @type {TextField|null} */ (null));
  useEffect(() => {
    let touched = /** @type {EventTarget|null} */ (null);
    const pointed = (/** @type {PointerEvent} */ event) => {
      touched = event.pointerType === "touch" ? event.target : null;
      if (touched === document.activeElement) entered(event); // it had the focus already, its keys were put away
    };
    const entered = (/** @type {Event} */ { target }) => setField(touched === target && isText(target) ? target : null);
    const left = (/** @type {FocusEvent} */ { relatedTarget }) => {
      if (!relatedTarget) setField(null);
    };
    addEventListener("pointerdown", pointed, true);
    addEventListener("focusin", entered);
    addEventListener("focusout", left);
    return () => {
      removeEventListener("pointerdown", pointed, true);
      removeEventListener("focusin", entered);
      removeEventListener("focusout", left);
    };
  }, []);
  useEffect(() => field?.scrollIntoView({ block: "center" }), [field]);
  return field;
}

/**
 * What is typed goes where the caret stands, and the field's own page hears of it.
 * @param {TextField} field
 * @param {string} text "" erases
 */
function type(field, text) {
  const from = field.selectionStart ?? field.value.length;
  const to = field.selectionEnd ?? from;
  const start = text || from < to ? from : Math.max(0, from - 1);
  if (text && field.maxLength >= 0 && field.value.length - (to - start) >= field.maxLength) return;
  field.setRangeText(text, start, to, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

export function DeskKeys() {
  const { t } = useWords();
  const field = useTouchedField();
  const [alphabet, setAlphabet] = useState(/** @type {"ru"|"en"} */ ("ru"));
  const [capital, setCapital] = useState(false);
  if (!field) return null;
  const press = (/** @type {string} */ letter) => {
    type(field, capital ? letter.toUpperCase() : letter);
    setCapital(false);
  };
  const letters = (/** @type {string} */ row) =>
    [...row].map(
      (letter) =>
        html`<${Key} key=${letter} id=${letter} word=${capital ? letter.toUpperCase() : letter}
          go=${() => press(letter)} />`,
    );
  const [first, second, third] = ROWS[alphabet];
  return html`<div class="desk-keys-room"></div><section class="desk-keys" aria-label=${t.keys.keyboard}
    data-testid="desk-keys">
    <div>${letters(DIGITS)}<${Key} id="erase" word="⌫" name=${t.keys.erase} wide go=${() => type(field, "")} /></div>
    <div>${letters(first)}</div><div>${letters(second)}</div>
    <div><${Key} id="shift" word="⇧" name=${t.keys.capital} on=${capital} go=${() => setCapital(!capital)} />
      ${letters(third)}</div>
    <div><${Key} id="alphabet" word=${alphabet === "ru" ? "ABC" : "АБВ"} wide
        go=${() => setAlphabet(alphabet === "ru" ? "en" : "ru")} />
      ${letters("-:@")}<${Key} id="space" word=${t.keys.space} long go=${() => type(field, " ")} />${letters(".,")}
      <${Key} id="done" word=${t.keys.done} wide go=${() => field.blur()} /></div>
  </section>`;
}

/**
 * The field keeps the focus: a key never takes it.
 * @param {{id: string, word: string, go: () => void, name?: string, wide?: boolean, long?: boolean,
 *   on?: boolean}} props
 */
function Key({ id, word, go, name, wide = false, long = false, on }) {
  const kind = ["quiet", wide && "wide", long && "long"].filter(Boolean).join(" ");
  return html`<button type="button" class=${kind} tabindex="-1" aria-label=${name} aria-pressed=${on}
    data-testid=${`key-${id}`} onPointerDown=${(/** @type {Event} */ event) => event.preventDefault()}
    onMouseDown=${(/** @type {Event} */ event) => event.preventDefault()} onClick=${go}>${word}</button>`;
}
