/** What the hall board knows: orders by number, and which of them have just become ready. No I/O. */

/**
 * @typedef {{number: string, status: string, ready_in_s: number|null, cells: number[], changedAt: number,
 *   readyAt: number|null, remindedAt: number|null}} Entry remindedAt: 0 when that was before the board knew of it
 * @typedef {{orders: Map<string, Entry>, beatAt: number, known: boolean, kitchen: string|null}} Board
 */

const COOKING = new Set(["paid", "cooking", "delayed", "see_staff", "refunded"]);
/** Of an order that is served in parts some cells call before the rest is cooked. */
const IN_PARTS = new Set(["paid", "cooking", "delayed"]);
/** Longer numbers get a wider place. */
export const WIDE_FROM = 4;
/** How long a number calls for attention after it became ready. */
export const NEW_FOR_MS = 9_000;
export const STALE_AFTER_MS = 10_000;

/** @returns {Board} */
export function emptyBoard() {
  return { orders: new Map(), beatAt: 0, known: false, kitchen: null };
}

/**
 * @param {Board} board
 * @param {any[]} orders
 * @param {number} now
 * @returns {Board}
 */
export function withSnapshot(board, orders, now) {
  const fresh = new Map(orders.map((order) => [order.number, entry(board, order, now)]));
  return { ...board, orders: fresh, beatAt: now, known: true };
}

/**
 * @param {Board} board
 * @param {any} order
 * @param {number} now
 * @returns {Board}
 */
export function withOrder(board, order, now) {
  const orders = new Map(board.orders);
  orders.set(order.number, entry(board, order, now));
  if (!isShown(order.status)) orders.delete(order.number);
  return { ...board, orders, beatAt: now };
}

/**
 * @param {Board} board
 * @param {number} now
 * @param {string|null} [kitchen] why nothing is cooked now
 * @returns {Board}
 */
export function withBeat(board, now, kitchen = null) {
  return { ...board, beatAt: now, kitchen };
}

/**
 * @param {Board} board
 * @param {any} order
 * @param {number} now
 * @returns {Entry}
 */
function entry(board, { number, status, ready_in_s = null, cell = null, cells, reminded = false }, now) {
  const before = board.orders.get(number);
  const held = cells?.length ? cells : cell === null ? [] : [cell];
  /** @type {Entry} */
  const after = { number, status, ready_in_s, cells: held, changedAt: now, readyAt: null, remindedAt: null };
  if (!isCalled(after)) return after;
  after.remindedAt = reminded ? (before?.remindedAt ?? (board.known ? now : 0)) : null;
  const known = before && isCalled(before) && held.every((/** @type {number} */ one) => before.cells.includes(one));
  // The first snapshot after a start calls nobody: those orders were called before.
  return { ...after, readyAt: known ? before.readyAt : board.known ? now : null };
}

/** @param {string} status */
function isShown(status) {
  return status === "ready" || COOKING.has(status);
}

/** Whether there is something to take. @param {{status: string, cells: number[]}} e */
export function isCalled({ status, cells }) {
  return status === "ready" || (IN_PARTS.has(status) && cells.length > 0);
}

/** Whether its words take two lines. @param {Entry} e */
export function isWordy(e) {
  const waits = e.remindedAt !== null;
  return waits || ["see_staff", "refunded", "delayed"].includes(e.status) || (e.status !== "ready" && isCalled(e));
}

/** Soonest first; whoever has to see the staff, or waits for money, stands before all. @param {Board} board */
export function cookingOf(board) {
  const urgency = (/** @type {Entry} */ e) => ({ see_staff: -2, refunded: -1 })[e.status] ?? 0;
  return [...board.orders.values()]
    .filter((e) => COOKING.has(e.status) && !isCalled(e))
    .sort(
      (a, b) =>
        urgency(a) - urgency(b) ||
        (a.ready_in_s ?? Infinity) - (b.ready_in_s ?? Infinity) ||
        a.number.localeCompare(b.number),
    );
}

/** When it was called last, 0 when nobody heard it. @param {Entry} e */
export function lastCallOf(e) {
  return Math.max(e.readyAt ?? 0, e.remindedAt ?? 0);
}

/** The latest call stands first. @param {Board} board */
export function readyOf(board) {
  return [...board.orders.values()]
    .filter(isCalled)
    .sort((a, b) => lastCallOf(b) - lastCallOf(a) || b.changedAt - a.changedAt || a.number.localeCompare(b.number));
}

/** Just called, or just called again. @param {Entry} e @param {number} now */
export function isNew(e, now) {
  return [e.readyAt, e.remindedAt].some((at) => at !== null && now - at < NEW_FOR_MS);
}

/** Minutes left, counted down between the server's words. @param {Entry} e @param {number} now */
export function secondsLeft(e, now) {
  return e.ready_in_s === null ? null : Math.max(0, e.ready_in_s - (now - e.changedAt) / 1000);
}

/**
 * @template T
 * @param {T[]} all
 * @param {number} size
 * @returns {T[][]}
 */
export function pagesOf(all, size) {
  const pages = [];
  for (let i = 0; i < all.length; i += size) pages.push(all.slice(i, i + size));
  return pages.length ? pages : [[]];
}
