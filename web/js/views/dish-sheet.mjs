/** One dish in full: what is in it, what may harm, what can be changed, and one button with the price. */

import { useState } from "preact/hooks";
import { defaultOptions, isGone, itemsById, keyOf, MAX_QUANTITY, unitPrice } from "../cart.mjs";
import { contentsOf, isCombo, savingOf } from "../combo.mjs";
import { money } from "../format.mjs";
import { html } from "../html.mjs";
import { reasonText } from "../texts.mjs";
import { useKiosk, usePart, useTexts } from "./context.mjs";
import { Dialog } from "./dialogs.mjs";
import { Picture, stepper } from "./parts.mjs";

export function DishSheet() {
  const { sheet, menu, lines, actions } = usePart(({ language, sheet, menu, lines }) => ({ language, sheet, menu, lines: sheet && lines }));
  const item = sheet && itemsById(menu).get(sheet.itemId);
  if (!sheet || !item) return null;
  const line = lines?.find((known) => keyOf(known) === sheet.key);
  return html`<${Dialog} class="dish-sheet" label=${item.name} close=${actions.closeSheet}><${Choice} key=${item.id} item=${item} line=${line} /><//>`;
}

/** @param {{item: import("../cart.mjs").Item, line?: import("../cart.mjs").Line}} props */
function Choice({ item, line }) {
  const { t, actions } = useTexts();
  const [options, setOptions] = useState(line?.options ?? defaultOptions(item));
  const [quantity, setQuantity] = useState(line?.quantity ?? 1);
  const chosen = { itemId: item.id, options, quantity };
  const out = isGone(chosen, item);
  return html`<button type="button" class="close" aria-label=${t.close} data-testid="sheet-close" onClick=${actions.closeSheet}>×</button>
    <div class="sheet-scroll">
      <div class="sheet-head"><${Picture} src=${item.image} size=${256} />
        <div><h2>${item.name}</h2><p class="lead">${item.description}</p></div></div>
      <${Facts} item=${item} options=${options} />
      ${item.modifier_groups.map((group) => html`<${Group} key=${group.id} group=${group} options=${options} choose=${setOptions} />`)}
    </div>
    <footer class="sheet-foot">
      ${item.available
        ? html`${stepper({ t, name: item.name, quantity, atMost: quantity >= MAX_QUANTITY,
            less: () => setQuantity(Math.max(1, quantity - 1)), more: () => setQuantity(quantity + 1) })}
          <button type="button" class="go" data-testid="sheet-add" disabled=${out} onClick=${() => (line ? actions.replaceLine(keyOf(line), chosen) : actions.addLine(chosen))}>
            ${line ? t.saveFor : t.addFor} · ${money(unitPrice(item, options) * quantity)}</button>`
        : html`<p class="strip" role="status">${reasonText(t.unavailable, item.unavailable_reason, t.soldOut)}</p>`}
    </footer>`;
}

/** @param {{item: import("../cart.mjs").Item, options: string[]}} props */
function Facts({ item, options }) {
  const { state, t } = useKiosk();
  const items = itemsById(state.menu);
  const { nutrition: n, allergens } = contentsOf(item, options, items);
  const rows = [weightRow(item, options, items, t),
    [t.energy, t.kcal(n.kcal)], [t.protein, t.grams(n.protein_g)], [t.fat, t.grams(n.fat_g)], [t.carbohydrate, t.grams(n.carbohydrate_g)]];
  return html`<dl class="facts">${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
    <p class="allergens" data-testid="allergens">${allergens.length ? html`<b>${t.allergens}: ${allergens.join(", ")}.</b>` : html`<b>${t.noAllergens}.</b>`} ${t.allergensNote}</p>`;
}

/**
 * Grams and millilitres do not add up: a combo tells what it saves, its dishes tell what they weigh.
 * @param {import("../cart.mjs").Item} item
 * @param {string[]} options
 * @param {Map<string, import("../cart.mjs").Item>} items
 * @param {import("../texts.mjs").Texts} t
 */
function weightRow(item, options, items, t) {
  if (isCombo(item)) return [t.savingLabel, money(savingOf(item, options, items))];
  return item.tags?.includes("drink") ? [t.volume, t.millilitres(item.weight_g)] : [t.weight, t.grams(item.weight_g)];
}

/** @param {{group: import("../cart.mjs").Group, options: string[], choose: (options: string[]) => void}} props */
function Group({ group, options, choose }) {
  const { t } = useTexts();
  const single = group.max === 1 && group.min === 1;
  const mine = group.options.map((o) => o.id);
  const taken = options.filter((id) => mine.includes(id));
  const full = !single && group.max > 1 && taken.length >= group.max;
  const toggle = (/** @type {string} */ id) => choose(toggled(options, mine, taken, id, group));
  return html`<fieldset class="group">
    <legend>${group.name} <small>${single ? t.chooseOne : group.max > 1 ? t.chooseUpTo(group.max) : t.optional}</small></legend>
    <div class=${group.options.length === 3 && !group.options[0].item_id ? "options three" : "options"}>${group.options.map((option) => {
      const on = taken.includes(option.id);
      return html`<button type="button" key=${option.id} class=${on ? "option on" : "option"} aria-pressed=${on} disabled=${(full && !on) || (!option.available && !on)}
        data-testid=${`option-${option.id}`} onClick=${() => toggle(option.id)}>
        <i class=${single ? "mark round" : "mark"} aria-hidden="true">${on ? "✓" : ""}</i><${OptionName} option=${option} />
        ${option.available ? option.price_kopecks > 0 && html`<b>+${money(option.price_kopecks)}</b>` : html`<b class="gone-word">${t.soldOut}</b>`}
      </button>`;
    })}</div>
  </fieldset>`;
}

/** The dish behind a combo's option shows its picture and weight. @param {{option: import("../cart.mjs").Option}} props */
function OptionName({ option }) {
  const { state, t } = useKiosk();
  const dish = option.item_id && itemsById(state.menu).get(option.item_id);
  if (!dish) return html`<span>${option.name}</span>`;
  return html`<${Picture} src=${dish.image} size=${72} /><span>${option.name} <small>${dish.tags?.includes("drink") ? t.millilitres(dish.weight_g) : t.grams(dish.weight_g)}</small></span>`;
}

/**
 * @param {string[]} options
 * @param {string[]} mine every option of this group
 * @param {string[]} taken those of them that are on
 * @param {string} id
 * @param {import("../cart.mjs").Group} group
 */
function toggled(options, mine, taken, id, group) {
  const others = options.filter((known) => !mine.includes(known));
  if (taken.includes(id)) return taken.length > group.min ? options.filter((known) => known !== id) : options;
  return group.max === 1 ? [...others, id] : [...options, id];
}
