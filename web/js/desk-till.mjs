/**
 * Guests who wait to pay at the till: staff take the money, by card or in cash, and are told the change; where the
 * receipt comes before the money they say first how it will be paid, and hand the paper over.
 */

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
  const paid = row.stage === "charging";
  return html`<article class="stuck" data-testid=${`till-${row.code}`}>
    <div><b>${row.code}</b><p>${t.order(row.number)} · ${sum}</p>
      ${row.receipt_first && html`<p data-testid=${`till-stage-${row.code}`}>${stageWords(t, row)}</p>`}</div>
    ${row.stage === "choosing" && !row.tender && html`<${Choice} row=${row} act=${act} />`}
    ${
      paid &&
      row.tender !== "cash" &&
      html`<${Twice} id=${`till-card-${row.code}`} words=${t.card} sure=${t.cardSure(sum)}
        go=${() => take(t.cardAct(row.number), { tender: "card" })} />`
    }
    ${
      paid &&
      row.tender !== "card" &&
      html`<${Asked} id=${`till-cash-${row.code}`} words=${t.cash} label=${t.given} sure=${t.cashSure} digits
        go=${(/** @type {string} */ roubles) =>
          take(t.cashAct(row.number), { tender: "cash", given_kopecks: Number(roubles) * KOPECKS })} />`
    }
    <${Twice} id=${`till-refuse-${row.code}`} words=${t.refuse} quiet
      sure=${row.tender ? t.refusePrinted : t.refuseSure}
      go=${() => act(t.refuseAct(row.number), `till/${row.code}`, undefined, "DELETE")} />
  </article>`;
}

/** @param {any} t @param {{stage: string, tender: string|null}} row */
function stageWords(t, { stage, tender }) {
  if (!tender) return t.choose;
  return (stage === "charging" ? t.handOver : t.printing)[tender];
}

/** What the receipt will say cannot be said otherwise once it is printed. @param {{row: any, act: any}} props */
function Choice({ row, act }) {
  const t = useWords().t.till;
  return ["card", "cash"].map(
    (tender) => html`<${Twice} id=${`till-receipt-${tender}-${row.code}`} key=${tender} words=${t.receipt[tender]}
      sure=${t.receiptSure} go=${() => act(t.receiptAct(row.number), `till/${row.code}/receipt`, { tender })} />`,
  );
}
