/** Guests who wait to pay at the till: staff take the money, by card or in cash, and are told the change. */

import { Asked, Twice } from "./desk-buttons.mjs";
import { money } from "./format.mjs";
import { html } from "./html.mjs";
import { useWords } from "./staff-language.mjs";

const KOPECKS = 100;

/** Nothing where nobody waits. @param {{rows: any[], act: import("./desk-parts.mjs").Act}} props */
export function Till({ rows, act }) {
  const t = useWords().t.till;
  if (!rows.length) return null;
  return html`<section class="card" data-testid="till"><h2>${t.title} <mark>${rows.length}</mark></h2>
    ${rows.map((row) => html`<${Waiting} key=${row.code} row=${row} act=${act} />`)}</section>`;
}

/** @param {{row: any, act: import("./desk-parts.mjs").Act}} props */
function Waiting({ row, act }) {
  const t = useWords().t.till;
  const sum = money(row.amount_kopecks);
  const take = (/** @type {string} */ words, /** @type {object} */ body) => act(words, `till/${row.code}`, body);
  return html`<article class="stuck" data-testid=${`till-${row.code}`}>
    <div><b>${row.code}</b><p>${t.order(row.number)} · ${sum}</p></div>
    <${Twice} id=${`till-card-${row.code}`} words=${t.card} sure=${t.cardSure(sum)}
      go=${() => take(t.cardAct(row.number), { tender: "card" })} />
    <${Asked} id=${`till-cash-${row.code}`} words=${t.cash} label=${t.given} sure=${t.cashSure} digits
      go=${(/** @type {string} */ roubles) =>
        take(t.cashAct(row.number), { tender: "cash", given_kopecks: Number(roubles) * KOPECKS })} />
  </article>`;
}
