/** The draft as a whole: rows to choose a card of, what is wrong, what changes, and its publication. */

import { useState } from "preact/hooks";
import { Twice } from "./desk-buttons.mjs";
import { Newer } from "./desk-menu-newer.mjs";
import { Begin, changing, keyOf as keyOfDifference, timeOf } from "./desk-menu-parts.mjs";
import { Prices } from "./desk-menu-sold.mjs";
import { goTo } from "./desk-section-bar.mjs";
import { actorWords } from "./desk-words.mjs";
import { html } from "./html.mjs";
import { keyOf, OPEN_TABLES, rowOf } from "./menu-fields.mjs";
import { blankRow, codeOf, movedTo, soldIn, takenBy } from "./menu-rows.mjs";
import { cardOf, differenceWords, findingWords, nameOf } from "./menu-words.mjs";
import { useWords } from "./staff-language.mjs";

/** @typedef {import("./desk-menu-parts.mjs").Given} Given */

/** @param {Given} given */
export function Draft(given) {
  const { t: texts } = useWords();
  const t = texts.menu.draft;
  const { draft } = given.menu;
  if (!draft)
    return html`<section class="card row"><div><h2>${texts.menu.noDraft}</h2>
      <p class="hint">${texts.menu.beginHint}</p></div><${Begin} ...${given} /></section>`;
  const { document } = draft;
  return html`<section class="card" data-testid="menu-draft" data-edit=${draft.edit}>
      <div class="row-of"><div><h2>${t.title(draft.based_on)}</h2>
        <p>${t.changedBy(actorWords(draft.by, texts.journal), timeOf(draft.changed_at))}</p></div>
        ${given.manages ? html`<${Discard} ...${given} />` : html`<p class="hint">${t.readOnly}</p>`}</div>
      <${Newer} ...${given} />
      <${Findings} ...${given} /><${Differences} ...${given} />
      ${given.manages && html`<${Publish} ...${given} />`}
    </section>
    ${document.categories.map(
      (/** @type {any} */ row) => html`<section class="card" key=${row.id}>
        <h2>${nameOf("categories", row.id, given.sense)}</h2>
        <${Rows} rows=${soldIn(document, row.id)} ...${given} />
        ${
          given.manages &&
          html`<div class="chips"><${Add} table="items" category=${row.id} ...${given} />
          <${Add} table="combos" category=${row.id} ...${given} /></div>`
        }</section>`,
    )}
    ${["categories", "modifier_groups"].map((table) => html`<${Table} key=${table} table=${table} ...${given} />`)}
    <section class="card"><h2>${t.times}</h2>
      <div class="row-of"><p>${t.ofHouse}: ${document.hours ? t.byWeek.toLowerCase() : t.noHours}</p>
        <button type="button" class="quiet" data-testid="menu-hours"
          onClick=${() => goTo("menu", cardOf({ table: "hours", id: "" }))}>
          ${t.byWeek}</button></div>
      ${["dayparts", "holidays"].map((table) => html`<${Table} key=${table} inside table=${table} ...${given} />`)}
    </section>
    <section class="card"><h2>${t.moreTables}</h2>
      ${["ingredients", "allergens"].map(
        (table) => html`<details key=${table} data-testid=${`menu-more-${table}`}>
        <summary>${texts.menu.tables[table]}</summary>
        <${Rows} rows=${document[table].map((/** @type {any} */ row) => ({ table, row }))} ...${given} />
        ${given.manages && html`<div class="chips"><${Add} table=${table} category="" ...${given} /></div>`}</details>`,
      )}
    </section>`;
}

/** @param {Given & {table: string, inside?: boolean}} props */
function Table({ table, inside = false, ...given }) {
  const { t: texts } = useWords();
  const rows = given.menu.draft.document[table].map((/** @type {any} */ row) => ({ table, row }));
  const title = texts.menu.tables[table];
  return html`<section class=${inside ? "inside" : "card"}>
    ${inside ? html`<h3>${title}</h3>` : html`<h2 class="capital">${title}</h2>`}
    <${Rows} rows=${rows} ...${given} />
    ${given.manages && html`<div class="chips"><${Add} table=${table} category="" ...${given} /></div>`}</section>`;
}

/** @param {Given & {rows: {table: string, row: any}[]}} props */
function Rows({ rows, ...given }) {
  return html`<ul class="menu-rows">${rows.map(
    ({ table, row }) => html`<${Row} key=${`${table}/${row[keyOf(table)]}`} table=${table} row=${row} ...${given} />`,
  )}</ul>`;
}

/** @param {Given & {table: string, row: any}} props */
function Row({ table, row, ...given }) {
  const t = given.sense.t.draft;
  const { menu } = given;
  const id = row[keyOf(table)];
  const name = nameOf(table, id, given.sense);
  const wrong = menu.draft.findings.filter((/** @type {any} */ one) => one.table === table && one.id === id).length;
  const moves = given.manages && OPEN_TABLES.includes(table) && table !== "holidays";
  const marks = [
    menu.typed[`${table}/${id}`] && t.marks.typed,
    row.sellable === false && t.marks.off,
    wrong > 0 && t.marks.wrong(wrong),
  ].filter(Boolean);
  return html`<li data-testid=${`menu-row-${table}-${id}`} data-wrong=${wrong}>
    <button type="button" class="quiet name" data-testid=${`menu-open-${table}-${id}`}
      onClick=${() => goTo("menu", cardOf({ table, id }))}>
      <span>${name}</span>${marks.map((mark) => html`<mark key=${mark}>${mark}</mark>`)}</button>
    ${"price_kopecks" in row && html`<span class="price"><${Prices} row=${row} t=${given.sense.t} /></span>`}
    ${moves && html`<${Moves} table=${table} row=${row} name=${name} ...${given} />`}
  </li>`;
}

/** @param {Given & {table: string, row: any, name: string}} props */
function Moves({ table, row, name, ...given }) {
  const t = given.sense.t;
  const change = changing(given);
  const to = (/** @type {-1|1} */ step) => movedTo(given.menu.draft.document[table], row, step);
  const move = (/** @type {number|undefined} */ place) =>
    change(t.acts.move(name), [{ table, id: row.id, move_to: place }]);
  return html`<span class="moves">
    <button type="button" class="quiet" aria-label=${t.draft.up(name)} disabled=${to(-1) === undefined}
      data-testid=${`menu-up-${table}-${row.id}`} onClick=${() => move(to(-1))}>↑</button>
    <button type="button" class="quiet" aria-label=${t.draft.down(name)} disabled=${to(1) === undefined}
      data-testid=${`menu-down-${table}-${row.id}`} onClick=${() => move(to(1))}>↓</button></span>`;
}

/** A new row by its name alone; its card opens. @param {Given & {table: string, category: string}} props */
function Add({ table, category, ...given }) {
  const t = given.sense.t;
  const [open, setOpen] = useState(false);
  const [text, setText] = useState("");
  const id = `menu-add-${table}${category && `-${category}`}`;
  if (!open)
    return html`<button type="button" class="quiet" data-testid=${id} onClick=${() => setOpen(true)}>
      + ${t.draft.adds[table]}</button>`;
  const done = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const name = text.trim();
    const code = table === "holidays" ? name : codeOf(name, takenBy(given.menu.draft.document, table));
    const set = blankRow(table, name, category, given.menu.draft.document);
    const added = await changing(given)(t.acts.add(name), [{ table, id: code, set }]);
    if (added) goTo("menu", cardOf({ table, id: code }));
  };
  return html`<form onSubmit=${done}><label>${table === "holidays" ? t.draft.addDay : t.draft.addLabel}
      <input required maxlength="128" autocomplete="off" value=${text} data-testid=${`${id}-text`}
        type=${table === "holidays" ? "date" : "text"}
        onInput=${(/** @type {any} */ e) => setText(e.target.value)} /></label>
    <button data-testid=${`${id}-sure`}>${t.draft.addSure}</button>
    <button type="button" class="quiet" onClick=${() => setOpen(false)}>${t.no}</button></form>`;
}

/** @param {Given} given */
function Findings({ menu, sense }) {
  const t = sense.t.draft;
  const { findings, document } = menu.draft;
  if (!findings.length) return html`<p class="calm" data-testid="menu-sound">✓ ${t.nothingWrong}</p>`;
  return html`<div class="findings" data-testid="menu-findings"><h3>${t.wrong}</h3><ul>${findings.map(
    (/** @type {any} */ one, /** @type {number} */ i) => {
      const card = cardOf(one);
      const named = one.id || one.table === "hours" ? `${nameOf(one.table, one.id, sense)}: ` : "";
      const words = named + findingWords(one, rowOf(document, one.table, one.id), sense);
      return html`<li key=${i}>${
        card
          ? html`<button type="button" class="link" data-testid=${`finding-${one.table}-${one.id}`}
              onClick=${() => goTo("menu", card)}>
              ${words}</button>`
          : words
      }</li>`;
    },
  )}</ul></div>`;
}

/** @param {Given} given */
function Differences({ menu, sense }) {
  const t = sense.t.draft;
  const rows = menu.draft.differences;
  if (!rows.length) return html`<p>${t.noDifferences}</p>`;
  return html`<div data-testid="menu-differences"><h3>${t.differences}</h3><ul class="differences">${rows.map(
    (/** @type {any} */ row) => html`<li key=${keyOfDifference(row)}>${differenceWords(row, sense)}</li>`,
  )}</ul></div>`;
}

/** @param {Given} given */
function Publish({ menu, act, sense }) {
  const t = sense.t;
  const { findings, differences, edit, newer } = menu.draft;
  if (!differences.length || newer) return null;
  if (Object.keys(menu.typed).length) return html`<p class="hint" data-testid="menu-unsaved">${t.draft.unsaved}</p>`;
  if (findings.length) return html`<p class="hint">${t.draft.notYet}</p>`;
  const go = async () => {
    const answer = await act(t.acts.publish, "menu/draft/publish", { edit });
    if (!answer?.ok) return void menu.load();
    menu.tell(answer.body);
    menu.take(null);
    goTo("menu");
  };
  return html`<div><${Twice} id="menu-publish" words=${t.draft.publish} sure=${t.draft.publishSure(differences.length)}
    go=${go} /></div>`;
}

/** @param {Given} given */
function Discard({ menu, act, sense }) {
  const t = sense.t;
  const go = async () => {
    const answer = await act(t.acts.discard, "menu/draft", undefined, "DELETE");
    if (!answer?.ok) return void menu.load();
    menu.dropAll();
    menu.take(null);
  };
  return html`<${Twice} id="menu-discard" words=${t.draft.discard} sure=${t.draft.discardSure} quiet go=${go} />`;
}
