/** Where everything of the kitchen's picture stands, and where the arm points. No I/O. */

/**
 * @typedef {{number: string, image: string, held: boolean}} Dish
 * @typedef {{station: number, name: {ru: string, en: string}, state: string, arm: boolean, dishes: Dish[]}} Station
 * @typedef {{cell: number, state: string, number: string|null, portions: number, size: number}} Cell
 * @typedef {{number: string, left_s: number, begun: boolean}} Order
 * @typedef {{reason: string|null, stations: Station[], cells: Cell[], orders: Order[]}} Show
 * @typedef {{left: number, top: number, width: number, height: number}} Place
 */

/** The floor that stations stand on, in pixels of the drawing. */
export const FLOOR = { width: 1380, height: 690 };
const GAP = 24;
const CARD = { width: 327, height: 230 };
/** The arm has its foot in the middle of the floor, and ends before the card. */
const FOOT = { x: FLOOR.width / 2, y: FLOOR.height / 2 };
const SHORT = 30;
/** At rest it stands folded. */
const REST = { angle: -90, length: 96 };

/** In two rows, as many above as below. @param {number} count @returns {Place[]} */
export function placesOf(count) {
  const above = Math.ceil(count / 2);
  const width = Math.min(CARD.width, (FLOOR.width - GAP * (above - 1)) / Math.max(1, above));
  return Array.from({ length: count }, (_, index) => {
    const upper = index < above;
    const inRow = upper ? above : count - above;
    const at = upper ? index : index - above;
    const left = (FLOOR.width - inRow * width - (inRow - 1) * GAP) / 2 + at * (width + GAP);
    return { left, top: upper ? 0 : FLOOR.height - CARD.height, width, height: CARD.height };
  });
}

/**
 * Where the arm points: at the station that holds it, else at rest.
 * @param {Station[]} stations
 * @returns {{angle: number, length: number}} degrees, 0 to the right, and pixels from its foot
 */
export function armOf(stations) {
  const index = stations.findIndex((station) => station.arm);
  if (index < 0) return REST;
  const { left, top, width, height } = placesOf(stations.length)[index];
  const upper = top === 0;
  const [dx, dy] = [left + width / 2 - FOOT.x, (upper ? height : top) - FOOT.y];
  const length = Math.hypot(dx, dy) - SHORT;
  return { angle: (Math.atan2(dy, dx) * 180) / Math.PI, length: Math.max(0, length) };
}

/**
 * Whom the robot cooks for, and who waits for his turn; those that do not fit are counted.
 * @param {Order[]} orders
 * @param {boolean} begun
 * @param {number} room
 */
export function queueOf(orders, begun, room) {
  const all = orders.filter((order) => order.begun === begun);
  return { shown: all.slice(0, room), more: Math.max(0, all.length - room) };
}
