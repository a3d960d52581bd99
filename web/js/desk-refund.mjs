/** Money back at the desk: the order by its number or its receipt, what of it, how much that is, why; then twice yes. */

import { useState } from "preact/hooks";
import { Twice } from "./desk-parts.mjs";
import { money } from "./format.mjs";
import { html } from "./html.mjs";

/**
 * @typedef {{order_id: string, number: string, amount_kopecks: number, items: {item_id: string, name: string, left: number}[]}} Estimate
 * @typedef {(path: string, body: unknown) => Promise<{ok: boolean, status: number, body: any}>} Ask
 */

/** @param {{word: string, setWord: (word: string) => void, ask: Ask, act: import("./desk-parts.mjs").Act}} props */
export function Refund({ word, setWord, ask, act }) {
  const [found, setFound] = useState(/** @type {Estimate|null} */ (null));
  const [counts, setCounts] = useState(/** @type {Record<string, number>} */ ({}));
  const [trouble, setTrouble] = useState("");
  const [reason, setReason] = useState("");
  const forget = () => { setFound(null); setCounts({}); setReason(""); };

  /** @param {string} order @param {Record<string, number>|null} chosen null: all of it */
  const estimate = async (order, chosen) => {
    const answer = await ask(`orders/${encodeURIComponent(order.trim())}/refund/estimate`, bodyOf(chosen, found));
    setTrouble(answer.ok ? "" : troubleOf(answer));
    if (!answer.ok) return chosen ?? forget();
    setFound(answer.body);
    setCounts(chosen ?? Object.fromEntries(answer.body.items.map((/** @type {any} */ item) => [item.item_id, item.left])));
  };
  const find = (/** @type {SubmitEvent} */ event) => { event.preventDefault(); forget(); void estimate(word, null); };
  const step = (/** @type {string} */ id, /** @type {number} */ by) => {
    const next = { ...counts, [id]: (counts[id] ?? 0) + by };
    if (found && Object.values(next).some(Boolean)) void estimate(found.order_id, next);
    else setCounts(next);
  };
  const give = async () => {
    if (!found) return;
    await act(`Возврат по заказу ${found.number}`, `orders/${found.order_id}/refund`, { ...bodyOf(counts, found), reason: reason.trim() });
    forget();
    setWord("");
  };
  const none = !Object.values(counts).some(Boolean);
  return html`<div class="refund"><h2>Возврат денег</h2>
    <form onSubmit=${find}><label>Номер заказа, или ФД или ФП с чека<input name="order" required value=${word} maxlength="16" autocomplete="off" data-testid="refund-order" onInput=${(/** @type {any} */ e) => { setWord(e.target.value); forget(); }} /></label>
      <button class=${found ? "quiet" : ""} data-testid="refund-find">Показать, что вернуть</button></form>
    ${trouble && html`<p class="trouble" role="alert" data-testid="refund-trouble">${trouble}</p>`}
    ${found && html`<ul class="give-back" aria-label="Что вернуть">${found.items.map(({ item_id: id, name, left }) => html`<li key=${id}><span>${name} <small>оплачено и не возвращено: ${left}</small></span>
        <button type="button" class="quiet" aria-label=${`Меньше: ${name}`} data-testid=${`less-${id}`} disabled=${!counts[id]} onClick=${() => step(id, -1)}>−</button>
        <output data-testid=${`count-${id}`}>${counts[id] ?? 0}</output>
        <button type="button" class="quiet" aria-label=${`Больше: ${name}`} data-testid=${`more-${id}`} disabled=${counts[id] === left} onClick=${() => step(id, 1)}>+</button></li>`)}</ul>
      <form onSubmit=${(/** @type {Event} */ event) => event.preventDefault()}><label class="long">Причина возврата<input name="reason" required value=${reason} maxlength="200" autocomplete="off" data-testid="refund-reason" onInput=${(/** @type {any} */ e) => setReason(e.target.value)} /></label>
        <b class="sum" data-testid="refund-sum">${none ? "" : money(found.amount_kopecks)}</b>
        <${Twice} id="refund" words=${none ? "Ничего не выбрано" : `Вернуть ${money(found.amount_kopecks)}`} sure=${`Да, вернуть ${money(found.amount_kopecks)} по заказу ${found.number}`} disabled=${none || !reason.trim()} go=${give} /></form>`}</div>`;
}

/** All that is left is asked for as a whole: the order is over then. @param {Record<string, number>|null} counts @param {Estimate|null} found */
function bodyOf(counts, found) {
  if (!counts || !found || found.items.every(({ item_id: id, left }) => counts[id] === left)) return {};
  return { items: Object.entries(counts).filter(([, quantity]) => quantity > 0).map(([item_id, quantity]) => ({ item_id, quantity })) };
}

const TROUBLE = /** @type {Record<string, string>} */ ({
  not_found: "Такого оплаченного заказа нет. Проверьте номер, ФД или ФП.",
  order_state: "По этому заказу возвращать нечего: он не оплачен, или всё уже возвращено.",
});

/** @param {{status: number, body: any}} answer */
function troubleOf({ status, body }) {
  if (!status) return "Киоск не отвечает. Попробуйте ещё раз.";
  return TROUBLE[body?.code] ?? body?.detail ?? body?.title ?? "Не получилось";
}
