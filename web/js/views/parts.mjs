/** Small pieces that several screens share: steppers, pictures, headings that take the focus, the four steps. */

import { useEffect, useRef } from "preact/hooks";
import { html } from "../html.mjs";
import { useTexts } from "./context.mjs";

/** @param {{src: string, size: number, class?: string}} props */
export function Picture({ src, size, class: name = "" }) {
  return html`<img class=${name} src=${src} alt="" width=${size} height=${size} decoding="async" draggable=${false} />`;
}

/** A screen's heading: it takes the focus when the screen opens, so a reader starts there. @param {any} props */
export function Heading({ children, class: name = "" }) {
  const heading = useRef(/** @type {HTMLElement|null} */ (null));
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return html`<h1 ref=${heading} tabindex="-1" class=${name}>${children}</h1>`;
}

/** @param {{name: string, quantity: number, less: () => void, more: () => void, atMost: boolean, id?: string}} props */
export function Stepper({ name, quantity, less, more, atMost, id }) {
  const { t } = useTexts();
  return html`<div class="stepper" role="group" aria-label=${name}>
    <button type="button" aria-label=${t.less(name)} data-testid=${id && `less-${id}`} onClick=${less}>−</button>
    <output aria-label=${t.inCart(quantity)}>${quantity}</output>
    <button type="button" aria-label=${t.more(name)} data-testid=${id && `more-${id}`} disabled=${atMost} onClick=${more}>+</button>
  </div>`;
}

/** @param {{now: number}} props the step that is under way, 0 to 3 */
export function Steps({ now }) {
  const { t } = useTexts();
  return html`<ol class="steps" aria-label=${t.stepsLabel}>
    ${t.steps.map((name, i) => {
      const state = i < now ? "past" : i === now ? "now" : "ahead";
      return html`<li class=${state} aria-current=${i === now ? "step" : undefined}><i aria-hidden="true"></i>${name}</li>`;
    })}
  </ol>`;
}
