/** Hands the kiosk to every component, and re-renders them when its state changes. */

import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import { texts } from "../texts.mjs";

export const KioskContext = createContext(/** @type {import("../kiosk.mjs").Kiosk} */ (/** @type {unknown} */ (null)));

/** @param {import("../store.mjs").Store} store */
export function useStore(store) {
  const [state, setState] = useState(store.get());
  useEffect(() => {
    setState(store.get());
    return store.subscribe(() => setState(store.get()));
  }, [store]);
  return state;
}

export function useKiosk() {
  const { store, actions } = useContext(KioskContext);
  const state = useStore(store);
  return { state, actions, t: texts[state.language] };
}

/** The present moment, refreshed often enough for a countdown. @param {boolean} running */
export function useNow(running = true) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (!running) return undefined;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, [running]);
  return now;
}
