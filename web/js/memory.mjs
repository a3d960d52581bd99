/**
 * What survives a reload of the page: the session, the order's id and keys, the cart. Nothing outlives the customer.
 */

const SLOT = "kiosk";

/**
 * @typedef {{token: string, tokenAt: number, orderId: string, order: any, createKey: string, createFor: string,
 *   payKey: string, payBody: {method?: string, card_token?: string}, tokenUntil: number, signedIn: boolean,
 *   page: Partial<import("./store.mjs").State>}} Kept
 */

/** @param {Storage} storage */
export function createMemory(storage) {
  /** @type {Partial<Kept>} */
  let kept = read(storage);
  return {
    get: () => kept,
    /** @param {Partial<Kept>} more */
    keep: (more) => {
      kept = { ...kept, ...more };
      storage.setItem(SLOT, JSON.stringify(kept));
    },
    /** @param {(keyof Kept)[]} names */
    drop: (...names) => {
      kept = Object.fromEntries(
        Object.entries(kept).filter(([name]) => !names.includes(/** @type {keyof Kept} */ (name))),
      );
      storage.setItem(SLOT, JSON.stringify(kept));
    },
    forget: () => {
      kept = {};
      storage.clear();
    },
  };
}

/** @typedef {ReturnType<typeof createMemory>} Memory */

/** @param {Storage} storage @returns {Partial<Kept>} */
function read(storage) {
  try {
    return JSON.parse(storage.getItem(SLOT) ?? "{}");
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

/**
 * The part of the page that a reload brings back; the order itself is asked from the server.
 * @param {import("./store.mjs").State} state
 */
export function pagePart({
  screen,
  language,
  menuLanguage,
  low,
  large,
  aloud,
  service,
  lines,
  category,
  filters,
  receiptTo,
  notify,
}) {
  return { screen, language, menuLanguage, low, large, aloud, service, lines, category, filters, receiptTo, notify };
}
