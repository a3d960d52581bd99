/**
 * Money back at the desk, on the card of an order: what of it, how much that is, why; then twice yes.
 */

import { useRef, useState } from "preact/hooks";
import { Twice } from "./desk-buttons.mjs";
import { money } from "./format.mjs";
import { html } from "./html.mjs";
import { useWords } from "./staff-language.mjs";

/**
 * @typedef {{order_id: string, number: string, amount_kopecks: number, items: {item_id: string, name: string,
 *   left: number}[]}} Estimate
 * @typedef {(path: string, body: unknown) => Promise<{ok: boolean, status: number, body: any}>} Ask
 */

/** @param {{order: string, ask: Ask, act: import("./desk-parts.mjs").Act}} props `order`: its id */
export function Refund({ order, ask, act }) {
  const { t } = useWords();
  const [found, setFound] = useState(/** @type {Estimate|null} */ (null));
  const [counts, setCounts] = useState(/** @type {Record<string, number>} */ ({}));
  const [trouble, setTrouble] = useState("");
  const [reason, setReason] = useState("");
  const [asking, setAsking] = useState(false);
  const turn = useRef(0); // of the newest question: an older one's answer says nothing any more
  const wish = useRef(/** @type {Record<string, number>} */ ({})); // chosen by the last tap, also before it is drawn
  const told = useRef(/** @type {Record<string, number>} */ ({})); // what the sum in sight is for
  const choose = (/** @type {Record<string, number>} */ next) => {
    wish.current = next;
    setCounts(next);
  };
  const settle = () => {
    turn.current += 1;
    setAsking(false);
  };
  const forget = () => {
    settle();
    setFound(null);
    choose({});
    setReason("");
  };

  /** @param {Record<string, number>|null} chosen null: all of it */
  const estimate = async (chosen) => {
    settle();
    const mine = turn.current;
    setAsking(true);
    const answer = await ask(`orders/${order}/refund/estimate`, bodyOf(chosen, found));
    if (mine !== turn.current) return;
    setAsking(false);
    setTrouble(answer.ok ? "" : troubleOf(answer, t));
    if (!answer.ok) return chosen ? choose(told.current) : forget();
    setFound(answer.body);
    told.current =
      chosen ?? Object.fromEntries(answer.body.items.map((/** @type {any} */ item) => [item.item_id, item.left]));
    choose(told.current);
  };
  const begin = () => {
    forget();
    void estimate(null);
  };
  const step = (/** @type {string} */ id, /** @type {number} */ by) => {
    const next = { ...wish.current, [id]: (wish.current[id] ?? 0) + by };
    choose(next);
    if (found && Object.values(next).some(Boolean)) void estimate(next);
    else settle();
  };
  const give = async () => {
    if (!found) return;
    await act(t.refund.act(found.number), `orders/${order}/refund`, {
      ...bodyOf(counts, found),
      reason: reason.trim(),
    });
    forget();
  };
  const none = !Object.values(counts).some(Boolean);
  return html`<div class="refund">${
    !found &&
    html`<div><button type="button" class="quiet" data-testid="refund-find" onClick=${begin}>
      ${t.refund.title}</button></div>`
  }
    ${trouble && html`<p class="trouble" role="alert" data-testid="refund-trouble">${trouble}</p>`}
    ${
      found &&
      html`<ul class="give-back" aria-label=${t.refund.what}>${found.items.map(
        ({ item_id: id, name, left }) => html`<li key=${id}>
          <span>${name} <small>${t.refund.left(left)}</small></span>
          <button type="button" class="quiet" aria-label=${t.refund.less(name)} data-testid=${`less-${id}`}
            disabled=${!counts[id]} onClick=${() => step(id, -1)}>−</button>
          <output data-testid=${`count-${id}`}>${counts[id] ?? 0}</output>
          <button type="button" class="quiet" aria-label=${t.refund.more(name)} data-testid=${`more-${id}`}
            disabled=${counts[id] === left} onClick=${() => step(id, 1)}>+</button></li>`,
      )}</ul>
      <form onSubmit=${(/** @type {Event} */ event) => event.preventDefault()}>
        <label class="long">${t.refund.reason}<input name="reason" required value=${reason} maxlength="200"
            autocomplete="off" data-testid="refund-reason"
            onInput=${(/** @type {any} */ e) => setReason(e.target.value)} /></label>
        <b class="sum" data-testid="refund-sum">${none || asking ? "" : money(found.amount_kopecks)}</b>
        <${Twice} id="refund" words=${refundWords(t, none, asking, found.amount_kopecks)}
          sure=${t.refund.giveSure(found.amount_kopecks, found.number)}
          disabled=${none || asking || !reason.trim()} go=${give} /></form>`
    }</div>`;
}

/**
 * @param {import("./staff-language.mjs").StaffTexts} t
 * @param {boolean} none
 * @param {boolean} asking
 * @param {number} kopecks
 */
function refundWords(t, none, asking, kopecks) {
  if (none) return t.refund.nothing;
  return asking ? t.refund.counting : t.refund.give(kopecks);
}

/**
 * All that is left is asked for as a whole: the order is over then.
 * @param {Record<string, number>|null} counts
 * @param {Estimate|null} found
 */
function bodyOf(counts, found) {
  if (!counts || !found || found.items.every(({ item_id: id, left }) => counts[id] === left)) return {};
  return {
    items: Object.entries(counts)
      .filter(([, quantity]) => quantity > 0)
      .map(([item_id, quantity]) => ({ item_id, quantity })),
  };
}

/** @param {import("./staff.mjs").Answer} answer @param {import("./staff-language.mjs").StaffTexts} t */
function troubleOf({ status, body }, t) {
  if (!status) return t.refund.silent;
  return t.refund.troubles[body?.code] ?? body?.detail ?? body?.title ?? t.failed;
}
