/** Hands the kiosk to every component, and re-renders them when its state changes. */

import { createContext } from "preact";
import { useContext, useEffect, useRef, useState } from "preact/hooks";
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

/**
 * A part of the state: the component is drawn anew only when this part changes, not at every tap on a dish.
 * @template {{language: import("../texts.mjs").Language}} P
 * @param {(state: import("../store.mjs").State) => P} select
 */
export function usePart(select) {
  const { store, actions } = useContext(KioskContext);
  const [part, setPart] = useState(() => select(store.get()));
  const shown = useRef(part);
  useEffect(() => {
    const look = () => {
      const next = select(store.get());
      if (sameParts(shown.current, next)) return;
      shown.current = next;
      setPart(next);
    };
    look();
    return store.subscribe(look);
  }, [store]);
  return { ...part, actions, t: texts[part.language] };
}

/** For what shows words and nothing of the state. */
export const useTexts = () => usePart(({ language }) => ({ language }));

/** @param {Record<string, unknown>} a @param {Record<string, unknown>} b */
function sameParts(a, b) {
  return Object.keys(b).every((name) => Object.is(a[name], b[name]));
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
