/** The page's state and the one reducer that changes it; whatever the server owns is only mirrored here. */

import {
  fittedTo,
  isGone,
  itemsById,
  keyOf,
  quantityOf,
  toldChanges,
  whyFull,
  withLine,
  withQuantity,
} from "./cart.mjs";
import { ownLanguage } from "./texts.mjs";

/**
 * @typedef {"attract"|"service"|"menu"|"cart"|"points"|"payment"|"done"|"track"|"seller"|"history"} Screen
 * @typedef {{code: string, attemptsLeft?: number, retryAfterS?: number}} Trouble
 * @typedef {{step: "phone"|"code"|"account", digits: string, code: string, consent: boolean, busy: boolean,
 *   trouble: Trouble|null, temporaryToken?: string, resendAt?: number, stepUp?: boolean, verified: boolean,
 *   points: number|null, spend: number, country?: string, atMost?: number, onward?: "payment"|"history",
 *   visit?: string}} Member
 * @typedef {{by: "code"|"receipt", number: string, code: string, sign: string, sum: string, busy: boolean,
 *   trouble: Trouble|null, order: any, opened: number[]|null}} Track
 * @typedef {{phase: "card", since: number, agreed: boolean, shownKopecks?: number|null, way?: string|null}|
 *   {phase: "working", stage: import("./outcomes.mjs").Stage, since: number,
 *   way?: string|null, show?: import("./outcomes.mjs").Show}|
 *   {phase: "failed", failure: import("./outcomes.mjs").Failure}} Payment
 * @typedef {{text: "added"|"removed"|"full", line: import("./cart.mjs").Line, why?: "kind"|"portions"|"lines"}} Toast
 * @typedef {object} State
 * @property {Screen} screen
 * @property {import("./texts.mjs").Language} language of our own words
 * @property {string} menuLanguage of the names of the menu: the same, or one in which we have no words
 * @property {boolean} low
 * @property {boolean} large
 * @property {boolean} aloud
 * @property {string|null} search what is typed while the search is open
 * @property {string|null} receiptTo
 * @property {boolean} notify a guest wants an SMS when the order is ready
 * @property {boolean} upsellRefused
 * @property {Member|null} member
 * @property {Track|null} track
 * @property {{orders: any[], busy: boolean, failed: boolean, missing: string[]}|null} history
 * @property {"dine_in"|"take_away"|null} service
 * @property {import("./cart.mjs").Line[]} lines
 * @property {string|null} category
 * @property {string[]} filters
 * @property {{itemId: string, key: string|null}|null} sheet
 * @property {Toast|null} toast
 * @property {boolean} busy
 * @property {import("./outcomes.mjs").Failure|null} notice
 * @property {any} order
 * @property {Payment|null} payment
 * @property {any} paid
 * @property {boolean} offline
 * @property {import("./cart.mjs").Menu|null} menu
 * @property {Record<string, number>} minutes of each item alone, ordered now
 * @property {{of: string, ready_in_s: number, amount_kopecks: number}|null} estimate of the cart it names
 * @property {any} restaurant
 */

/** @type {State} */
export const INITIAL = {
  screen: "attract",
  language: "ru",
  menuLanguage: "ru",
  low: false,
  large: false,
  aloud: false,
  search: null,
  receiptTo: null,
  notify: false,
  upsellRefused: false,
  member: null,
  track: null,
  history: null,
  service: null,
  lines: [],
  category: null,
  filters: [],
  sheet: null,
  toast: null,
  busy: false,
  notice: null,
  order: null,
  payment: null,
  paid: null,
  offline: false,
  menu: null,
  minutes: {},
  estimate: null,
  restaurant: null,
};

/** What a customer leaves behind is all forgotten; what the restaurant said stays. */
/** @type {Member} */
export const NOBODY = {
  step: "phone",
  digits: "",
  code: "",
  consent: false,
  busy: false,
  trouble: null,
  verified: false,
  points: null,
  spend: 0,
};
/** @type {Track} */
export const NO_TRACK = {
  by: "code",
  number: "",
  code: "",
  sign: "",
  sum: "",
  busy: false,
  trouble: null,
  order: null,
  opened: null,
};

const RESTAURANT_OWN = /** @type {const} */ (["menu", "minutes", "restaurant", "offline"]);

/** @type {Record<string, (state: State, action: any) => Partial<State>>} */
const CHANGES = {
  menu_came: (state, { menu }) => ({
    menu,
    lines: toldChanges(state.lines, state.menu, menu),
    category: state.category ?? menu.categories[0]?.id ?? null,
  }),
  restaurant_came: (_, { restaurant }) => ({ restaurant }),
  went_offline: () => ({ offline: true }),
  came_online: () => ({ offline: false }),
  language_chosen: (_, { language }) => ({ language: ownLanguage(language), menuLanguage: language }),
  low_switched: (state) => ({ low: !state.low }),
  large_switched: (state) => ({ large: !state.large }),
  aloud_switched: (state) => ({ aloud: !state.aloud }),
  search_changed: (_, { text }) => ({ search: text, toast: null }), // a note would lie over the keys
  receipt_to_chosen: (state, { contact }) => ({ receiptTo: contact, notify: state.notify && isPhone(contact) }),
  notify_switched: (state) => ({ notify: !state.notify }),
  upsell_refused: () => ({ upsellRefused: true }),
  points_opened: (state, { member = {} }) => ({
    screen: "points",
    toast: null,
    notice: null,
    payment: null,
    member: { ...(state.member ?? NOBODY), trouble: null, busy: false, ...member },
  }),
  member_changed: (state, { change }) => ({ member: state.member && { ...state.member, ...change } }),
  member_left: () => ({ member: null, history: null }),
  member_lost: () => ({ member: null, history: null }),
  points_left: (state) => ({
    screen: state.lines.length ? "cart" : "service",
    member: state.member?.step === "account" ? { ...state.member, onward: undefined } : null,
  }),
  history_opened: () => ({
    screen: "history",
    toast: null,
    notice: null,
    history: { orders: [], busy: true, failed: false, missing: [] },
  }),
  history_came: (state, { orders, before }) => ({
    history: state.history && {
      ...state.history,
      busy: false,
      failed: false,
      orders: before ? [...state.history.orders, ...orders] : orders,
    },
  }),
  history_failed: (state) => ({ history: state.history && { ...state.history, busy: false, failed: true } }),
  /** Where nothing of it can be had, it is told where the guest stands. */
  order_repeated: (state, { lines, missing, service }) =>
    lines === state.lines
      ? { history: state.history && { ...state.history, missing } }
      : {
          lines,
          service: state.service ?? service,
          screen: "cart",
          notice: missing.length
            ? { code: "repeated_partly", says: `${missing.join(", ")}.`, money: "safe", retry: false }
            : null,
        },
  track_opened: () => ({ screen: "track", track: NO_TRACK }),
  track_changed: (state, { change }) => ({ track: state.track && { ...state.track, ...change } }),
  screen_opened: (_, { screen }) => ({ screen, search: null, sheet: null, toast: null, notice: null }),
  service_chosen: (_, { service }) => ({ service, screen: "menu" }),
  category_chosen: (_, { category }) => ({ category, search: null }),
  filter_switched: (state, { filter }) => ({
    filters: state.filters.includes(filter)
      ? state.filters.filter((known) => known !== filter)
      : [...state.filters, filter],
  }),
  filters_cleared: () => ({ filters: [] }),
  minutes_came: (_, { minutes }) => ({ minutes }),
  estimate_came: (_, { estimate }) => ({ estimate }),
  sheet_opened: (_, { itemId, key = null }) => ({ sheet: { itemId, key }, toast: null }),
  sheet_closed: () => ({ sheet: null }),
  line_added: (state, { line, quiet }) => ({
    lines: withLine(state.lines, line, itemsById(state.menu)),
    sheet: null,
    notice: null,
    toast: refusal(state, line) ?? (quiet ? null : { text: "added", line }),
  }),
  /** Where the new one does not fit, the old one stays. */
  line_replaced: (state, { key, line }) => {
    const lines = withQuantity(state.lines, key, 0);
    const toast = refusal({ ...state, lines }, line);
    return { lines: toast ? state.lines : withLine(lines, line, itemsById(state.menu)), sheet: null, toast };
  },
  quantity_set: (state, { key, quantity }) => {
    const line = state.lines.find((known) => keyOf(known) === key);
    const more = quantity - quantityOf(state.lines, key);
    const toast = line && more > 0 ? refusal(state, { ...line, quantity: more }) : null;
    return toast
      ? { toast }
      : {
          lines: withQuantity(state.lines, key, quantity),
          notice: null,
          toast: line && quantity <= 0 && state.screen === "cart" ? { text: "removed", line } : null,
        };
  },
  gone_dropped: (state) => {
    const items = itemsById(state.menu);
    return { lines: state.lines.filter((line) => !isGone(line, items.get(line.itemId))), notice: null };
  },
  cart_fitted: (state) => ({ lines: fittedTo(state.lines, itemsById(state.menu)) }),
  toast_gone: () => ({ toast: null }),
  busy: () => ({ busy: true, notice: null }),
  order_created: (_, { order, at, shownKopecks = null }) => ({
    order,
    busy: false,
    notice: null,
    screen: "payment",
    toast: null,
    payment: {
      phase: "card",
      since: at,
      agreed: shownKopecks === null || shownKopecks === order.amount_kopecks,
      shownKopecks,
    },
  }),
  card_awaited: (_, { at }) => ({
    screen: "payment",
    payment: { phase: "card", since: at, agreed: true },
    busy: false,
  }),
  way_chosen: (state, { way, at }) => ({
    payment: state.payment?.phase === "card" ? { ...state.payment, way, since: at } : state.payment,
  }),
  /** Time that a guest took to pay is no time that the guest waited. */
  payment_stage: (state, { stage, at, show }) => ({
    screen: "payment",
    busy: false,
    payment: {
      phase: "working",
      stage,
      since: goesOn(state.payment, show) ? state.payment.since : at,
      way: state.payment?.phase === "working" ? state.payment.way : wayOf(state),
      ...(show ? { show } : {}),
    },
  }),
  payment_failed: (_, { failure }) => ({ screen: "payment", busy: false, payment: { phase: "failed", failure } }),
  order_dropped: (_, { screen, failure = null }) => ({
    order: null,
    payment: null,
    busy: false,
    screen,
    notice: failure,
  }),
  /** While the payment runs: whoever leaves for the hall takes the code along. */
  code_came: (state, { code }) => ({ order: state.order && { ...state.order, pickup_code: code } }),
  paid: (_, { paid }) => ({ screen: "done", paid, payment: null, busy: false }),
  restored: (_, { kept }) => kept,
  /** A refusal takes the customer from the points back to the cart, where it stands. */
  refused: (state, { failure }) => ({
    busy: false,
    notice: failure,
    screen: state.screen === "points" ? "cart" : state.screen,
  }),
  reset: (state) => ({
    ...INITIAL,
    ...Object.fromEntries(RESTAURANT_OWN.map((name) => [name, state[name]])),
    category: state.menu?.categories[0]?.id ?? null,
  }),
};

/**
 * Still the same wait: for the guest, or for us.
 * @param {Payment|null} before
 * @param {import("./outcomes.mjs").Show} [show]
 * @returns {before is Extract<Payment, {phase: "working"}>}
 */
const goesOn = (before, show) => before?.phase === "working" && Boolean(before.show) === Boolean(show);

/** @param {string|null} contact */
const isPhone = (contact) => contact?.startsWith("+") ?? false;

/**
 * The ways to pay that the restaurant offers; a token's alone where it says nothing.
 * @param {State} state
 * @returns {{method: string, available: boolean, reason: string|null, says: {ru: string, en: string}|null,
 *   receipt_first?: boolean, red_key?: boolean}[]}
 */
export const waysOf = (state) =>
  state.restaurant?.payment_methods ?? [{ method: "token", available: true, reason: null, says: null }];

/** The way to pay: the only one there is, else the one that was chosen. @param {State} state */
export function wayOf(state) {
  const ways = waysOf(state);
  if (ways.length === 1) return ways[0]?.method ?? "token";
  return state.payment?.phase === "card" ? (state.payment.way ?? null) : null;
}

/**
 * Whether the guest is asked first, for the receipt comes before the money.
 * @param {State} state
 * @param {string} way
 */
export const printsFirst = (state, way) =>
  waysOf(state).some((one) => one.method === way && one.receipt_first === true);

/** Whether only the guest ends this payment, by the red key of the reader. @param {State} state */
export const endsByRedKey = (state) => {
  const way = state.payment?.phase === "working" ? state.payment.way : null;
  return waysOf(state).some((one) => one.method === way && one.red_key === true);
};

/** A guest without an account who left a number may be told when the order is ready. @param {State} state */
export const mayBeNotified = (state) => isPhone(state.receiptTo) && state.member?.step !== "account";

/**
 * What is said of a line that does not fit into the order.
 * @param {State} state
 * @param {import("./cart.mjs").Line} line
 * @returns {Toast|null}
 */
function refusal({ lines, menu }, line) {
  const why = whyFull(lines, line, itemsById(menu));
  return why && { text: "full", line, why };
}

/**
 * @param {State} state
 * @param {{type: string}} action
 * @returns {State}
 */
export function reduce(state, action) {
  const change = CHANGES[action.type];
  if (!change) throw new Error(`no such change: ${action.type}`);
  return { ...state, ...change(state, action) };
}

/** @param {State} initial */
export function createStore(initial) {
  let state = initial;
  /** @type {Set<() => void>} */
  const listeners = new Set();
  return {
    get: () => state,
    /** @param {{type: string, [member: string]: unknown}} action */
    dispatch: (action) => {
      state = reduce(state, action);
      for (const listener of listeners) listener();
    },
    /** @param {() => void} listener */
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** @typedef {ReturnType<typeof createStore>} Store */
