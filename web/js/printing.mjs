/** The head of a day's journal: its day, a print of it alone, a table of it. */

import { saveCsv } from "./csv.mjs";
import { html } from "./html.mjs";
import { useWords } from "./staff-language.mjs";

/**
 * @param {{id: string, name: string, day: string, choose: (day: string) => void, csv: () => string}} props
 *   `name`: its section has the class `of-NAME`, and its file begins so
 */
export function OfDay({ id, name, day, choose, csv }) {
  const t = useWords().t.temperatures;
  return html`<form onSubmit=${(/** @type {Event} */ event) => event.preventDefault()}>
    <label>${t.day}<input type="date" value=${day} data-testid=${`${id}-day`}
        onChange=${(/** @type {any} */ event) => choose(event.target.value)} /></label>
    <button type="button" class="quiet" data-testid=${`${id}-print`} onClick=${() => printPart(name)}>
      ${t.print}</button>
    <button type="button" class="quiet" data-testid=${`${id}-csv`}
      onClick=${() => saveCsv(`${name}-${day}.csv`, csv())}>CSV</button></form>`;
}

/** Of what can be printed, one: its section has the class `of-NAME`. @param {string} name */
export function printPart(name) {
  document.documentElement.dataset.print = name;
  print();
}
