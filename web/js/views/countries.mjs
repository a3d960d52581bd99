/** Which country a phone number is from: asked only where the gateway sends to several. */

import { useState } from "preact/hooks";
import { html } from "../html.mjs";
import { countriesOf } from "../points.mjs";
import { useKiosk } from "./context.mjs";
import { Dialog } from "./dialogs.mjs";

/** @param {{code: string, choose: (code: string) => void}} props */
export function CountryChoice({ code, choose }) {
  const { state, t } = useKiosk();
  const [open, setOpen] = useState(false);
  const countries = countriesOf(state.restaurant);
  if (countries.length < 2) return null;
  const names = new Intl.DisplayNames([state.menuLanguage], { type: "region" });
  const word = (/** @type {import("../points.mjs").Country} */ country) =>
    `+${country.calling_code} ${names.of(country.code)}`;
  const now = countries.find((country) => country.code === code) ?? countries[0];
  const pick = (/** @type {string} */ chosen) => {
    choose(chosen);
    setOpen(false);
  };
  return html`<button type="button" class="chip" data-testid="country" aria-haspopup="dialog"
    aria-label=${`${t.country}: ${word(now)}`} onClick=${() => setOpen(true)}>${word(now)} ▾</button>
  ${
    open &&
    html`<${Dialog} class="text-dialog" label=${t.country} close=${() => setOpen(false)}>
      <div class="sheet-scroll"><h2>${t.country}</h2><div class="options">${countries.map(
        (country) => html`<button type="button" key=${country.code}
          class=${country === now ? "option on" : "option"} aria-pressed=${country === now}
          data-testid=${`country-${country.code}`} onClick=${() => pick(country.code)}><span>
            ${word(country)}</span></button>`,
      )}</div></div>
      <footer class="sheet-foot"><button type="button" class="go ghost" onClick=${() => setOpen(false)}>
          ${t.close}</button></footer><//>`
  }`;
}
