/** The session: a guest's opened just before it is needed, or the customer's who signed in; dead at the reset. */

import { Problem, Unreachable } from "./api.mjs";

/** A guest's token lives 900 s: one older than this is changed before a new order, none is changed during a payment. */
const FRESH_FOR_MS = 300_000;
/** A customer's cannot be changed without asking again, so it is used while a payment surely fits into it. */
const PAYMENT_FITS_MS = 240_000;

/**
 * @param {{api: import("./api.mjs").Api, memory: import("./memory.mjs").Memory, store: import("./store.mjs").Store,
 *   terminalId: string}} kiosk
 */
export function createSession({ api, memory, store, terminalId }) {
  let closed = 0;
  /** @type {Promise<string>|null} */
  let opening = null;

  /** A session that was closed while it was being opened is not kept for whoever comes next. */
  async function open() {
    const before = closed;
    const { access_token } = await api.guest(terminalId);
    if (before === closed) keep(access_token);
    else void farewell(access_token);
    return /** @type {string} */ (access_token);
  }

  /** @param {string} access_token */
  function keep(access_token) {
    memory.keep({ token: access_token, tokenAt: Date.now(), signedIn: false });
  }

  /** A guest's session instead of one that is over. A customer's is not replaced silently: points would be missing.  */
  async function replace() {
    const lost = memory.get().signedIn;
    await close();
    const token = await open();
    if (!lost) return token;
    store.dispatch({ type: "member_lost" });
    throw new Problem(401, { code: "member_lost" });
  }

  /** The customer's session takes the guest's place. @param {{access_token: string, expires_in_s: number}} fresh */
  async function adopt({ access_token, expires_in_s }) {
    const before = memory.get().token;
    memory.keep({
      token: access_token,
      tokenAt: Date.now(),
      tokenUntil: Date.now() + expires_in_s * 1000,
      signedIn: true,
    });
    if (before) await farewell(before);
  }

  async function close() {
    const { token } = memory.get();
    closed += 1;
    memory.drop("token", "tokenAt", "tokenUntil", "signedIn");
    if (token) await farewell(token);
  }

  /** @param {string} token */
  async function farewell(token) {
    try {
      await api.logout(token);
    } catch (error) {
      // The token expires by itself; the next customer must not wait for this one's farewell.
      if (!(error instanceof Unreachable)) throw error;
    }
  }

  function isFresh() {
    const { token, tokenAt = 0, tokenUntil = 0, signedIn } = memory.get();
    if (!token) return false;
    return signedIn ? tokenUntil - Date.now() > PAYMENT_FITS_MS : Date.now() - tokenAt < FRESH_FOR_MS;
  }

  /** All who ask at once get one session. */
  async function fresh() {
    if (isFresh()) return memory.get().token ?? "";
    opening ??= replace().finally(() => {
      opening = null;
    });
    return await opening;
  }

  return {
    current: () => memory.get().token ?? "",
    close,
    replace,
    adopt,
    fresh,
    /** For a question that may go unanswered: a customer's session is never given up for it. */
    toAsk: async () => (memory.get().signedIn ? (memory.get().token ?? "") : await fresh()),
  };
}

/** @typedef {ReturnType<typeof createSession>} Session */
