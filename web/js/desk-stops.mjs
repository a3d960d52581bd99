/** What is taken off sale, and for how long: until somebody puts it back, or until a time. */

import { html } from "./html.mjs";
import { useWho } from "./staff.mjs";
import { useWords } from "./staff-language.mjs";
import { endOf, SPANS } from "./stop-spans.mjs";

/**
 * @param {{dishes: any[], until: string, setUntil: (until: string) => void, act: import("./desk-parts.mjs").Act}} props
 */
export function StopList({ dishes, until, setUntil, act }) {
  const t = useWords().t.stopList;
  const { may } = useWho();
  const flip = (/** @type {any} */ { item_id, name, stopped }) =>
    act(stopped ? t.resumeAct(name) : t.stopAct(name), "stop-list", {
      item_id,
      ...(stopped ? { stopped: false } : { until: endOf(until, new Date()) }),
    });
  if (!may("POST /api/service/stop-list")) return null;
  return html`<section class="card"><h2>${t.title}</h2>
    <div class="chips" role="radiogroup" aria-label=${t.until}>${t.until}: ${SPANS.map(
      (span) => html`<button type="button" key=${span} class=${span === until ? "" : "quiet"} role="radio"
        aria-checked=${span === until} data-testid=${`until-${span}`} onClick=${() => setUntil(span)}>
        ${t.spans[span]}</button>`,
    )}</div>
    <ul class="chips">${dishes.map(
      (dish) => html`<li key=${dish.item_id}>
        <button type="button" class=${dish.stopped ? "" : "quiet"} role="switch" aria-checked=${dish.stopped}
          data-testid=${`stop-${dish.item_id}`} onClick=${() => flip(dish)}>
          ${dish.stopped ? "✕ " : ""}${dish.name}${dish.until && ` · ${t.till(timeOf(dish.until))}`}</button></li>`,
    )}</ul></section>`;
}

/** @param {string} at */
const timeOf = (at) =>
  new Date(at).toLocaleString("ru-RU", { day: "2-digit", month: "2-digit", hour: "2-digit", minute: "2-digit" });
