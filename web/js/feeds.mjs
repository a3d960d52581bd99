/** Keeps the menu and the restaurant's state fresh: asked every five seconds, the menu by its ETag. */

import { Problem, Unreachable } from "./api.mjs";
import { pause } from "./link.mjs";

const EVERY_MS = 5_000;
const MISSES_BEFORE_ALARM = 2;

/**
 * @param {{api: import("./api.mjs").Api, store: import("./store.mjs").Store, link: import("./link.mjs").Link}} kiosk
 */
export function createFeeds({ api, store, link }) {
  /** @type {string|undefined} */
  let etag;
  let language = store.get().language;
  let misses = 0;
  /** @type {Set<string>} */
  const decoded = new Set();

  async function refreshMenu() {
    const asked = store.get().language;
    if (asked !== language) etag = undefined;
    language = asked;
    const answer = await api.menu(etag);
    // The customer may have switched the language while the answer was on its way.
    if (!answer || asked !== store.get().language) return;
    etag = answer.etag;
    warm(answer.menu);
    store.dispatch({ type: "menu_came", menu: answer.menu });
  }

  /** Decodes the pictures before they are needed. @param {import("./cart.mjs").Menu} menu */
  function warm(menu) {
    for (const { image } of menu.categories.flatMap((c) => [c, ...c.items])) {
      if (!image || decoded.has(image)) continue;
      decoded.add(image);
      new Image().src = image;
    }
  }

  async function refreshRestaurant() {
    const asked = store.get().language;
    const restaurant = await api.restaurant();
    if (asked === store.get().language) store.dispatch({ type: "restaurant_came", restaurant });
  }

  async function refresh() {
    try {
      await Promise.all([refreshMenu(), refreshRestaurant()]);
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
        await pause(store.get().menu ? EVERY_MS : 1_000);
      }
    },
  };
}

/** @typedef {ReturnType<typeof createFeeds>} Feeds */
