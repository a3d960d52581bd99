/** The bar of the sections: tabs with addresses, which a reload and the way back remember; by touch and by arrows. */

import { useEffect, useState } from "preact/hooks";
import { html } from "./html.mjs";
import { placeOf } from "./sections.mjs";
import { useWords } from "./staff-language.mjs";

/** @typedef {import("./sections.mjs").Section} Section */

const STEPS = /** @type {Record<string, number>} */ ({ ArrowRight: 1, ArrowLeft: -1 });

/** Where the page is by its address. @param {Section[]} open @returns {{section: Section, of: string}} */
export function usePlace(open) {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const moved = () => setHash(location.hash);
    addEventListener("hashchange", moved);
    return () => removeEventListener("hashchange", moved);
  }, []);
  return placeOf(hash, open);
}

/** @param {string} section @param {string} [of] what of it is looked at */
export function goTo(section, of = "") {
  location.hash = of ? `${section}/${of}` : section;
}

/** @param {{open: Section[], chosen: Section, waiting: Set<Section>}} props */
export function SectionBar({ open, chosen, waiting }) {
  const t = useWords().t.sections;
  const press = (/** @type {KeyboardEvent} */ event) => {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    const next = open[(open.indexOf(chosen) + step + open.length) % open.length];
    goTo(next);
    document.getElementById(`to-${next}`)?.focus();
  };
  return html`<div class="section-bar" role="tablist" aria-label=${t.title} onKeyDown=${press}>${open.map(
    (name) => html`<button type="button" key=${name} id=${`to-${name}`} role="tab" data-testid=${`to-${name}`}
      aria-selected=${name === chosen} aria-controls="section" tabindex=${name === chosen ? 0 : -1}
      data-waits=${waiting.has(name)} onClick=${() => goTo(name)}>${t.names[name]}${
        waiting.has(name) && html`<i role="img" aria-label=${t.waits}></i>`
      }</button>`,
  )}</div>`;
}
