/** Finds dishes by what a customer types: name, description, section, in any case, ё like е. No I/O. */

/** @param {string} text */
export function folded(text) {
  return text.toLowerCase().replaceAll("ё", "е").replaceAll("ъ", "").trim();
}

/**
 * Every word must begin some word of the dish; names before descriptions.
 * @param {import("./cart.mjs").Menu|null} menu
 * @param {string} text
 * @returns {import("./cart.mjs").Item[]}
 */
export function dishesFor(menu, text) {
  const wanted = folded(text).split(/\s+/).filter(Boolean);
  if (!menu || !wanted.length) return [];
  const found = menu.categories.flatMap((c) => c.items.map((item) => ({ item, rank: rankOf(wanted, item, c.name) })));
  return found.filter(({ rank }) => rank > 0).sort((a, b) => b.rank - a.rank).map(({ item }) => item);
}

/** @param {string[]} wanted @param {import("./cart.mjs").Item} item @param {string} section */
function rankOf(wanted, item, section) {
  const fields = /** @type {const} */ ([[item.name, 3], [section, 2], [item.description, 1]]);
  return Math.min(...wanted.map((word) => Math.max(0, ...fields.map(([field, rank]) => (begins(field, word) ? rank : 0)))));
}

/** @param {string} text @param {string} word */
function begins(text, word) {
  return folded(text).split(/[^\p{L}\p{N}]+/u).some((part) => part.startsWith(word));
}
