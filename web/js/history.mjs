/** The signed-in guest's own orders, and one of them put into the cart again: what cannot be had now is told. */

import { Problem, Unreachable } from "./api.mjs";
import { fittedTo, itemsById, whyFull, withLine } from "./cart.mjs";

/**
 * @typedef {import("./cart.mjs").Line} Line
 * @typedef {{item_id: string, name: string, quantity: number, modifiers: string[], combo_id?: string}} OrderItem
 */

/** @param {import("./kiosk.mjs").Parts & {signing: import("./signing.mjs").Signing}} kiosk */
export function createHistory({ api, store, session, signing }) {
  async function show() {
    store.dispatch({ type: "history_opened" });
    await load();
  }

  async function load(before = "") {
    const asked = session.current();
    const { menuLanguage } = store.get();
    try {
      const { orders } = await api.orders(asked, before);
      if (asked === session.current() && menuLanguage === store.get().menuLanguage)
        store.dispatch({ type: "history_came", orders, before });
    } catch (error) {
      if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
      if (asked === session.current()) refused(error); // else somebody else stands here now
    }
  }

  /** @param {Problem|Unreachable} error */
  function refused(error) {
    if (error instanceof Problem && error.code === "step_up_required") return signing.forHistory(error.body);
    store.dispatch({ type: "history_failed" });
  }

  /** @param {any} order */
  function repeat(order) {
    const { menu, lines } = store.get();
    if (menu) store.dispatch({ type: "order_repeated", service: order.service, ...repeated(order.items, menu, lines) });
  }

  /** Dishes are named by the server: another language is asked for. */
  function retranslate() {
    if (store.get().screen === "history") void load();
  }

  return { show, retranslate, more: () => load(store.get().history?.orders.at(-1)?.order_id), repeat };
}

/**
 * The cart with an order's dishes, options and combos in it, and the names of what cannot be had now. No I/O.
 * @param {OrderItem[]} ordered
 * @param {import("./cart.mjs").Menu} menu
 * @param {Line[]} lines
 */
export function repeated(ordered, menu, lines) {
  const items = itemsById(menu);
  /** @type {string[]} */
  const missing = [];
  const cart = wishesOf(ordered, items).reduce((all, { line, name, lost }) => {
    const full = line && whyFull(all, line, items);
    missing.push(...(line && !full ? lost : [name]));
    return line && !full ? withLine(all, line, items) : all;
  }, lines);
  return { lines: cart, missing };
}

/** @typedef {{line: Line|null, name: string, lost: string[]}} Wish */

/**
 * A combo's dishes stand one after another, one for each of its places.
 * @param {OrderItem[]} ordered
 * @param {Map<string, import("./cart.mjs").Item>} items
 * @returns {Wish[]}
 */
function wishesOf(ordered, items) {
  const wishes = [];
  for (let at = 0; at < ordered.length; ) {
    const { combo_id: combo } = ordered[at];
    const places = combo
      ? (items.get(combo)?.modifier_groups.length ?? ordered.slice(at).findIndex((row) => row.combo_id !== combo))
      : 1;
    const parts = ordered.slice(at, places > 0 ? at + places : undefined);
    wishes.push(combo ? comboAgain(combo, parts, items) : dishAgain(parts[0], items));
    at += parts.length;
  }
  return wishes;
}

/** @param {OrderItem} row @param {Map<string, import("./cart.mjs").Item>} items @returns {Wish} */
function dishAgain(row, items) {
  const item = items.get(row.item_id);
  if (!item?.available) return { line: null, name: row.name, lost: [] };
  const offered = item.modifier_groups.flatMap((group) => group.options);
  const kept = row.modifiers.filter((id) => offered.some((option) => option.id === id && option.available));
  const gone = row.modifiers
    .filter((id) => !kept.includes(id))
    .map((id) => offered.find((option) => option.id === id)?.name ?? "");
  const [line] = fittedTo([{ itemId: item.id, options: kept, quantity: row.quantity }], items);
  return { line, name: row.name, lost: gone.map((name) => [row.name, name].filter(Boolean).join(": ")) };
}

/**
 * @param {string} comboId
 * @param {OrderItem[]} parts
 * @param {Map<string, import("./cart.mjs").Item>} items
 * @returns {Wish}
 */
function comboAgain(comboId, parts, items) {
  const combo = items.get(comboId);
  const options = parts.map(
    (part, n) =>
      combo?.modifier_groups[n]?.options.find((option) => option.item_id === part.item_id && option.available)?.id,
  );
  const name = combo?.name ?? parts.map((part) => part.name).join(" + ");
  const whole = combo?.available && options.length === combo.modifier_groups.length && options.every(Boolean);
  return {
    name,
    lost: [],
    line: whole ? { itemId: comboId, options: /** @type {string[]} */ (options), quantity: parts[0].quantity } : null,
  };
}

/** @typedef {ReturnType<typeof createHistory>} History */
