/** The screen that waits for a customer, and the one that says why there is nothing to wait for. */

import { useEffect, useState } from "preact/hooks";
import { minutes } from "../format.mjs";
import { html } from "../html.mjs";
import { pausedText, pausedTitle, staffText } from "../texts.mjs";
import { useKiosk } from "./context.mjs";
import { Picture } from "./parts.mjs";

const DISHES = ["ramen", "curry", "shrimp", "salad", "cake", "fries"];

const SLIDE_MS = 7_000;

/** The slides take turns; who asked for less motion sees the first one only. @param {number} count */
function useSlide(count) {
  const [slide, setSlide] = useState(0);
  useEffect(() => {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return undefined;
    const timer = setInterval(() => setSlide((shown) => (shown + 1) % count), SLIDE_MS);
    return () => clearInterval(timer);
  }, [count]);
  return slide;
}

export function Attract() {
  const { state, actions, t } = useKiosk();
  const { restaurant } = state;
  const slides = t.slides(Math.round((restaurant?.points?.accrual ?? 0) * 100));
  const [title, lead] = slides[useSlide(slides.length)];
  if (restaurant && !restaurant.sales.open) return html`<${Closed} />`;
  return html`<main class="attract">
    <h1 class="unseen">${t.attractTitle}</h1>
    <button type="button" class="attract-tap" data-testid="attract" onClick=${actions.start}>
      <span class="orbit" aria-hidden="true">
        ${DISHES.map(
          (name, i) => html`<span class=${`orbit-dish at-${i}`}>
            <${Picture} src=${`/assets/images/${name}.webp`} size=${190} /></span>`,
        )}
        <${Picture} class="orbit-robot" src="/assets/images/robot.webp" size=${420} />
      </span>
      <span class="attract-title">${title}</span>
      <span class="lead">${lead}</span>
      <span class=${restaurant ? "wait" : "wait unknown"} data-testid="wait">
        ${restaurant?.wait_s > 0 ? t.attractWait(minutes(restaurant.wait_s)) : t.noQueue}</span>
      <span class="go attract-go">${t.attractTap}</span>
    </button>
    <${Doors} />
  </main>`;
}

/** What a passer-by may want without ordering; open also while nothing is sold. */
function Doors() {
  const { actions, t } = useKiosk();
  return html`<div class="doors"><button type="button" class="chip" data-testid="my-order" onClick=${actions.openTrack}>
      ${t.myOrder}</button>
    <button type="button" class="chip" data-testid="about" onClick=${() => actions.open("seller")}>
      ${t.aboutSeller}</button></div>`;
}

export function Closed() {
  const { state, t } = useKiosk();
  const reason = pausedText(t, state.language, state.restaurant);
  const staff = staffText(t, state.restaurant);
  const starting = state.restaurant?.sales.reason === "starting";
  return html`<main class="sheet closed" data-testid="closed">
    <${Picture} class="hero" src=${`/assets/images/${starting ? "robot" : "moon"}.webp`} size=${300} />
    <h1>${pausedTitle(t, state.restaurant)}</h1>
    <p class="lead" role="status">${reason}</p>
    ${staff && html`<p class="lead" role="status" data-testid="staff-knows">${staff}</p>`}
    ${starting ? null : html`<p class="note wait-note">${t.closedAgain}</p>`}
    <${Doors} />
  </main>`;
}
