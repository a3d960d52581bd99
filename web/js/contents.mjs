/**
 * What is in a dish or a combo as chosen, and what it costs: one pure function for card, sheet, cart and filters.
 * It answers as `POST /api/orders/estimate` does, to the gram: the server sums in the same order
 * (`kiosk/domain/menu/ingredient.py`). No I/O.
 */

import { chosenOptions, itemsById, unitPrice } from "./cart.mjs";

/**
 * @typedef {import("./cart.mjs").Item} Item
 * @typedef {import("./cart.mjs").Menu} Menu
 * @typedef {{price_kopecks: number, weight_g: number, nutrition: Item["nutrition"], allergens: string[],
 *   tags: string[], composition: {ingredient: string, amount: number, unit: string}[]}} Portion
 */

/** A combo's options are dishes. @param {Item} item */
export function isCombo(item) {
  return item.modifier_groups.some((group) => group.options.some((option) => option.item_id));
}

/**
 * The dishes of a combo, in the order of its places.
 * @param {Item} item
 * @param {string[]} options
 * @param {Map<string, Item>} items
 * @returns {Item[]}
 */
export function dishesOf(item, options, items) {
  return chosenOptions(item, options).flatMap((option) => items.get(option.item_id ?? "") ?? []);
}

/** The options of a dish inside a combo: the first ones of what must be chosen. @param {Item} dish */
export function servedWith(dish) {
  return dish.modifier_groups.flatMap((group) => group.options.slice(0, group.min).map((option) => option.id));
}

/** @param {Item} item @param {string[]} options @param {Menu} menu @returns {Portion} */
export function portionOf(item, options, menu) {
  return {
    ...(isCombo(item) ? together(item, options, menu) : cooked(item, options, menu)),
    price_kopecks: unitPrice(item, options),
  };
}

/** @param {Item} item @param {string[]} options @param {Menu} menu @returns {Omit<Portion, "price_kopecks">} */
function cooked(item, options, menu) {
  const amounts = amountsOf(item, options);
  const used = menu.ingredients
    .filter((row) => (amounts.get(row.id)?.amount ?? 0) > 0)
    .map((row) => ({
      row,
      amount: amounts.get(row.id),
      grams: (amounts.get(row.id)?.amount ?? 0) * row.grams_per_unit,
    }));
  /** @param {keyof Item["nutrition"]} name */
  const sum = (name) => used.reduce((all, { row, grams }) => all + grams * row.nutrition[name], 0) / 100;
  const told = [
    ...item.traces,
    ...chosenOptions(item, options).flatMap((option) => option.traces),
    ...used.flatMap(({ row }) => row.allergens),
  ];
  return {
    weight_g: whole(used.reduce((all, { grams }) => all + grams, 0) * item.yield),
    nutrition: {
      kcal: whole(sum("kcal")),
      protein_g: tenth(sum("protein_g")),
      fat_g: tenth(sum("fat_g")),
      carbohydrate_g: tenth(sum("carbohydrate_g")),
    },
    allergens: inOrder(told, menu),
    tags: tagsOf(used.map(({ row }) => row)),
    composition: [...amounts.values()].filter(({ amount }) => amount > 0),
  };
}

/** The formula that is cooked, by ingredient. @param {Item} item @param {string[]} options */
function amountsOf(item, options) {
  const amounts = new Map(item.composition.map((row) => [row.ingredient, { ...row }]));
  for (const { ingredient, amount, unit } of chosenOptions(item, options).flatMap((option) => option.composition)) {
    amounts.set(ingredient, { ingredient, unit, amount: (amounts.get(ingredient)?.amount ?? 0) + amount });
  }
  return amounts;
}

/**
 * Several dishes: what each is, added up.
 * @param {Item} item
 * @param {string[]} options
 * @param {Menu} menu
 * @returns {Omit<Portion, "price_kopecks">}
 */
function together(item, options, menu) {
  const found = dishesOf(item, options, itemsById(menu)).map((dish) => cooked(dish, servedWith(dish), menu));
  /** @param {keyof Item["nutrition"]} name */
  const sum = (name) => tenth(found.reduce((all, dish) => all + dish.nutrition[name], 0));
  return {
    weight_g: found.reduce((all, dish) => all + dish.weight_g, 0),
    nutrition: {
      kcal: sum("kcal"),
      protein_g: sum("protein_g"),
      fat_g: sum("fat_g"),
      carbohydrate_g: sum("carbohydrate_g"),
    },
    allergens: inOrder([...item.traces, ...found.flatMap((dish) => dish.allergens)], menu),
    tags: TAGS.filter((tag) =>
      tag === "spicy" ? found.some((dish) => dish.tags.includes(tag)) : found.every((dish) => dish.tags.includes(tag)),
    ),
    composition: [],
  };
}

/** @param {string[]} names @param {Menu} menu */
function inOrder(names, menu) {
  return menu.allergens.map((allergen) => allergen.id).filter((id) => names.includes(id));
}

const TAGS = ["spicy", "no_meat", "no_lactose"];

/** The same rules as the server's `tags_of`. @param {Menu["ingredients"]} used */
function tagsOf(used) {
  /** @type {Record<string, boolean>} */
  const holds = {
    spicy: used.some((row) => row.spicy),
    no_meat: used.every((row) => row.origin === "plant" || row.origin === "animal"),
    no_lactose: used.every((row) => row.origin !== null && !row.allergens.includes("milk")),
  };
  return TAGS.filter((tag) => holds[tag]);
}

/** Half goes up. @param {number} value */
const whole = (value) => Math.floor(value + 0.5);
/** @param {number} value */
const tenth = (value) => Math.floor(value * 10 + 0.5) / 10;
