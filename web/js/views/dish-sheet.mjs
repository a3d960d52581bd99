/** One dish in full: what is in it, what may harm, what can be changed, and one button with the price. */

import { useState } from "preact/hooks";
import { chosenOptions, defaultOptions, isGone, itemsById, keyOf, MAX_QUANTITY, unitPrice } from "../cart.mjs";
import { savingOf } from "../combo.mjs";
import { dishesOf, isCombo, portionOf, servedWith } from "../contents.mjs";
import { broken, fittingOptions, leftOut } from "../filters.mjs";
import { money } from "../format.mjs";
import { html } from "../html.mjs";
import { whyNot } from "../texts.mjs";
import { usePart, useTexts } from "./context.mjs";
import { Dialog } from "./dialogs.mjs";
import { isPoured, weightOf } from "./menu.mjs";
import { Picture, stepper } from "./parts.mjs";

export function DishSheet() {
  const { sheet, menu, lines, actions } = usePart(({ language, sheet, menu, lines }) => ({
    language,
    sheet,
    menu,
    lines: sheet && lines,
  }));
  const item = sheet && itemsById(menu).get(sheet.itemId);
  if (!sheet || !item) return null;
  const line = lines?.find((known) => keyOf(known) === sheet.key);
  return html`<${Dialog} class="dish-sheet" label=${item.name} close=${actions.closeSheet}>
    <${Choice} key=${item.id} item=${item} line=${line} /><//>`;
}

/** @param {{item: import("../cart.mjs").Item, line?: import("../cart.mjs").Line}} props */
function Choice({ item, line }) {
  const { menu, filters, t, actions } = usePart(({ language, menu, filters }) => ({ language, menu, filters }));
  const [options, setOptions] = useState(
    () => line?.options ?? (menu && fittingOptions(item, filters, menu)) ?? defaultOptions(item),
  );
  const [quantity, setQuantity] = useState(line?.quantity ?? 1);
  const chosen = { itemId: item.id, options, quantity };
  const out = isGone(chosen, item);
  const over = chosenOptions(item, options).filter((option) => !option.available);
  return html`<button type="button" class="close" aria-label=${t.close} data-testid="sheet-close"
    onClick=${actions.closeSheet}>×</button>
  <div class="sheet-scroll">
    <div class="sheet-head"><${Picture} src=${item.image} size=${256} />
      <div><h2>${item.name}</h2><p class="lead">${item.description}</p></div></div>
    <${Facts} item=${item} options=${options} />
    ${item.modifier_groups.map(
      (group) => html`<${Group} key=${group.id} group=${group} options=${options}
        choose=${setOptions} />`,
    )}
    ${
      menu &&
      isCombo(item) &&
      dishesOf(item, options, itemsById(menu)).map(
        (dish) => html`<${Making} key=${dish.id} item=${dish}
          portion=${portionOf(dish, servedWith(dish), menu)} menu=${menu} called=${dish.name} />`,
      )
    }
  </div>
  ${
    item.available &&
    over.length > 0 &&
    html`<p class="strip" role="status" data-testid="choice-gone">
      ${t.choiceGone(over.map(({ name }) => name).join(", "))}</p>`
  }
  <footer class="sheet-foot">
    ${
      item.available
        ? html`${stepper({
            t,
            name: item.name,
            quantity,
            atMost: quantity >= MAX_QUANTITY,
            less: () => setQuantity(Math.max(1, quantity - 1)),
            more: () => setQuantity(quantity + 1),
          })}
        <button type="button" class="go" data-testid="sheet-add" disabled=${out}
          onClick=${() => (line ? actions.replaceLine(keyOf(line), chosen) : actions.addLine(chosen))}>
          ${line ? t.saveFor : t.addFor} · ${money(unitPrice(item, options) * quantity)}</button>`
        : html`<p class="strip" role="status">${whyNot(t, item)}</p>`
    }
  </footer>`;
}

/** @param {{item: import("../cart.mjs").Item, options: string[]}} props */
function Facts({ item, options }) {
  const { menu, filters, t } = usePart(({ language, menu, filters }) => ({ language, menu, filters }));
  if (!menu) return null;
  const portion = portionOf(item, options, menu);
  const { nutrition: n } = portion;
  const rows = [
    isCombo(item)
      ? [t.savingLabel, money(savingOf(item, options, itemsById(menu)))]
      : [isPoured(portion) ? t.volume : t.weight, weightOf(portion, t)],
    [t.energy, t.kcal(n.kcal)],
    [t.protein, t.grams(n.protein_g)],
    [t.fat, t.grams(n.fat_g)],
    [t.carbohydrate, t.grams(n.carbohydrate_g)],
  ];
  const names = allergenNames(portion.allergens, menu);
  const wrong = broken(portion, filters);
  return html`<dl class="facts">${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
  ${
    wrong.length > 0 &&
    html`<p class="strip misfit" role="status" data-testid="does-not-fit">
      ${t.doesNotFit(wrongWords(wrong, menu, t))}</p>`
  }
  <p class="allergens" data-testid="allergens">
    ${
      names.length
        ? html`<b>${t.allergens}: ${names.join(", ")}.</b>`
        : html`<b>
          ${t.noAllergens}.</b>`
    } ${t.allergensNote}</p>
  ${!isCombo(item) && html`<${Making} item=${item} portion=${portion} menu=${menu} called=${t.composition} />`}`;
}

/**
 * What a dish is made of, as chosen, and how.
 * @param {{item: import("../cart.mjs").Item, portion: import("../contents.mjs").Portion,
 *   menu: import("../cart.mjs").Menu, called: string}} props
 */
function Making({ item, portion, menu, called }) {
  const { t } = useTexts();
  const names = new Map(menu.ingredients.map(({ id, name }) => [id, name]));
  const amounts = portion.composition.map(
    ({ ingredient, amount, unit }) => `${names.get(ingredient)?.toLowerCase()} ${t.amount(amount, unit)}`,
  );
  const words = /** @type {Record<string, string>} */ (t.cookingSteps);
  const steps = item.cooking.flatMap(
    ({ operation, station }) => words[`${operation}_${station}`] ?? words[operation] ?? [],
  );
  const way = steps.join(", ");
  return html`<p class="allergens" data-testid="composition"><b>
      ${called}:</b> ${amounts.join(", ")}. ${
        way &&
        html`<span data-testid="cooking"><b>
            ${t.wayOfCooking}:</b> ${way}.</span>`
      }</p>`;
}

/** @param {string[]} ids @param {import("../cart.mjs").Menu} menu */
function allergenNames(ids, menu) {
  return menu.allergens.filter(({ id }) => ids.includes(id)).map(({ name }) => name);
}

/** @param {string[]} filters @param {import("../cart.mjs").Menu} menu @param {import("../texts.mjs").Texts} t */
function wrongWords(filters, menu, t) {
  const tags = /** @type {Record<string, string>} */ (t.tags);
  return [
    ...filters.flatMap((filter) => tags[filter] ?? []),
    ...allergenNames(leftOut(filters), menu).map(t.without),
  ].join(", ");
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
    <legend>${group.name} <small>
        ${single ? t.chooseOne : group.max > 1 ? t.chooseUpTo(group.max) : t.optional}</small></legend>
    <div class=${group.options.length === 3 && !group.options[0].item_id ? "options three" : "options"}>
      ${group.options.map((option) => {
        const on = taken.includes(option.id);
        return html`<button type="button" key=${option.id} class=${on ? "option on" : "option"} aria-pressed=${on}
          disabled=${(full && !on) || (!option.available && !on)}
          data-testid=${`option-${option.id}`} onClick=${() => toggle(option.id)}>
          <i class=${single ? "mark round" : "mark"} aria-hidden="true">${on ? "✓" : ""}</i>
          <${OptionName} option=${option} />
          ${option.available ? priceOf(option) : html`<b class="gone-word">${t.soldOut}</b>`}
        </button>`;
      })}</div>
  </fieldset>`;
}

/** What it costs more or less than the portion as it stands. @param {import("../cart.mjs").Option} option */
function priceOf(option) {
  const extra = option.price_kopecks;
  return extra !== 0 && html`<b>${extra > 0 ? "+" : ""}${money(extra)}</b>`;
}

/**
 * The dish behind a combo's option shows its picture and weight; whatever harms is told by both.
 * @param {{option: import("../cart.mjs").Option}} props
 */
function OptionName({ option }) {
  const { menu, t } = usePart(({ language, menu }) => ({ language, menu }));
  const dish = menu && option.item_id && itemsById(menu).get(option.item_id);
  const harms = menu ? allergenNames(option.allergens, menu).join(", ") : "";
  if (!dish) return html`<span>${option.name}${harms && html` <small class="harms">${harms}</small>`}</span>`;
  const portion = portionOf(dish, servedWith(dish), menu);
  return html`<${Picture} src=${dish.image} size=${72} /><span>${option.name} <small>${weightOf(portion, t)}</small>
    ${harms && html` <small class="harms">${harms}</small>`}</span>`;
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
