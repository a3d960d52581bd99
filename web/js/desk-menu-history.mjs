/** Menus that were sold: who published each and what it changed; an earlier one is sold again, or begins a draft. */

import { useEffect, useState } from "preact/hooks";
import { Twice } from "./desk-buttons.mjs";
import { useTold } from "./desk-lots.mjs";
import { Begin, cameFrom, keyOf, timeOf } from "./desk-menu-parts.mjs";
import { goTo } from "./desk-section-bar.mjs";
import { html } from "./html.mjs";
import { differenceWords } from "./menu-words.mjs";
import { staffCall } from "./staff.mjs";
import { useWords } from "./staff-language.mjs";

const REFRESH_MS = 20_000;

/** @typedef {import("./desk-menu-parts.mjs").Given & {token: string, last: unknown}} Given */

/** @param {Given & {id: string}} props `id`: of the revision that is looked at, or nothing */
export function History({ id, ...given }) {
  return /^\d+$/.test(id)
    ? html`<${Revision} key=${id} revision=${Number(id)} ...${given} />`
    : html`<${Revisions} ...${given} />`;
}

/** @param {Given} props */
function Revisions({ menu, token, last, sense }) {
  const { t: texts } = useWords();
  const t = sense.t.history;
  const told = useTold(token, "menu/revisions", last, REFRESH_MS);
  const [older, setOlder] = useState(/** @type {any[]} */ ([]));
  const [all, setAll] = useState(false);
  useEffect(() => setOlder([]), [menu.sold.revision]);
  if (!told) return null;
  const rows = [...told.revisions, ...older];
  const more = async () => {
    const answer = await staffCall(token, "GET", `/api/service/menu/revisions?before=${rows.at(-1).revision}`);
    if (!answer.ok) return;
    setAll(!answer.body.revisions.length);
    setOlder([...older, ...answer.body.revisions]);
  };
  return html`<section class="card" data-testid="menu-revisions"><h2>${t.title}</h2>
    <ul class="menu-rows">${rows.map(
      (row) => html`<li key=${row.revision}>
        <button type="button" class="quiet name" data-testid=${`revision-${row.revision}`}
          onClick=${() => goTo("menu", `history/${row.revision}`)}><span>${t.row(row.revision)}</span>
          ${row.revision === menu.sold.revision && html`<mark class="good">${t.now}</mark>`}</button>
        <span>${timeOf(row.at)} · ${cameFrom(row, sense.t, texts)}</span>
        <span>${row.differences ? t.changes(row.differences) : t.same}</span></li>`,
    )}</ul>
    ${
      !all &&
      rows.at(-1)?.revision > 1 &&
      html`<div><button type="button" class="quiet" data-testid="revisions-more" onClick=${more}>
        ${t.more}</button></div>`
    }</section>`;
}

/** @param {Given & {revision: number}} props */
function Revision({ revision, ...given }) {
  const { t: texts } = useWords();
  const { menu, token, last, act, sense, manages } = given;
  const t = sense.t.history;
  const told = useTold(token, `menu/revisions/${revision}`, last, REFRESH_MS);
  const back = html`<button type="button" class="quiet" data-testid="menu-history-back"
    onClick=${() => goTo("menu", "history")}>${t.back}</button>`;
  if (!told) return html`<section class="card row"><div><h2>${t.row(revision)}</h2></div>${back}</section>`;
  const sensed = { ...sense, documents: [told.document, ...sense.documents] };
  const go = async () => {
    const answer = await act(t.bringAct(revision), `menu/revisions/${revision}/publish`, undefined);
    void menu.load();
    if (!answer?.ok) return;
    menu.tell(answer.body);
    goTo("menu");
  };
  return html`<section class="card" data-testid="menu-revision-card"><div class="row-of">
      <div><h2>${t.row(revision)}</h2>
      <p>${timeOf(told.at)} · ${cameFrom(told, sense.t, texts)}</p></div>${back}</div>
    <h3>${t.differences}</h3>
    ${
      told.differences.length
        ? html`<ul class="differences" data-testid="menu-differences">${told.differences.map(
            (/** @type {any} */ row) => html`<li key=${keyOf(row)}>${differenceWords(row, sensed)}</li>`,
          )}</ul>`
        : html`<p>${t.none}</p>`
    }
    ${
      manages &&
      revision !== menu.sold.revision &&
      html`<div class="save-bar"><${Twice} id="menu-bring" words=${t.bring} sure=${t.bringSure(revision)} go=${go} />
        ${!menu.sold.draft && html`<${Begin} ...${given} words=${t.draft} revision=${revision} />`}</div>`
    }</section>`;
}
