/** Tables of the manager's page: what was sold, promised and given back, and those that come with their words. */

import { actorWords } from "./desk-words.mjs";
import { money, share, whole } from "./format.mjs";
import { html } from "./html.mjs";
import { useWords } from "./staff-language.mjs";
import { dayOf } from "./stats-periods.mjs";

/** Tables that the server words; the others have words of the page. */
const WORDED = ["services", "payments", "refusals", "minutes", "funnel", "left", "visits", "sold_out"];
const NUMBER = new Intl.NumberFormat("ru-RU", { maximumFractionDigits: 2 });

/** @param {{stats: any, tables: any[]}} props */
export function Tables({ stats, tables }) {
  const t = useWords().t.stats;
  return html`<${Table} id="dishes" rows=${stats.dishes} by="item_id" words=${t.dishes} />
    <${Table} id="combos" rows=${stats.combos} by="combo_id" words=${t.combos} />
    <${Table} id="options" rows=${stats.options} by="option_id" words=${t.options} />
    ${tables.filter(({ id }) => WORDED.includes(id)).map((table) => html`<${Worded} key=${table.id} table=${table} />`)}
    <${Promises} rows=${stats.promises} /><${Refunds} rows=${stats.refunds} />`;
}

/** A bar behind the visits of each step shows where guests stay away. @param {{table: any}} props */
function Worded({ table }) {
  const most = table.id === "funnel" ? table.rows[0]?.[1] : 0;
  const bar = (/** @type {any[]} */ row) => (most ? { "--part": `${(100 * row[1]) / most}%` } : undefined);
  return html`<section class="dishes" data-testid=${`table-${table.id}`}><h2>${table.name}</h2>
    ${table.note && html`<p class="note">${table.note}</p>`}
    <${Grid} columns=${table.columns}>${table.rows.map(
      (/** @type {any[]} */ row, /** @type {number} */ n) =>
        html`<tr key=${n} class=${most ? "part" : undefined} style=${bar(row)}>${row.map(
          (cell, i) => html`<td key=${i}>${typeof cell === "number" ? NUMBER.format(cell) : (cell ?? "–")}</td>`,
        )}</tr>`,
    )}<//></section>`;
}

/** @param {{columns: string[], children?: any}} props */
function Grid({ columns, children }) {
  return html`<div class="wide"><table>
    <thead><tr>${columns.map((column) => html`<th key=${column}>${column}</th>`)}</tr></thead>
    <tbody>${children}</tbody></table></div>`;
}

/** Minutes promised and kept, by day. @param {{rows: any[]}} props */
function Promises({ rows }) {
  const t = useWords().t.stats.promises;
  if (!rows.length) return null;
  const minutes = (/** @type {number} */ seconds) => t.minutes((seconds / 60).toFixed(1));
  return html`<section class="dishes" data-testid="promises"><h2>${t.title}</h2><p class="note">${t.note}</p>
    <${Grid} columns=${t.columns}>${rows.map(
      (row) => html`<tr key=${row.day}><td>${dayOf(row.day)}</td><td>${whole(row.orders)}</td>
        <td>${minutes(row.promised_s)}</td><td>${minutes(row.actual_s)}</td><td>${share(row.coverage)}</td></tr>`,
    )}<//></section>`;
}

/** Money back by reason and by who gave it. @param {{rows: any[]}} props */
function Refunds({ rows }) {
  const { t: texts } = useWords();
  const t = texts.stats.refunds;
  if (!rows.length) return null;
  return html`<section class="dishes" data-testid="refund-reasons"><h2>${t.title}</h2>
    <${Grid} columns=${t.columns}>${rows.map(
      (row) => html`<tr key=${row.reason + row.person}><td>${t.reasons[row.reason] ?? row.reason}</td>
        <td>${row.person === "kiosk" ? t.itself : actorWords(row.person, texts.journal)}</td>
        <td>${whole(row.count)}</td><td>${money(row.amount_kopecks)}</td></tr>`,
    )}<//></section>`;
}

/** @param {{id: string, rows: any[], by: string, words: {title: string, unit: string, note: string}}} props */
function Table({ id, rows, by, words }) {
  const { columns } = useWords().t.stats;
  if (!rows.length) return null;
  return html`<section class="dishes" data-testid=${id}><h2>${words.title}</h2>
    ${words.note && html`<p class="note">${words.note}</p>`}
    <${Grid} columns=${[columns.name, words.unit, columns.revenue, columns.share]}>${rows.map(
      (row) => html`<tr key=${row[by]}><td>${row.name}</td><td>${whole(row.quantity)}</td><td>
        ${money(row.revenue_kopecks)}</td><td>${share(row.revenue_share)}</td></tr>`,
    )}<//></section>`;
}
