/**
 * Keeps the menu and the restaurant's state fresh: asked every five seconds, each second while closed, the menu by its
 * ETag.
 */

import { Problem, Unreachable } from "./api.mjs";
import { pause } from "./link.mjs";

const EVERY_MS = 5_000;
/** Before the first menu, and while nothing is sold: whoever stands there waits for a change. */
const SOON_MS = 1_000;
const MISSES_BEFORE_ALARM = 2;
/** What the screen shows when things go wrong must be here before they do. */
const AT_HAND = ["plug", "warning", "wave", "moon", "receipt", "card"].map((name) => `/assets/images/${name}.webp`);

/**
 * @param {{api: import("./api.mjs").Api, store: import("./store.mjs").Store, link: import("./link.mjs").Link}} kiosk
 */
export function createFeeds({ api, store, link }, reload = () => location.reload()) {
  /** @type {number|undefined} */
  let reloads;
  let wanted = false;
  /** @type {string|undefined} */
  let etag;
  let language = store.get().menuLanguage;
  let misses = 0;
  /**
   * Held, not only named: a picture the page holds is drawn without asking the server again.
   * @type {Map<string, HTMLImageElement>}
   */
  const pictures = new Map();

  async function refreshMenu() {
    const asked = store.get().menuLanguage;
    if (asked !== language) etag = undefined;
    language = asked;
    const answer = await api.menu(etag);
    // The customer may have switched the language while the answer was on its way.
    if (!answer || asked !== store.get().menuLanguage) return;
    etag = answer.etag;
    warm(answer.menu);
    store.dispatch({ type: "menu_came", menu: answer.menu });
  }

  /** Fetches the pictures before they are needed. @param {import("./cart.mjs").Menu} menu */
  function warm(menu) {
    for (const address of [
      ...menu.categories.flatMap((c) => [c, ...c.items]).map((named) => named.image),
      ...AT_HAND,
    ]) {
      if (!address || pictures.has(address)) continue;
      const picture = new Image();
      picture.src = address;
      pictures.set(address, picture);
    }
  }

  async function refreshRestaurant() {
    const asked = store.get().menuLanguage;
    const restaurant = await api.restaurant();
    if (asked === store.get().menuLanguage) store.dispatch({ type: "restaurant_came", restaurant });
    // Staff asked for it; a process that began anew counts from nothing, which is no wish.
    wanted ||= reloads !== undefined && restaurant.reloads > reloads;
    reloads = restaurant.reloads;
    if (wanted && store.get().screen === "attract") reload();
  }

  async function refreshMinutes() {
    const minutes = await api.minutes();
    if (JSON.stringify(minutes) !== JSON.stringify(store.get().minutes))
      store.dispatch({ type: "minutes_came", minutes });
  }

  async function refresh() {
    try {
      await Promise.all([refreshMenu(), refreshRestaurant(), refreshMinutes()]);
      misses = 0;
    } catch (error) {
      // A refused read changes nothing on the screen: the next one may pass. Silence twice running covers it.
      if (error instanceof Problem) return;
      if (!(error instanceof Unreachable)) throw error;
      misses += 1;
      if (misses >= MISSES_BEFORE_ALARM || !store.get().menu) await link.restored();
    }
  }

  return {
    refresh,
    /** The new language's words at once, not at the next turn. */
    retranslate: refresh,
    async run() {
      for (;;) {
        await refresh();
        const { menu, restaurant } = store.get();
        await pause(menu && restaurant?.sales.open ? EVERY_MS : SOON_MS);
      }
    },
  };
}

/** @typedef {ReturnType<typeof createFeeds>} Feeds */
