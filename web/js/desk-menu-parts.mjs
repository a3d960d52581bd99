/** What the views of the menu's section share: how a draft is begun and changed, times, keys. */

import { goTo } from "./desk-section-bar.mjs";
import { actorWords } from "./desk-words.mjs";
import { html } from "./html.mjs";
import { useWords } from "./staff-language.mjs";

/**
 * @typedef {{menu: import("./desk-menu-state.mjs").MenuState, sense: import("./menu-words.mjs").Sense,
 *   act: import("./desk-parts.mjs").Act, manages: boolean}} Given
 */

/** @param {import("./menu-words.mjs").Difference} row */
export const keyOf = (row) => `${row.table}/${row.id}/${row.field}`;

/** @param {string} at */
export const timeOf = (at) =>
  new Date(at).toLocaleString("ru-RU", { day: "2-digit", month: "2-digit", hour: "2-digit", minute: "2-digit" });

/** Made by nobody at a page: their account is the program's own. */
const BY_ITSELF = new Set(["file", "cloud"]);

/**
 * Where a revision came from, and who published it.
 * @param {any} revision
 * @param {import("./menu-words.mjs").Texts} t
 * @param {import("./staff-language.mjs").StaffTexts} texts
 */
export function cameFrom({ origin, source, by }, t, texts) {
  const of = origin === "rollback" && source ? `(${t.history.of(source)})` : "";
  const named = `${t.sold.origins[origin] ?? origin} ${of}`.trim();
  return BY_ITSELF.has(origin) ? named : [named, actorWords(by, texts.journal)].filter(Boolean).join(" · ");
}

/** Rows of the draft changed at once; a refusal brings the newest draft. @param {Given} given */
export function changing({ menu, act }) {
  return async (/** @type {string} */ words, /** @type {object[]} */ changes) => {
    const answer = await act(words, "menu/draft/changes", { edit: menu.draft.edit, changes });
    if (answer?.ok) menu.take(answer.body);
    else void menu.load();
    return Boolean(answer?.ok);
  };
}

/** A draft of what is sold, or of an earlier revision. @param {Given & {words?: string, revision?: number}} props */
export function Begin({ menu, act, manages, words, revision }) {
  const { t: texts } = useWords();
  const t = texts.menu;
  const head = menu.sold.draft;
  const go = async () => {
    const answer = await act(words ?? t.begin, "menu/draft", revision ? { revision } : {});
    if (!answer?.ok) return void menu.load();
    menu.dropAll();
    menu.take(answer.body);
    goTo("menu", "draft");
  };
  if (head)
    return html`<button type="button" class="quiet" data-testid="menu-to-draft" onClick=${() => goTo("menu", "draft")}>
      ${t.toDraft(actorWords(head.by, texts.journal), timeOf(head.changed_at))}</button>`;
  return manages && html`<button type="button" data-testid="menu-begin" onClick=${go}>${words ?? t.begin}</button>`;
}
