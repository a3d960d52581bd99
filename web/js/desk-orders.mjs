/** Orders at the desk: those in work, and any other by what a guest can show; one by one on its card. */

import { useState } from "preact/hooks";
import { OrderCard } from "./desk-order-card.mjs";
import { goTo } from "./desk-section-bar.mjs";
import { money } from "./format.mjs";
import { html } from "./html.mjs";
import { useWho } from "./staff.mjs";
import { useWords } from "./staff-language.mjs";

/** @typedef {import("./desk-refund.mjs").Ask} Ask */

/**
 * @param {{orders: any[], of: string, token: string, last: unknown, act: import("./desk-parts.mjs").Act, ask: Ask}}
 *   props `of`: the order whose card is open; `last`: changes with every act of anybody
 */
export function Orders({ orders, of, token, last, act, ask }) {
  const t = useWords().t.orders;
  const { may } = useWho();
  return html`<section class="card"><h2>${t.title}</h2>
      ${!orders.length && html`<p class="calm">${t.none}</p>`}
      <ul class="chips">${orders.map(
        (order) => html`<li key=${order.order_id}>
          <button type="button" class="quiet" data-testid=${`order-${order.number}`}
            onClick=${() => goTo("orders", order.order_id)}>
            <b>${order.number}</b> ${order.failed ? t.failed : (t.states[order.status] ?? order.status)}</button></li>`,
      )}</ul>
      ${may("POST /api/service/orders/find") && html`<${Search} ask=${ask} />`}</section>
    ${of && html`<${OrderCard} key=${of} word=${of} token=${token} last=${last} act=${act} ask=${ask} />`}`;
}

/** @param {{ask: Ask}} props */
function Search({ ask }) {
  const t = useWords().t.orders;
  const [word, setWord] = useState("");
  const [found, setFound] = useState(/** @type {any[]} */ ([]));
  const [trouble, setTrouble] = useState("");
  const find = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const { ok, body } = await ask("orders/find", { word: word.trim() });
    const rows = ok ? body.found : [];
    setFound(rows);
    setTrouble(ok ? (rows.length ? "" : t.nobody) : (body?.detail ?? body?.title ?? ""));
    if (rows.length === 1) goTo("orders", rows[0].order_id);
  };
  return html`<form onSubmit=${find} data-testid="order-search"><label class="long">${t.search}<input required
        maxlength="64" autocomplete="off" spellcheck=${false} value=${word} data-testid="order-word"
        onInput=${(/** @type {any} */ event) => setWord(event.target.value)} /></label>
      <button data-testid="order-find">${t.find}</button></form>
    ${trouble && html`<p class="trouble" role="alert">${trouble}</p>`}
    ${
      found.length > 0 &&
      html`<table data-testid="orders-found"><thead><tr>${t.columns.map(
        (column) => html`<th key=${column}>${column}</th>`,
      )}</tr></thead><tbody>${found.map(
        (row) => html`<tr key=${row.order_id}><td><button type="button" class="quiet"
            data-testid=${`found-${row.order_id}`} onClick=${() => goTo("orders", row.order_id)}>
            ${row.number}</button></td>
          <td>${new Date(row.created_at).toLocaleString("ru-RU")}</td><td>${t.states[row.status] ?? row.status}</td>
          <td>${money(row.amount_kopecks)}</td><td>${row.card_last4 ? `•• ${row.card_last4}` : "—"}</td>
          <td>${row.contact ?? "—"}</td></tr>`,
      )}</tbody></table>`
    }`;
}
