/** Another PIN of one's own: by who knows the present one, and signs in with the new one afterwards. */

import { useState } from "preact/hooks";
import { html } from "./html.mjs";
import { useWho } from "./staff.mjs";
import { useWords } from "./staff-language.mjs";

const PIN = "[0-9]{6,12}";

/** @param {{act: import("./desk-parts.mjs").Act}} props */
export function OwnPin({ act }) {
  const t = useWords().t.ownPin;
  const { t: texts } = useWords();
  const { person_id } = useWho();
  const [open, setOpen] = useState(false);
  const [pin, setPin] = useState("");
  const [next, setNext] = useState("");
  if (person_id === null) return null;
  if (!open)
    return html`<button type="button" class="quiet" data-testid="own-pin"
      onClick=${() => setOpen(true)}>${t.go}</button>`;
  const close = () => {
    setOpen(false);
    setPin("");
    setNext("");
  };
  const done = (/** @type {Event} */ event) => {
    event.preventDefault();
    close();
    void act(t.go, "session/pin", { pin, new_pin: next });
  };
  /** @param {string} id @param {string} label @param {string} value @param {(text: string) => void} set */
  const field = (id, label, value, set) => html`<label>${label}<input required class="masked" inputmode="numeric"
      autocomplete="off" maxlength="12" pattern=${PIN} value=${value} data-testid=${id}
      onInput=${(/** @type {any} */ event) => set(event.target.value)} /></label>`;
  return html`<form class="asked" onSubmit=${done}>
    ${field("own-pin-now", t.now, pin, setPin)}${field("own-pin-next", t.next, next, setNext)}
    <button data-testid="own-pin-sure">${t.sure}</button>
    <button type="button" class="quiet" data-testid="own-pin-no" onClick=${close}>${texts.no}</button></form>`;
}
