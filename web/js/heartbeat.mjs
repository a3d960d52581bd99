/** Tells the server every five seconds that this page lives: a browser that hangs falls silent and is missed. */

import { Problem, Unreachable } from "./api.mjs";

const EVERY_MS = 5_000;

/** @param {import("./kiosk.mjs").Kiosk} kiosk @param {string} terminalId */
export function beatFor({ api, store }, terminalId) {
  const beat = async () => {
    try {
      await api.beat({ terminal_id: terminalId, screen: store.get().screen });
    } catch (error) {
      // The feeds notice a silent server; a beat that is lost is followed by another.
      if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
    }
  };
  setInterval(() => void beat(), EVERY_MS);
  void beat();
}
