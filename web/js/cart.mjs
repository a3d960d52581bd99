/** The cart as plain data: lines, their prices and whether the menu still offers them. No I/O. */

/**
 * @typedef {{ingredient: string, amount: number, unit: string}} Amount
 * @typedef {{kcal: number, protein_g: number, fat_g: number, carbohydrate_g: number}} Nutrition
 * @typedef {{id: string, name: string, price_kopecks: number, available: boolean, item_id: string|null,
 *   composition: Amount[], allergens: string[], traces: string[], weight_g: number,
 *   nutrition: Nutrition}} Option its figures are differences
 * @typedef {{id: string, name: string, min: number, max: number, options: Option[]}} Group
 * @typedef {{id: string, name: string, description: string, price_kopecks: number, available: boolean,
 *   unavailable_reason: string|null,
 *   available_from?: {day: string, time: string}|null, image: string, weight_g: number, allergens: string[],
 *   traces: string[],
 *   tags: string[], nutrition: Nutrition, composition: Amount[], cooking: {operation: string, station: string}[],
 *   modifier_groups: Group[], yield: number, saving_kopecks: number}} Item
 * @typedef {{id: string, name: string, image: string, items: Item[]}} Category
 * @typedef {{id: string, name: string, allergens: string[], nutrition: Nutrition, grams_per_unit: number,
 *   origin: string|null, spicy: boolean}} Ingredient
 * @typedef {{version: string|number, categories: Category[], ingredients: Ingredient[], allergens: {id: string,
 *   name: string}[]}} Menu
 * @typedef {{itemId: string, options: string[], quantity: number, wasKopecks?: number, wasName?: string}} Line `was…`:
 *   what the guest last saw of a dish that costs another price now, or is on no menu any more
 */

export const MAX_QUANTITY = 9;
/** The server takes no larger order than this. */
export const MAX_PORTIONS = 40;
export const MAX_LINES = 30;

/** @param {{itemId: string, options: string[]}} line */
export function keyOf(line) {
  return [line.itemId, ...[...line.options].sort()].join("+");
}

/** Asked several times at every tap, so it is kept beside its menu. @type {WeakMap<Menu, Map<string, Item>>} */
const itemsOf = new WeakMap();

/**
 * @param {Menu|null} menu
 * @returns {Map<string, Item>}
 */
export function itemsById(menu) {
  if (!menu) return new Map();
  const known = itemsOf.get(menu) ?? new Map(menu.categories.flatMap((c) => c.items.map((item) => [item.id, item])));
  itemsOf.set(menu, known);
  return known;
}

/**
 * What «+» on a card means: the first options, of those that are there, of every group that must be chosen.
 * @param {Item} item
 */
export function defaultOptions(item) {
  return item.modifier_groups.flatMap(firstOptions);
}

/** @param {Group} group */
function firstOptions(group) {
  const there = group.options.filter((option) => option.available);
  return [...there, ...group.options.filter((option) => !option.available)]
    .slice(0, group.min)
    .map((option) => option.id);
}

/**
 * @param {Item} item
 * @param {string[]} options
 * @returns {Option[]}
 */
export function chosenOptions(item, options) {
  return item.modifier_groups.flatMap((g) => g.options.filter((option) => options.includes(option.id)));
}

/**
 * @param {Item} item
 * @param {string[]} options
 */
export function unitPrice(item, options) {
  return chosenOptions(item, options).reduce((sum, option) => sum + option.price_kopecks, item.price_kopecks);
}

/**
 * @param {Line[]} lines
 * @param {{itemId: string, options: string[], quantity: number}} added
 * @param {Map<string, Item>} items
 * @returns {Line[]}
 */
export function withLine(lines, added, items) {
  const key = keyOf(added);
  if (whyFull(lines, added, items)) return lines;
  if (!lines.some((line) => keyOf(line) === key)) return [...lines, added];
  return withQuantity(lines, key, quantityOf(lines, key) + added.quantity);
}

/**
 * Why a line cannot be added: of one kind there are as many as go, the order is as large as the server takes, or as
 * long.
 * @param {Line[]} lines
 * @param {Line} added
 * @param {Map<string, Item>} items
 * @returns {"kind"|"portions"|"lines"|null}
 */
export function whyFull(lines, added, items) {
  const before = quantityOf(lines, keyOf(added));
  if (before + added.quantity > MAX_QUANTITY) return "kind";
  if (portions([...lines, added], items) > MAX_PORTIONS) return "portions";
  return !before && lines.length >= MAX_LINES ? "lines" : null;
}

/**
 * @param {Line[]} lines
 * @param {string} key
 * @param {number} quantity zero removes the line
 * @returns {Line[]}
 */
export function withQuantity(lines, key, quantity) {
  const capped = Math.min(quantity, MAX_QUANTITY);
  return lines.flatMap((line) => (keyOf(line) !== key ? [line] : capped > 0 ? [{ ...line, quantity: capped }] : []));
}

/**
 * @param {Line[]} lines
 * @param {string} key
 */
export function quantityOf(lines, key) {
  return lines.find((line) => keyOf(line) === key)?.quantity ?? 0;
}

/**
 * @param {Line[]} lines
 * @param {string} itemId
 */
export function quantityOfItem(lines, itemId) {
  return lines.reduce((sum, line) => sum + (line.itemId === itemId ? line.quantity : 0), 0);
}

/** What the kitchen will cook: a combo is several dishes. @param {Line[]} lines @param {Map<string, Item>} items */
function portions(lines, items) {
  return lines.reduce((sum, line) => sum + line.quantity * dishesIn(items.get(line.itemId)), 0);
}

/** @param {Item|undefined} item */
function dishesIn(item) {
  return item?.modifier_groups.filter((group) => group.options.some((option) => option.item_id)).length || 1;
}

/** @param {Line[]} lines */
export function count(lines) {
  return lines.reduce((sum, line) => sum + line.quantity, 0);
}

/**
 * What can be had of it costs so much.
 * @param {Line[]} lines
 * @param {Map<string, Item>} items
 */
export function total(lines, items) {
  return sellable(lines, items).reduce((sum, line) => {
    const item = items.get(line.itemId);
    return item ? sum + unitPrice(item, line.options) * line.quantity : sum;
  }, 0);
}

/** @param {Line[]} lines @param {Map<string, Item>} items */
export function sellable(lines, items) {
  return lines.filter((line) => !isGone(line, items.get(line.itemId)));
}

/**
 * What stands in for a dish that is gone: of the same section, available, not in the cart, nearest in price.
 * @param {Line} line
 * @param {Line[]} lines
 * @param {Menu|null} menu
 * @param {(item: Item) => boolean} [fits]
 * @returns {Item|null}
 */
export function substituteFor(line, lines, menu, fits = () => true) {
  const section = menu?.categories.find((c) => c.items.some((item) => item.id === line.itemId));
  const gone = section?.items.find((item) => item.id === line.itemId);
  if (!section || !gone || gone.available) return null;
  const far = (/** @type {Item} */ item) =>
    Math.abs(unitPrice(item, defaultOptions(item)) - unitPrice(gone, line.options));
  const offered = section.items.filter(
    (item) => item.available && fits(item) && !lines.some((known) => known.itemId === item.id),
  );
  return offered.sort((a, b) => far(a) - far(b))[0] ?? null;
}

/**
 * Lines that cannot be sold any more: not in the menu, not available, or with an option that is out.
 * @param {Line[]} lines
 * @param {Map<string, Item>} items
 */
export function goneLines(lines, items) {
  return lines.filter((line) => isGone(line, items.get(line.itemId)));
}

/** @param {Line} line @param {Item|undefined} item */
export function isGone(line, item) {
  return !item?.available || chosenOptions(item, line.options).some((option) => !option.available);
}

/**
 * The menu changed: forget dishes and options it no longer has, and choose again what must be chosen.
 * @param {Line[]} lines
 * @param {Map<string, Item>} items
 * @returns {Line[]}
 */
export function fittedTo(lines, items) {
  return lines.flatMap((line) => {
    const item = items.get(line.itemId);
    if (!item) return [];
    const kept = item.modifier_groups.flatMap((g) => {
      const still = g.options
        .map((o) => o.id)
        .filter((id) => line.options.includes(id))
        .slice(0, g.max);
      return still.length >= g.min ? still : firstOptions(g);
    });
    return [{ ...line, options: kept }];
  });
}

/**
 * Another menu came: what a guest chose keeps the price and the name that it was chosen by, to be told what changed.
 * @param {Line[]} lines
 * @param {Menu|null} before
 * @param {Menu} after
 * @returns {Line[]} the same ones where nothing did
 */
export function toldChanges(lines, before, after) {
  const old = itemsById(before);
  const items = itemsById(after);
  const told = lines.map((line) => {
    const [was, now] = [old.get(line.itemId), items.get(line.itemId)];
    if (!was) return line;
    const { wasKopecks = unitPrice(was, line.options), wasName: _, ...rest } = line;
    if (!now) return line.wasName === was.name ? line : { ...line, wasName: was.name };
    if (unitPrice(now, line.options) !== wasKopecks) return line.wasKopecks ? line : { ...rest, wasKopecks };
    return line.wasKopecks === undefined && line.wasName === undefined ? line : rest;
  });
  return told.every((line, n) => line === lines[n]) ? lines : told;
}

/**
 * The estimate of this very cart; none while another one's is here.
 * @param {{estimate: {of: string, ready_in_s: number}|null, lines: Line[], menu: Menu|null}} state
 */
export function estimateOf({ estimate, lines, menu }) {
  return estimate?.of === cartKey(sellable(lines, itemsById(menu))) ? estimate : null;
}

/** @param {Line[]} lines */
export function cartKey(lines) {
  return JSON.stringify(asOrderItems(lines));
}

/** @param {Line[]} lines */
export function asOrderItems(lines) {
  return lines.map((line) => ({
    item_id: line.itemId,
    quantity: line.quantity,
    ...(line.options.length ? { modifiers: line.options } : {}),
  }));
}
