/** Whoever listens is here, though nothing is touched: what waits for a touch waits for the end of a phrase as well. */

import { useEffect } from "preact/hooks";

export const HEARD = "heard";

/** A phrase begins or has ended. */
export const tellHeard = () => dispatchEvent(new Event(HEARD));

/** @param {() => void} act */
export function useHeard(act) {
  useEffect(() => {
    addEventListener(HEARD, act);
    return () => removeEventListener(HEARD, act);
  }, []);
}
