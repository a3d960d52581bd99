/** A menu that was published since the draft was begun: what it changed, whose value stands where both changed one. */

import { timeOf } from "./desk-menu-parts.mjs";
import { actorWords } from "./desk-words.mjs";
import { html } from "./html.mjs";
import { differenceWords, sideWords } from "./menu-words.mjs";
import { useWords } from "./staff-language.mjs";

/** @typedef {import("./desk-menu-parts.mjs").Given} Given */
/** @typedef {import("./menu-words.mjs").Conflict} Conflict */

const SIDES = /** @type {const} */ (["mine", "theirs"]);

/** @param {{table: string, id: string, field: string}} row */
const keyOf = (row) => `${row.table}/${row.id}/${row.field}`;

/** @param {Given} given */
export function Newer(given) {
  const { t: texts } = useWords();
  const { menu, manages, sense, act } = given;
  const t = texts.menu.newer;
  const { newer, edit } = menu.draft;
  if (!newer) return null;
  const { conflicts, revision } = newer;
  const choices = conflicts.map((/** @type {Conflict} */ { table, id, field }) => ({
    table,
    id,
    field,
    take: menu.choices[keyOf({ table, id, field })],
  }));
  const open = choices.filter((/** @type {any} */ { take }) => !take).length;
  const theirs = choices.filter((/** @type {any} */ { take }) => take === "theirs").length;
  const others = theirs * 2 > choices.length ? "theirs" : "mine"; // there may be more of them than a body holds
  const go = async () => {
    const answer = await act(t.act(revision), "menu/draft/update", {
      edit,
      revision,
      others,
      choices: choices.filter((/** @type {any} */ { take }) => take !== others),
    });
    if (!answer?.ok) return void menu.load();
    menu.choose(null);
    menu.take(answer.body);
  };
  return html`<section class="newer" role="alert" data-testid="menu-newer"><div>
    <h3>${t.title(revision, actorWords(newer.by, texts.journal), timeOf(newer.published_at))}</h3>
    <ul class="differences">${newer.differences.map(
      (/** @type {any} */ row) => html`<li key=${keyOf(row)}>${differenceWords(row, sense)}</li>`,
    )}</ul>
    <p>${newer.comparable ? t.hint : t.notComparable}</p>
    ${
      manages &&
      conflicts.length > 1 &&
      html`<div class="chips">${SIDES.map(
        (side) => html`<button type="button" class="quiet" key=${side} data-testid=${`take-all-${side}`}
          onClick=${() => menu.chooseAll(conflicts.map(keyOf), side)}>${t[side](t.all)}</button>`,
      )}</div>`
    }
    ${conflicts.map((/** @type {Conflict} */ row) => html`<${Choice} key=${keyOf(row)} conflict=${row} ...${given} />`)}
    ${
      manages &&
      newer.comparable &&
      html`<button type="button" data-testid="menu-take-over" disabled=${open > 0} onClick=${go}>
        ${open ? t.choose(open) : t.takeOver}</button>`
    }</div></section>`;
}

/** The conflicts of one card's field. @param {Given & {table: string, id: string, field: string}} props */
export function ConflictsAt({ table, id, field, ...given }) {
  return given.menu.draft.newer?.conflicts
    .filter((/** @type {Conflict} */ row) => keyOf(row) === keyOf({ table, id, field }))
    .map((/** @type {Conflict} */ row) => html`<${Choice} key=${keyOf(row)} conflict=${row} ...${given} />`);
}

/** @param {Given & {conflict: Conflict}} props */
function Choice({ conflict, menu, manages, sense }) {
  const t = sense.t.newer;
  const key = keyOf(conflict);
  return html`<div class="group conflict" role="group" aria-label=${t.both}
    data-testid=${`conflict-${conflict.table}-${conflict.id}-${conflict.field}`}><b class="trouble">${t.both}</b>
    <div class="chips">${SIDES.map(
      (side) => html`<button type="button" role="radio" key=${side} disabled=${!manages}
        class=${menu.choices[key] === side ? "" : "quiet"} aria-checked=${menu.choices[key] === side}
        data-testid=${`take-${side}-${conflict.id}-${conflict.field}`} onClick=${() => menu.choose(key, side)}>
        ${menu.choices[key] === side ? "✓ " : ""}${t[side](sideWords(conflict, conflict[side], sense))}</button>`,
    )}</div></div>`;
}
