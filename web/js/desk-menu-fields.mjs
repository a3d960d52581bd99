/** The editors of a card, one for each kind of field; parts of a card are cards in small. */

import { useState } from "preact/hooks";
import { html } from "./html.mjs";
import { calledBy } from "./languages.mjs";
import { DAYS, joined, measureText, priceText, valueIn } from "./menu-fields.mjs";
import { blankPart, codeOf, partsTaken } from "./menu-rows.mjs";
import { choicesOf, nameOf, partName } from "./menu-words.mjs";

const NAME_LENGTH = 128;
const TEXT_LENGTH = 1000;
const PICTURES = "image/jpeg,image/png,image/webp";

/**
 * @typedef {import("./menu-fields.mjs").Field} Field
 * @typedef {{field: Field, id: string, value: any, sense: import("./menu-words.mjs").Sense,
 *   menu: import("./desk-menu-state.mjs").MenuState, act: import("./desk-parts.mjs").Act,
 *   set: (value: any) => void}} Editing `id`: names the field on the page; `set`: of words and weeks a part is enough
 */

/** @type {Record<import("./menu-fields.mjs").Kind, (editing: Editing) => any>} */
const EDITORS = {
  words: Words,
  long: Words,
  price: Line,
  count: Line,
  measure: Line,
  figures: Figures,
  span: Line,
  moment: Moment,
  flag: Flag,
  one: One,
  many: Many,
  stated: Stated,
  picture: Picture,
  week: Week,
  amounts: Amounts,
  rows: Parts,
};

/** @param {Editing} editing */
export const FieldEditor = (editing) => html`<${EDITORS[editing.field.kind]} ...${editing} />`;

/** @param {(text: string) => void} set */
const by = (set) => (/** @type {any} */ event) => set(event.target.value);

/** @param {Pick<Editing, "field"|"sense">} editing */
const hintOf = ({ field, sense }) => sense.t.hints[field.kind === "span" ? "hours" : field.name];

/** @param {{editing: Editing, children?: any}} props */
function Group({ editing, children }) {
  const { t } = editing.sense;
  const [name, hint] = [t.fields[editing.field.name], hintOf(editing)];
  return html`<div role="group" aria-label=${name} class="group"><b>${name}</b>
    ${hint && html`<small>${hint}</small>`}${children}</div>`;
}

/** One line for each language of the menu. @param {Editing} editing */
function Words({ field, id, value, sense, menu, set }) {
  const { t } = sense;
  return html`<div class="words">${menu.sold.languages.map((/** @type {string} */ language) => {
    const said = {
      value: value?.[language] ?? "",
      lang: language,
      autocomplete: "off",
      "data-testid": `${id}-${language}`,
      onInput: by((text) => set({ [language]: text })),
    };
    return html`<label key=${language}>${t.fields[field.name]} · ${calledBy(language).name}${
      field.kind === "long"
        ? html`<textarea rows="2" maxlength=${TEXT_LENGTH} ...${said}></textarea>`
        : html`<input maxlength=${NAME_LENGTH} ...${said} />`
    }</label>`;
  })}</div>`;
}

/** @param {Editing} editing */
function Line({ field, id, value, sense, set }) {
  const hint = hintOf({ field, sense });
  const written = field.kind === "price" ? priceText : measureText;
  const shown = typeof value === "number" ? written(value) : (value ?? "");
  const wrong = valueIn(field, value ?? "") === undefined;
  return html`<label>${sense.t.fields[field.name]}<input value=${shown} maxlength="100" autocomplete="off"
      inputmode=${field.kind === "span" ? "text" : "decimal"} aria-invalid=${wrong} data-testid=${id}
      onInput=${by(set)} />${hint && html`<small>${hint}</small>`}</label>`;
}

/** Figures that belong together. @param {Editing} editing */
function Figures(editing) {
  const { field, id, value, set } = editing;
  return html`<${Group} editing=${editing}><div class="week">${field.rows?.map(
    (one) => html`<${Line} key=${one.name} ...${editing} field=${one} id=${`${id}-${one.name}`}
      value=${value?.[one.name]} set=${(/** @type {any} */ typed) => set({ [one.name]: typed })} />`,
  )}</div><//>`;
}

/** A day, or a time of one. @param {Editing} editing */
function Moment({ field, id, value, sense, set }) {
  const shown = value && !value.includes("T") ? `${value}T00:00` : value;
  return html`<label>${sense.t.fields[field.name]}<input type="datetime-local" value=${shown} data-testid=${id}
    aria-invalid=${!value} onInput=${by((text) => set(text.replace(/T00:00$/, "")))} /></label>`;
}

/** @param {Editing} editing */
function Flag({ field, id, value, sense, set }) {
  const { t } = sense;
  const on = value !== false;
  return html`<div class="group"><b>${t.fields[field.name]}</b><small>${t.hints[field.name]}</small>
    <div><button type="button" role="switch" class=${on ? "" : "quiet"} aria-checked=${on} data-testid=${id}
      aria-label=${t.fields[field.name]} onClick=${() => set(!on)}>${on ? t.yes : t.no}</button></div></div>`;
}

/** @param {Editing} editing */
function One({ field, id, value, sense, menu, set }) {
  const { t } = sense;
  const choices = choicesOf(field.of ?? "", menu.draft);
  const hint = t.hints[field.name];
  return html`<label>${t.fields[field.name]}<select value=${value ?? ""} data-testid=${id} onChange=${by(set)}>
      ${!choices.includes(value) && html`<option value=${value ?? ""}>${value || t.card.choose}</option>`}
      <${Options} of=${field.of ?? ""} choices=${choices} sense=${sense} />
    </select>${hint && html`<small>${hint}</small>`}</label>`;
}

/** @param {{of: string, choices: string[], sense: import("./menu-words.mjs").Sense}} props */
function Options({ of, choices, sense }) {
  return choices.map((one) => html`<option key=${one} value=${one}>${nameOf(of, one, sense)}</option>`);
}

/** @param {Editing} editing */
function Many(editing) {
  return html`<${Group} editing=${editing}><${Ticks} ...${editing} /><//>`;
}

/** @param {Editing} editing */
function Ticks({ field, id, value, sense, menu, set }) {
  const chosen = value ?? [];
  const choices = [...new Set([...choicesOf(field.of ?? "", menu.draft), ...chosen])];
  const flip = (/** @type {string} */ one) =>
    set(chosen.includes(one) ? chosen.filter((/** @type {string} */ known) => known !== one) : [...chosen, one]);
  return html`<div class="chips">${
    choices.length
      ? choices.map(
          (
            /** @type {string} */ one,
          ) => html`<button type="button" key=${one} role="checkbox" class=${chosen.includes(one) ? "" : "quiet"}
            aria-checked=${chosen.includes(one)} data-testid=${`${id}-${one}`} onClick=${() => flip(one)}>
            ${chosen.includes(one) ? "✓ " : ""}${nameOf(field.of ?? "", one, sense)}</button>`,
        )
      : html`<small>${field.of === "dayparts" ? sense.t.card.noDayparts : sense.t.none}</small>`
  }</div>`;
}

/** Allergens that are stated by hand; else they follow from what is in it. @param {Editing} editing */
function Stated(editing) {
  const { id, value, sense, set } = editing;
  const { t } = sense;
  const stated = Array.isArray(value);
  return html`<${Group} editing=${editing}>${!stated && html`<small>${t.card.computedHint}</small>`}
    <div><button type="button" role="switch" class=${stated ? "" : "quiet"} aria-checked=${stated}
      data-testid=${`${id}-stated`} onClick=${() => set(stated ? null : [])}>${t.card.stated}</button></div>
    ${stated && html`<${Ticks} ...${editing} />`}<//>`;
}

/** @param {Editing} editing */
function Picture(editing) {
  const { id, value, sense, act, set } = editing;
  const { t } = sense;
  const [trouble, setTrouble] = useState("");
  const upload = async (/** @type {any} */ { target }) => {
    const [file] = target.files;
    if (!file) return;
    const answer = await act(t.acts.upload, "menu/pictures", file);
    target.value = "";
    setTrouble(answer?.ok === false ? (t.refusedPicture[answer.status] ?? answer.body?.detail ?? "") : "");
    if (answer?.ok) set(answer.body.image);
  };
  return html`<${Group} editing=${editing}><div class="picture">
    <img src=${`/assets/images/${encodeURIComponent(value || "plate.webp")}`} alt=${value || t.card.noPicture}
      width="160" height="160" data-testid=${`${id}-shown`} />
    <label class="upload">${t.card.upload}<input type="file" class="unseen" accept=${PICTURES}
      data-testid=${`${id}-file`} onChange=${upload} /></label></div>
    ${trouble && html`<p class="trouble" role="alert">${trouble}</p>`}<//>`;
}

/** @param {Editing} editing */
function Week(editing) {
  const { id, value, sense, set } = editing;
  const { t } = sense;
  return html`<${Group} editing=${editing}><div class="week">${DAYS.map(
    (
      day,
    ) => html`<label key=${day}>${t.fields[day]}<input value=${value?.[day] ?? ""} maxlength="100" autocomplete="off"
      placeholder=${t.shut} data-testid=${`${id}-${day}`}
      onInput=${by((text) => set({ [day]: text.trim() }))} /></label>`,
  )}</div><//>`;
}

/** How much of which ingredient. @param {Editing} editing */
function Amounts(editing) {
  const { field, id, value, sense, menu, set } = editing;
  const { t } = sense;
  /** @type {[string, any][]} */
  const pairs = Array.isArray(value) ? value : Object.entries(value ?? {});
  const put = (/** @type {number} */ at, /** @type {[string, any]} */ pair) => set(pairs.with(at, pair));
  const choices = choicesOf(field.of ?? "", menu.draft);
  return html`<${Group} editing=${editing}>${pairs.map(
    ([name, amount], i) => html`<div class="amount" key=${i}>
      <select aria-label=${t.one["ingredients"]} value=${name} data-testid=${`${id}-${i}`}
        onChange=${by((text) => put(i, [text, amount]))}><option value="">${t.card.choose}</option>
        <${Options} of="ingredients" choices=${choices} sense=${sense} /></select>
      <input aria-label=${nameOf("ingredients", name, sense)} inputmode="numeric" maxlength="6" value=${amount}
        autocomplete="off" data-testid=${`${id}-${i}-amount`} onInput=${by((text) => put(i, [name, text]))} />
      <button type="button" class="quiet" aria-label=${t.card.removePart(nameOf("ingredients", name, sense))}
        onClick=${() => set(pairs.toSpliced(i, 1))}>×</button></div>`,
  )}<div><button type="button" class="quiet" data-testid=${`${id}-add`} onClick=${() => set([...pairs, ["", ""]])}>
      + ${t.add["ingredients"]}</button></div><//>`;
}

/** Options, places, dishes at a place, prices: added, removed, moved. @param {Editing} editing */
function Parts(editing) {
  const { field, id, sense, menu, set } = editing;
  const { t } = sense;
  /** @type {any[]} */
  const parts = editing.value ?? [];
  const add = () => {
    const taken = [...partsTaken(menu.draft.document), ...parts.map((part) => part.id)];
    set([...parts, blankPart(field, codeOf(`${field.name} 1`, taken))]);
  };
  const put = (/** @type {number} */ at, /** @type {any} */ part) => set(parts.with(at, part));
  const move = (/** @type {number} */ from, /** @type {number} */ to) =>
    set(parts.toSpliced(from, 1).toSpliced(to, 0, parts[from]));
  return html`<${Group} editing=${editing}>${parts.map(
    (part, i) => html`<div class="part" key=${part.id ?? i} data-testid=${`${id}-${part.id ?? i}`}>
      <div class="part-fields">${field.rows?.map(
        (
          one,
        ) => html`<${FieldEditor} key=${one.name} ...${editing} field=${one} id=${`${id}-${part.id ?? i}-${one.name}`}
          value=${part[one.name]}
          set=${(/** @type {any} */ value) => put(i, { ...part, [one.name]: joined(one, part[one.name], value) })} />`,
      )}</div>
      <${PartMoves} name=${partName(field, part, sense)} t=${t} remove=${() => set(parts.toSpliced(i, 1))}
        up=${i > 0 && field.name !== "prices" ? () => move(i, i - 1) : null}
        down=${i < parts.length - 1 && field.name !== "prices" ? () => move(i, i + 1) : null} /></div>`,
  )}<div><button type="button" class="quiet" data-testid=${`${id}-add`} onClick=${add}>
      + ${t.add[field.name]}</button></div>
  <//>`;
}

/**
 * @param {{name: string, t: import("./menu-words.mjs").Texts, remove: () => void, up: (() => void)|null,
 *   down: (() => void)|null}} props
 */
function PartMoves({ name, t, remove, up, down }) {
  return html`<span class="moves">
    ${up && html`<button type="button" class="quiet" aria-label=${t.draft.up(name)} onClick=${up}>↑</button>`}
    ${down && html`<button type="button" class="quiet" aria-label=${t.draft.down(name)} onClick=${down}>↓</button>`}
    <button type="button" class="quiet" aria-label=${t.card.removePart(name)} onClick=${remove}>×</button></span>`;
}
