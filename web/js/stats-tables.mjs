/** Tables of the manager's page: they come with their words, the same that stand in files and letters. */

import { html } from "./html.mjs";
import { dayOf } from "./stats-periods.mjs";

/** Shown as tiles and as a chart. */
const DRAWN = ["sums", "hours"];
const NUMBER = new Intl.NumberFormat("ru-RU", { maximumFractionDigits: 2 });
const DAY = /^\d{4}-\d\d-\d\d$/;

/** @typedef {{id: string, name: string, note: string, columns: string[], rows: (string|number|null)[][]}} Worded */

/** @param {{tables: Worded[]}} props */
export function Tables({ tables }) {
  return tables
    .filter(({ id }) => !DRAWN.includes(id))
    .map((table) => html`<${Table} key=${table.id} table=${table} />`);
}

/** @param {string|number|null|undefined} cell */
function shown(cell) {
  if (typeof cell === "number") return NUMBER.format(cell);
  return cell && DAY.test(cell) ? dayOf(cell) : (cell ?? "–");
}

/** A bar behind the visits of each step shows where guests stay away. @param {{table: Worded}} props */
function Table({ table: { id, name, note, columns, rows } }) {
  const most = id === "funnel" ? Number(rows[0]?.[1]) : 0;
  const bar = (/** @type {Worded["rows"][number]} */ row) =>
    most ? { "--part": `${(100 * Number(row[1])) / most}%` } : undefined;
  return html`<section class="dishes" data-testid=${`table-${id}`}><h2>${name}</h2>
    ${note && html`<p class="note">${note}</p>`}
    <div class="wide"><table>
      <thead><tr>${columns.map((column) => html`<th key=${column}>${column}</th>`)}</tr></thead>
      <tbody>${rows.map(
        (row, n) => html`<tr key=${n} class=${most ? "part" : undefined} style=${bar(row)}>
          ${row.map((cell, i) => html`<td key=${i}>${shown(cell)}</td>`)}</tr>`,
      )}</tbody></table></div></section>`;
}
