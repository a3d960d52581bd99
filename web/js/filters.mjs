/**
 * Which dishes fit what the customer asked for: the filters hold together, over all sections, for the portion as
 * chosen. No I/O.
 */

import { defaultOptions, itemsById } from "./cart.mjs";
import { isCombo, portionOf, servedWith } from "./contents.mjs";

/**
 * @typedef {import("./contents.mjs").Portion} Portion
 * @typedef {import("./cart.mjs").Item} Item
 * @typedef {import("./cart.mjs").Menu} Menu
 */

export const TAG_FILTERS = /** @type {const} */ (["spicy", "no_meat", "no_lactose"]);
const WITHOUT = "without:";

/** The filter that leaves an allergen out. @param {string} allergen */
export const without = (allergen) => `${WITHOUT}${allergen}`;

/** The allergens that are left out. @param {string[]} filters */
export function leftOut(filters) {
  return filters.filter((filter) => filter.startsWith(WITHOUT)).map((filter) => filter.slice(WITHOUT.length));
}

/** The filters that a portion breaks. @param {Portion} portion @param {string[]} filters */
export function broken(portion, filters) {
  return filters.filter((filter) =>
    filter.startsWith(WITHOUT)
      ? portion.allergens.includes(filter.slice(WITHOUT.length))
      : !portion.tags.includes(filter),
  );
}

/**
 * The options with which a dish fits: as «+» would put it into the cart, else with one other choice; a combo with the
 * first dish of each place that fits. Null where nothing does.
 * @param {Item} item @param {string[]} filters @param {Menu} menu @returns {string[]|null}
 */
export function fittingOptions(item, filters, menu) {
  const usual = defaultOptions(item);
  if (!filters.length) return usual;
  const ways = isCombo(item) ? comboWays(item, filters, menu) : [usual, ...oneChanged(item, usual)];
  return ways.find((options) => !broken(portionOf(item, options, menu), filters).length) ?? null;
}

/** @param {Item} item @param {string[]} usual @returns {string[][]} */
function oneChanged(item, usual) {
  return item.modifier_groups.flatMap((group) => {
    const mine = group.options.map((option) => option.id);
    const others = usual.filter((id) => !mine.includes(id));
    const added = group.min === 1 && group.max === 1 ? others : usual;
    return group.options
      .filter((option) => option.available && !usual.includes(option.id))
      .map((option) => [...added, option.id]);
  });
}

/**
 * Every place with its first dish that breaks nothing; where one is asked for that must be in it, each place in turn.
 * @param {Item} item
 * @param {string[]} filters
 * @param {Menu} menu
 */
function comboWays(item, filters, menu) {
  const items = itemsById(menu);
  const strict = filters.filter((filter) => filter !== "spicy");
  const places = item.modifier_groups.map((group) =>
    group.options
      .filter((option) => {
        const dish = items.get(option.item_id ?? "");
        return option.available && dish && !broken(portionOf(dish, servedWith(dish), menu), strict).length;
      })
      .map((option) => option.id),
  );
  if (places.some((place) => !place.length)) return [];
  const first = places.map((place) => place[0]);
  return [first, ...places.flatMap((place, n) => place.slice(1).map((id) => first.with(n, id)))];
}

/** @param {Item[]} items @param {string[]} filters @param {Menu} menu */
export function fitting(items, filters, menu) {
  return filters.length ? items.filter((item) => fittingOptions(item, filters, menu)) : items;
}
