/** A combo on the page: the pictures of its dishes and what it saves. No I/O. */

import { unitPrice } from "./cart.mjs";
import { dishesOf, isCombo, servedWith } from "./contents.mjs";

const PICTURES = 3;

/**
 * What a card shows of it.
 * @param {import("./cart.mjs").Item} item
 * @param {string[]} options
 * @param {Map<string, import("./cart.mjs").Item>} items
 */
export function picturesOf(item, options, items) {
  const dishes = isCombo(item) ? dishesOf(item, options, items) : [];
  return dishes.length ? dishes.slice(0, PICTURES).map((dish) => dish.image) : [item.image];
}

/**
 * What is saved against the dishes one by one.
 * @param {import("./cart.mjs").Item} item
 * @param {string[]} options
 * @param {Map<string, import("./cart.mjs").Item>} items
 */
export function savingOf(item, options, items) {
  return (
    dishesOf(item, options, items).reduce((sum, dish) => sum + unitPrice(dish, servedWith(dish)), 0) -
    unitPrice(item, options)
  );
}
