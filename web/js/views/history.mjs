/** «Мои заказы»: what this number has ordered before, each of it one tap away from the cart. */

import { money } from "../format.mjs";
import { html } from "../html.mjs";
import { useKiosk } from "./context.mjs";
import { Heading } from "./parts.mjs";
import { CODED } from "./track.mjs";

const PAGE = 50;

export function OwnOrders() {
  const { state, actions, t } = useKiosk();
  const { history } = state;
  if (!history) return null;
  const { orders, busy, failed, missing } = history;
  return html`<main class="sheet own-orders" data-testid="own-orders">
    <${Heading}>${t.ownOrders}<//>
    <p class="trouble" role="alert">
      ${failed ? t.failures.unknown[1] : missing.length ? t.nothingOfIt(missing.join(", ")) : ""}</p>
    ${!busy && !failed && !orders.length && html`<p class="lead">${t.noOwnOrders}</p>`}
    ${busy && html`<p class="lead" role="status">${t.ownOrdersLoading}</p>`}
    <ul class="lines">${orders.map((order) => html`<${Row} key=${order.order_id} order=${order} />`)}</ul>
    ${
      orders.length > 0 &&
      orders.length % PAGE === 0 &&
      html`<button type="button" class="chip wide"
        data-testid="older" onClick=${actions.showOlder}>${t.older}</button>`
    }
    <div class="spring"></div>
    <button type="button" class="go ghost" data-testid="history-back" onClick=${actions.leaveHistory}>${t.back}</button>
  </main>`;
}

/** @param {{order: any}} props */
function Row({ order }) {
  const { state, actions, t } = useKiosk();
  const states = /** @type {Record<string, string[]>} */ (t.trackStates);
  const day = new Date(order.created_at).toLocaleDateString(state.menuLanguage, { day: "numeric", month: "long" });
  return html`<li class="line" data-testid=${`own-${order.number}`}><div class="line-words"><b>
        ${order.number} · ${day} · ${money(order.amount_kopecks)}</b>
      <small>${order.items.map((/** @type {any} */ item) => `${item.quantity} × ${item.name}`).join(", ")}</small>
      <small>${(states[order.status] ?? states.paid)[0]}</small>
      ${
        CODED.has(order.status) &&
        order.pickup_code &&
        html`<small>${t.pickupCode}: <b class="code" data-say="signs"
            data-testid=${`own-code-${order.number}`}>${order.pickup_code}</b></small>`
      }</div>
    <button type="button" class="chip" data-testid=${`repeat-${order.number}`}
      aria-label=${`${t.repeat} ${order.number}`} onClick=${() => actions.repeatOrder(order)}>
      ${t.repeat}</button></li>`;
}
