/** The screen read aloud by the browser's own synthesiser, where it has one: silent until it is asked for. */

import { useEffect } from "preact/hooks";
import { readAloud } from "./reader.mjs";
import { usePart } from "./views/context.mjs";
import { canSpeak } from "./views/tools.mjs";

/** The accessible keypad's "repeat": it also begins the reading, so nobody has to find a button on the glass first. */
const BEGINS = "F1";

export function Speech() {
  const { aloud, actions } = usePart(({ aloud, language }) => ({ aloud, language }));
  useEffect(() => {
    if (aloud) return readAloud();
    const asked = (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== BEGINS || !canSpeak()) return;
      event.preventDefault();
      actions.switchAloud();
    };
    addEventListener("keydown", asked);
    return () => removeEventListener("keydown", asked);
  }, [aloud]);
  return null;
}
