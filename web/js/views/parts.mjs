/** Small pieces that several screens share: steppers, pictures, headings that take the focus, the four steps. */

import { useLayoutEffect, useRef } from "preact/hooks";
import { html } from "../html.mjs";
import { useTexts } from "./context.mjs";

const PLATE = "/assets/images/plate.webp";

/** @param {{src: string, size: number, class?: string}} props */
export function Picture({ src, size, class: name = "" }) {
  return html`<img class=${name} src=${src} alt="" width=${size} height=${size} decoding="async" draggable=${false}
    onError=${instead} />`;
}

/**
 * A plate where a picture is not there: after a restore, say.
 * @param {Event & {currentTarget: HTMLImageElement}} event
 */
function instead({ currentTarget: picture }) {
  if (!picture.src.endsWith(PLATE)) picture.src = PLATE;
}

/**
 * A screen's heading: it takes the focus when the screen opens, so a reader starts there. With the drawing, not after
 * it: whoever has moved the focus on by then would lose the next key. @param {any} props
 */
export function Heading({ children, class: name = "" }) {
  const heading = useRef(/** @type {HTMLElement|null} */ (null));
  useLayoutEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return html`<h1 ref=${heading} tabindex="-1" class=${name}>${children}</h1>`;
}

/**
 * «−», the number and «+»; of none «+» alone. It is the same «+» all the time: the focus stays on it, and a tap builds
 * less.
 * @param {{t: import("../texts.mjs").Texts, name: string, quantity: number, less: (event: any) => void,
 *   more: () => void, atMost: boolean, full?: boolean,
 *   id?: string}} what `full`: a tap on «+» will only say why there is no more
 */
export function stepper({ t, name, quantity, less, more, atMost, full = false, id }) {
  return html`<div class=${quantity ? "stepper" : ""} role=${quantity ? "group" : undefined}
    aria-label=${quantity ? name : undefined}>
    ${
      quantity > 0 &&
      html`<button key="less" type="button" aria-label=${t.less(name)} data-testid=${id && `less-${id}`}
        onClick=${less}>−</button>`
    }
    ${quantity > 0 && html`<output key="quantity" aria-label=${t.inCart(quantity)}>${quantity}</output>`}
    <button key="more" type="button" class=${!quantity ? "add" : full ? "full" : ""}
      data-testid=${id && `${quantity ? "more" : "add"}-${id}`}
      aria-label=${quantity ? t.more(name) : t.add(name)} disabled=${atMost} onClick=${more}>+</button>
  </div>`;
}

/** @param {{now: number}} props the step that is under way, 0 to 3 */
export function Steps({ now }) {
  const { t } = useTexts();
  return html`<ol class="steps" aria-label=${t.stepsLabel}>
    ${t.steps.map((name, i) => {
      const state = i < now ? "past" : i === now ? "now" : "ahead";
      return html`<li class=${state} aria-current=${i === now ? "step" : undefined}><i aria-hidden="true"></i>
        ${name}</li>`;
    })}
  </ol>`;
}
