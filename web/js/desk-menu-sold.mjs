/** What is sold now: which menu, since when, by whom; its dishes with their prices, and what is off sale. */

import { Begin, cameFrom, timeOf } from "./desk-menu-parts.mjs";
import { money } from "./format.mjs";
import { html } from "./html.mjs";
import { soldIn } from "./menu-rows.mjs";
import { momentWords, nameOf } from "./menu-words.mjs";
import { useWords } from "./staff-language.mjs";

/** @param {import("./desk-menu-parts.mjs").Given & {dishes: any[]}} props `dishes`: with what is stopped */
export function Sold({ dishes, ...given }) {
  const { t: texts } = useWords();
  const t = texts.menu.sold;
  const { sold } = given.menu;
  const sense = { ...given.sense, documents: [sold.document] };
  const { published } = given.menu;
  return html`${
    published?.revision === sold.revision &&
    html`<p class="calm" data-testid="menu-published">✓ ${t.published(published.revision, published.differences)}</p>`
  }
  ${sold.troubles.map(
    (/** @type {any} */ { text, detail }) =>
      html`<section class="card foreign" role="alert" data-testid="menu-trouble" key=${detail}>
        <div><b>${text[given.sense.language] ?? text.ru}</b><p>${detail}</p></div></section>`,
  )}
  <section class="card row" data-testid="menu-revision" data-revision=${sold.revision}>
    <div><h2>${t.revision(sold.revision, timeOf(sold.published_at))}</h2><p>${cameFrom(sold, given.sense.t, texts)}</p>
      ${given.manages && html`<p class="hint">${texts.menu.beginHint}</p>`}</div><${Begin} ...${given} /></section>
  ${sold.document.categories.map(
    (/** @type {any} */ category) =>
      html`<${Category} key=${category.id} category=${category} sold=${sold} dishes=${dishes} sense=${sense} />`,
  )}
  <p class="hint">${t.stops}</p>`;
}

/** @param {{category: any, sold: any, dishes: any[], sense: import("./menu-words.mjs").Sense}} props */
function Category({ category, sold, dishes, sense }) {
  const t = sense.t.sold;
  const rows = soldIn(sold.document, category.id);
  const daypart = (/** @type {string} */ id) => nameOf("dayparts", id, sense);
  if (!rows.length) return null;
  return html`<section class="card"><h2>${nameOf("categories", category.id, sense)}</h2>
    <table class="menu-table">
      <thead><tr>${t.columns.map((column) => html`<th key=${column}>${column}</th>`)}</tr></thead>
      <tbody>${rows.map(
        ({ table, row }) => html`<tr key=${row.id} data-testid=${`sold-${row.id}`}>
          <td>${nameOf(table, row.id, sense)}</td><td><${Prices} row=${row} t=${sense.t} /></td>
          <td>${row.dayparts?.map(daypart).join(", ") || t.always}</td>
          <td>${stateOf(
            row,
            dishes.find((dish) => dish.item_id === row.id),
            t,
          )}</td></tr>`,
      )}</tbody></table></section>`;
}

/** @param {{row: any, t: import("./menu-words.mjs").Texts}} props */
export function Prices({ row, t }) {
  return html`${money(row.price_kopecks)}${row.prices?.map(
    (/** @type {any} */ price) =>
      html`<small key=${price.from}>${t.from(momentWords(price.from), money(price.price_kopecks))}</small>`,
  )}`;
}

/** @param {any} row @param {any} dish what is told of it now @param {import("./menu-words.mjs").Texts["sold"]} t */
function stateOf(row, dish, t) {
  if (row.sellable === false) return t.off;
  if (!dish?.stopped) return t.on;
  return html`<b class="stopped">${dish.until ? t.stoppedUntil(timeOf(dish.until)) : t.stopped}</b>`;
}
