/** «О продавце»: who sells, where, when, by which numbers of the register, and how money comes back. */

import { html } from "../html.mjs";
import { useKiosk } from "./context.mjs";
import { Heading } from "./parts.mjs";

const FIELDS = /** @type {const} */ (["legal_name", "inn", "ogrn", "address", "hours", "phone"]);

export function Seller() {
  const { state, actions, t } = useKiosk();
  const restaurant = state.restaurant ?? {};
  const value = (/** @type {string} */ name) => restaurant[name] || (name === "hours" ? t.allDay : "");
  return html`<main class="sheet seller" data-testid="seller">
    <${Heading}>${t.sellerTitle}<//>
    <dl class="facts-list">${FIELDS.filter(value).map(
      (name) => html`<div key=${name}><dt>${t.seller[name]}</dt>
        <dd data-testid=${`seller-${name}`}>${value(name)}</dd></div>`,
    )}</dl>
    <section class="money-back"><h2>${t.moneyBackTitle}</h2><ul>
        ${t.moneyBack.map((words) => html`<li key=${words}>${words}</li>`)}</ul></section>
    <div class="spring"></div>
    <button type="button" class="go" data-testid="seller-back" onClick=${actions.reset}>${t.back}</button>
  </main>`;
}
