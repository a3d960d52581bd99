/** The card of one row of the draft: all its fields, what is wrong beside them, and one button that saves them. */

import { Twice } from "./desk-buttons.mjs";
import { FieldEditor } from "./desk-menu-fields.mjs";
import { ConflictsAt } from "./desk-menu-newer.mjs";
import { Begin, changing } from "./desk-menu-parts.mjs";
import { goTo } from "./desk-section-bar.mjs";
import { html } from "./html.mjs";
import { changeOf, FIELDS, joined, OPEN_TABLES, rowOf, shownIn } from "./menu-fields.mjs";
import { findingsAt, findingWords, nameOf, valueWords } from "./menu-words.mjs";

/** @typedef {import("./desk-menu-parts.mjs").Given} Given */

const SAID_IN_DRAFT = new Set(["price", "count", "measure", "one", "many", "stated", "flag", "span"]);

/** @param {Given & {table: string, id: string}} props */
export function Card({ table, id, ...given }) {
  const { draft } = given.menu;
  const t = given.sense.t;
  const row = draft && rowOf(draft.document, table, id);
  const back = html`<button type="button" class="quiet" data-testid="menu-back"
    onClick=${() => goTo("menu", "draft")}>${t.card.back}</button>`;
  if (!row)
    return html`<section class="card row"><div><h2>${draft ? t.card.missing : t.noDraft}</h2></div>
      ${draft ? back : html`<${Begin} ...${given} />`}</section>`;
  return html`<${Form} back=${back} row=${row} table=${table} id=${id} ...${given} />`;
}

/** @param {Given & {back: any, row: any, table: string, id: string}} props */
function Form({ back, row, table, id, ...given }) {
  const { menu, manages, sense } = given;
  const t = sense.t;
  const key = `${table}/${id}`;
  const typed = menu.typed[key];
  const found = findingsAt(menu.draft.findings, table, id);
  const name = nameOf(table, id, sense);
  const { set, wrong } = changeOf(table, row, typed);
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (wrong.length || !typed) return;
    if (!Object.keys(set).length) return menu.type(key, null);
    if (await changing(given)(t.acts.save(name), [{ table, id, set }])) menu.type(key, null);
  };
  /** @param {import("./menu-fields.mjs").Field} field @param {any} value */
  const type = (field, value) => {
    const fields = typed?.fields ?? {};
    const next = { ...fields, [field.name]: joined(field, fields[field.name], value) };
    menu.type(key, { fields: next, base: typed?.base ?? row });
  };
  return html`<form class="card menu-card" onSubmit=${save} novalidate data-testid="menu-card" data-id=${id}>
    <div class="row-of"><div><h2>${name}</h2>
      ${table !== "hours" && html`<p class="hint">${t.one[table]} · ${t.card.code(id)}</p>`}</div>${back}</div>
    <${Troubles} found=${found[""]} row=${row} sense=${sense} />
    <${ConflictsAt} table=${table} id=${id} field="" ...${given} />
    <fieldset class="menu-fields" disabled=${!manages}>${FIELDS[table].map(
      (field) => html`<div key=${field.name} class="menu-field" data-testid=${`menu-field-${field.name}`}>
        <${FieldEditor} field=${field} id=${`menu-${field.name}`} value=${shownIn(field, row, typed)} sense=${sense}
          menu=${menu} act=${given.act} set=${(/** @type {any} */ value) => type(field, value)} />
        ${wrong.includes(field.name) && html`<p class="trouble" role="alert">${t.unread[field.kind]}</p>`}
        ${
          typed?.fields[field.name] !== undefined &&
          SAID_IN_DRAFT.has(field.kind) &&
          html`<p class="hint">${t.card.inDraft(valueWords(field, row[field.name], sense))}</p>`
        }
        <${Troubles} found=${found[field.name]} row=${row} sense=${sense} />
        <${ConflictsAt} table=${table} id=${id} field=${field.name} ...${given} /></div>`,
    )}</fieldset>
    ${
      manages &&
      html`<div class="save-bar"><button data-testid="menu-save" disabled=${!typed || wrong.length > 0}>
          ${t.card.save}</button>
        <button type="button" class="quiet" data-testid="menu-drop" disabled=${!typed}
          onClick=${() => menu.type(key, null)}>${t.card.drop}</button>
        <${Remove} table=${table} id=${id} name=${name} ...${given} /></div>`
    }</form>`;
}

/** @param {{found?: import("./menu-words.mjs").Finding[], row: any, sense: import("./menu-words.mjs").Sense}} props */
function Troubles({ found, row, sense }) {
  return found?.map((one, i) => html`<p class="trouble" key=${i}>${findingWords(one, row, sense)}</p>`);
}

/** @param {Given & {table: string, id: string, name: string}} props */
function Remove({ table, id, name, ...given }) {
  const t = given.sense.t;
  if (table === "hours" ? !given.menu.draft.document.hours : !OPEN_TABLES.includes(table)) return null;
  const words = table === "hours" ? t.card.noHours : t.card.remove(t.one[table]);
  const go = async () => {
    if (!(await changing(given)(t.acts.remove(name), [{ table, id, remove: true }]))) return;
    given.menu.type(`${table}/${id}`, null);
    goTo("menu", "draft");
  };
  return html`<${Twice} id="menu-remove" words=${words} sure=${t.card.removeSure} quiet go=${go} />`;
}
