/** The strip under every screen, within everybody's reach: lower controls, larger text, the screen read aloud. */

import { html } from "../html.mjs";
import { useKiosk } from "./context.mjs";

/** Whether the browser has a synthesiser. */
const canSpeak = () => "speechSynthesis" in window && typeof SpeechSynthesisUtterance === "function";

export function Tools() {
  const { state, actions, t } = useKiosk();
  return html`<nav class="tools" aria-label=${t.tools}>
    <${Tool} id="low" on=${state.low} sign=${state.low ? "↑" : "↓"} word=${state.low ? t.higher : t.lower} hint=${t.lowerHint} flip=${actions.switchLow} />
    <${Tool} id="large" on=${state.large} sign="A" word=${state.large ? t.smaller : t.larger} hint=${t.largerHint} flip=${actions.switchLarge} />
    ${canSpeak() && html`<${Tool} id="aloud" on=${state.aloud} sign="♪" word=${t.speak} hint=${t.speakHint} flip=${actions.switchAloud} />`}
  </nav>`;
}

/** @param {{id: string, on: boolean, sign: string, word: string, hint: string, flip: () => void}} props */
function Tool({ id, on, sign, word, hint, flip }) {
  return html`<button type="button" class=${on ? "tool on" : "tool"} data-testid=${id} aria-pressed=${on} aria-label=${`${word}. ${hint}`} onClick=${flip}>
    <b aria-hidden="true" data-sign=${sign}></b>${word}</button>`;
}
