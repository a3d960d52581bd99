/** The guest session: opened just before it is needed, so that it outlives the payment; dead at the reset. */

import { Unreachable } from "./api.mjs";

/** A token lives 900 s: one older than this is changed before a new order, none is changed during a payment. */
const FRESH_FOR_MS = 300_000;

/**
 * @param {{api: import("./api.mjs").Api, memory: import("./memory.mjs").Memory, terminalId: string}} kiosk
 */
export function createSession({ api, memory, terminalId }) {
  async function open() {
    const { access_token } = await api.guest(terminalId);
    memory.keep({ token: access_token, tokenAt: Date.now() });
    return /** @type {string} */ (access_token);
  }

  async function close() {
    const { token } = memory.get();
    memory.drop("token", "tokenAt");
    if (!token) return;
    try {
      await api.logout(token);
    } catch (error) {
      // The token expires by itself; the next customer must not wait for this one's farewell.
      if (!(error instanceof Unreachable)) throw error;
    }
  }

  return {
    current: () => memory.get().token ?? "",
    close,
    open,
    async fresh() {
      const { token, tokenAt = 0 } = memory.get();
      if (token && Date.now() - tokenAt < FRESH_FOR_MS) return token;
      await close();
      return await open();
    },
  };
}

/** @typedef {ReturnType<typeof createSession>} Session */
