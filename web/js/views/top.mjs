/** The strip above every screen: the restaurant's name, how we serve, the language. */

import { useRef } from "preact/hooks";
import { html } from "../html.mjs";
import { calledBy, isReadable } from "../languages.mjs";
import { usePart } from "./context.mjs";
import { Picture } from "./parts.mjs";

/** Where the customer may still change his mind about the tray or the bag. */
const SERVICE_CHANGES = new Set(["menu", "cart"]);

/** Five quick taps on the name, on the waiting screen: the staff's door, with its PIN. */
const TAPS = 5;
const TAPS_WITHIN_MS = 3_000;

/** Those that every restaurant has, until ours has told its own. */
const BEFORE_IT_IS_TOLD = ["ru", "en"];

/** @param {boolean} waiting nobody is ordering */
function useStaffDoor(waiting) {
  const taps = useRef(/** @type {number[]} */ ([]));
  return () => {
    const now = Date.now();
    taps.current = [...taps.current.filter((at) => now - at < TAPS_WITHIN_MS), now];
    if (waiting && taps.current.length >= TAPS) location.assign("/service?from=kiosk");
  };
}

export function Top() {
  const { menuLanguage, languages, screen, service, name, actions, t } = usePart((state) => ({
    language: state.language,
    menuLanguage: state.menuLanguage,
    languages: (state.restaurant?.languages ?? BEFORE_IT_IS_TOLD).join(" "),
    screen: state.screen,
    service: state.service,
    name: state.restaurant?.name,
  }));
  const knock = useStaffDoor(screen === "attract");
  return html`<header class="top">
    <div class="brand" data-testid="brand" onClick=${knock}><${Picture} src="/assets/images/robot.webp" size=${68} />
      ${name ?? "Огонёк"}</div>
    ${
      service &&
      SERVICE_CHANGES.has(screen) &&
      html`<button type="button" class="chip" data-testid="service-change" onClick=${() => actions.open("service")}>
        ${service === "dine_in" ? t.dineIn : t.takeAway}
      </button>`
    }
    <div class="languages" role="group" aria-label=${t.language}>
      ${languages
        .split(" ")
        .filter(isReadable)
        .map(
          (
            /** @type {string} */ code,
          ) => html`<${LanguageChip} key=${code} code=${code} ...${calledBy(code)} on=${menuLanguage === code}
          choose=${actions.chooseLanguage} />`,
        )}
    </div>
  </header>`;
}

/** @param {{code: string, word: string, name: string, on: boolean, choose: (code: string) => void}} props */
function LanguageChip({ code, word, name, on, choose }) {
  return html`<button type="button" lang=${code} class=${on ? "chip on" : "chip"} aria-pressed=${on}
    aria-label=${`${word}, ${name}`}
    data-testid=${`lang-${code}`} onClick=${() => choose(code)}>${word}</button>`;
}
