/** A combo on the page: which dishes stand in it, what they weigh together, what may harm. No I/O. */

import { chosenOptions, defaultOptions, unitPrice } from "./cart.mjs";

const PICTURES = 3;

/** A combo's options are dishes. @param {import("./cart.mjs").Item} item */
export function isCombo(item) {
  return item.modifier_groups.some((group) => group.options.some((option) => option.item_id));
}

/**
 * The dishes chosen, in the order of their places.
 * @param {import("./cart.mjs").Item} item
 * @param {string[]} options
 * @param {Map<string, import("./cart.mjs").Item>} items
 * @returns {import("./cart.mjs").Item[]}
 */
export function dishesOf(item, options, items) {
  return chosenOptions(item, options).flatMap((option) => items.get(option.item_id ?? "") ?? []);
}

/** What a card shows of it. @param {import("./cart.mjs").Item} item @param {Map<string, import("./cart.mjs").Item>} items */
export function picturesOf(item, items) {
  const dishes = isCombo(item) ? dishesOf(item, defaultOptions(item), items) : [];
  return dishes.length ? dishes.slice(0, PICTURES).map((dish) => dish.image) : [item.image];
}

/**
 * @param {import("./cart.mjs").Item} item
 * @param {string[]} options
 * @param {Map<string, import("./cart.mjs").Item>} items
 * @returns {Pick<import("./cart.mjs").Item, "nutrition"|"allergens">}
 */
export function contentsOf(item, options, items) {
  const dishes = dishesOf(item, options, items);
  if (!dishes.length) return item;
  /** @param {keyof import("./cart.mjs").Item["nutrition"]} name */
  const sum = (name) => Math.round(dishes.reduce((all, dish) => all + dish.nutrition[name], 0) * 10) / 10;
  return {
    nutrition: { kcal: sum("kcal"), protein_g: sum("protein_g"), fat_g: sum("fat_g"), carbohydrate_g: sum("carbohydrate_g") },
    allergens: [...new Set(dishes.flatMap((dish) => dish.allergens))],
  };
}

/**
 * What is saved against the dishes one by one; the first option of a dish's own compulsory groups is free of charge.
 * @param {import("./cart.mjs").Item} item
 * @param {string[]} options
 * @param {Map<string, import("./cart.mjs").Item>} items
 */
export function savingOf(item, options, items) {
  return dishesOf(item, options, items).reduce((sum, dish) => sum + dish.price_kopecks, 0) - unitPrice(item, options);
}
