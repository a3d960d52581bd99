/** The strip under every screen, within everybody's reach: lower controls, larger text, the screen read aloud. */

import { html } from "../html.mjs";
import { usePart } from "./context.mjs";

/** Whether the browser has a synthesiser. */
export const canSpeak = () => "speechSynthesis" in window && typeof SpeechSynthesisUtterance === "function";

export function Tools() {
  const { low, large, aloud, actions, t } = usePart(({ language, low, large, aloud }) => ({
    language,
    low,
    large,
    aloud,
  }));
  return html`<nav class="tools" aria-label=${t.tools}>
    <${Tool} id="low" on=${low} sign=${low ? "↑" : "↓"} word=${low ? t.higher : t.lower} hint=${t.lowerHint}
      flip=${actions.switchLow} />
    <${Tool} id="large" on=${large} sign="A" word=${large ? t.smaller : t.larger} hint=${t.largerHint}
      flip=${actions.switchLarge} />
    ${
      canSpeak() &&
      html`<${Tool} id="aloud" on=${aloud} sign="«»" word=${t.speak} hint=${t.speakHint}
        flip=${actions.switchAloud} />`
    }
  </nav>`;
}

/** @param {{id: string, on: boolean, sign: string, word: string, hint: string, flip: () => void}} props */
function Tool({ id, on, sign, word, hint, flip }) {
  return html`<button type="button" class=${on ? "tool on" : "tool"} data-testid=${id} aria-pressed=${on}
    aria-label=${`${word}. ${hint}`} onClick=${flip}>
    <b aria-hidden="true" data-sign=${sign}></b>${word}</button>`;
}
