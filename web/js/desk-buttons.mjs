/** Buttons that ask before they act. */

import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "./html.mjs";
import { useWords } from "./staff-language.mjs";

/**
 * A tap opens the field that it needs. `pin`: the form of a PIN, whose digits nobody sees.
 * @param {{words: string, label: string, id: string, sure: string, go: (text: string) => void, digits?: boolean,
 *   pin?: string}} props
 */
export function Asked({ words, label, id, sure, go, digits = false, pin = "" }) {
  const [open, setOpen] = useState(false);
  const { t } = useWords();
  const [text, setText] = useState("");
  const field = useRef(/** @type {HTMLInputElement|null} */ (null));
  useEffect(() => {
    if (open) field.current?.focus();
  }, [open]);
  if (!open)
    return html`<button type="button" class="quiet" data-testid=${id} onClick=${() => setOpen(true)}>${words}</button>`;
  const done = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!text.trim()) return;
    setOpen(false);
    setText("");
    go(text.trim());
  };
  return html`<form class="asked" onSubmit=${done}><label>${label}<input ref=${field} required maxlength="200"
        autocomplete="off" inputmode=${digits || pin ? "numeric" : "text"} class=${pin ? "masked" : ""}
        pattern=${pin || (digits ? "[0-9]+" : undefined)}
        value=${text}
        data-testid=${`${id}-text`} onInput=${(/** @type {any} */ e) => setText(e.target.value)} /></label>
    <button data-testid=${`${id}-sure`}>${sure}</button><button type="button" class="quiet" data-testid=${`${id}-no`}
      onClick=${() => setOpen(false)}>${t.no}</button></form>`;
}

/**
 * Two taps: the second one says what it does.
 * @param {{words: string, sure: string, id: string, go: () => void, quiet?: boolean, disabled?: boolean}} props
 */
export function Twice({ words, sure, id, go, quiet = false, disabled = false }) {
  const { t } = useWords();
  const [asked, setAsked] = useState(false);
  if (!asked)
    return html`<button type="button" class=${quiet ? "quiet" : ""} data-testid=${id} disabled=${disabled}
      onClick=${() => setAsked(true)}>${words}</button>`;
  return html`<span class="twice"><button type="button" data-testid=${`${id}-sure`} onClick=${() => {
    setAsked(false);
    go();
  }}>${sure}</button>
    <button type="button" class="quiet" data-testid=${`${id}-no`} onClick=${() => setAsked(false)}>
      ${t.no}</button></span>`;
}
