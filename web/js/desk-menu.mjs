/** The menu's section: what is sold, the draft, the history; an address for each of them and for every card. */

import { Card } from "./desk-menu-card.mjs";
import { Draft } from "./desk-menu-draft.mjs";
import { History } from "./desk-menu-history.mjs";
import { keyOf, timeOf } from "./desk-menu-parts.mjs";
import { Sold } from "./desk-menu-sold.mjs";
import { useMenu } from "./desk-menu-state.mjs";
import { goTo } from "./desk-section-bar.mjs";
import { actorWords } from "./desk-words.mjs";
import { html } from "./html.mjs";
import { differenceWords, viewOf } from "./menu-words.mjs";
import { useWho } from "./staff.mjs";
import { useWords } from "./staff-language.mjs";

const MANAGES = "POST /api/service/menu/draft";

/** @typedef {import("./desk-menu-parts.mjs").Given} Given */

/**
 * @param {{told: any, of: string, token: string, act: import("./desk-parts.mjs").Act}} props
 *   `of`: what of it is looked at
 */
export function Menu({ told, of, token, act }) {
  const { language, t: texts } = useWords();
  const t = texts.menu;
  const last = told.journal[0]?.at;
  const menu = useMenu(token, last);
  const manages = useWho().may(MANAGES);
  if (!menu.sold) return null;
  const { view, table, id } = viewOf(of);
  const documents = [menu.draft?.document, menu.sold.document].filter(Boolean);
  const given = { menu, act, manages, sense: { documents, t, language } };
  return html`<div class="menu-views" role="group" aria-label=${t.title}>${["sold", "draft", "history"].map(
    (name) => html`<button type="button" key=${name} class=${name === view ? "" : "quiet"}
      aria-current=${name === view ? "page" : undefined} data-testid=${`menu-view-${name}`}
      onClick=${() => goTo("menu", name === "sold" ? "" : name)}>${t.views[/** @type {"sold"} */ (name)]}</button>`,
  )}</div>
  <${Foreign} ...${given} />
  ${view === "sold" && html`<${Sold} dishes=${told.dishes} ...${given} />`}
  ${view === "draft" && table && html`<${Card} key=${`${table}/${id}`} table=${table} id=${id} ...${given} />`}
  ${view === "draft" && !table && html`<${Draft} ...${given} />`}
  ${view === "history" && html`<${History} id=${id} token=${token} last=${last} ...${given} />`}`;
}

/** What somebody else did to the draft while one looked at it. @param {Given} props */
function Foreign({ menu, sense }) {
  const { t: texts } = useWords();
  const t = texts.menu.foreign;
  const { foreign } = menu;
  if (!foreign) return null;
  const { by, changed_at, changed, undone, gone } = foreign;
  return html`<section class="card foreign" role="alert" data-testid="menu-foreign">
    <div><b>${gone ? t.gone : t.changed(actorWords(by, texts.journal), timeOf(changed_at))}</b>
      <ul>${changed.map((row) => html`<li key=${keyOf(row)}>${differenceWords(row, sense)}</li>`)}
        ${undone.map(
          (row) => html`<li key=${keyOf(row)}>${t.undone(differenceWords({ ...row, after: row.before }, sense))}</li>`,
        )}</ul>
      ${!gone && html`<p>${t.kept}</p>`}</div>
    <button type="button" class="quiet" data-testid="menu-foreign-seen" onClick=${menu.forget}>${t.seen}</button>
  </section>`;
}
