/** Cleaning and oil: what is due when at which station, the word that it is done, and who did it. */

import { saveCsv } from "./csv.mjs";
import { Twice } from "./desk-buttons.mjs";
import { useTold } from "./desk-lots.mjs";
import { actorWords } from "./desk-words.mjs";
import { html } from "./html.mjs";
import { useWords } from "./staff-language.mjs";
import { upkeepCsv, upkeepWords } from "./upkeep-words.mjs";

/** @typedef {import("./desk-parts.mjs").Act} Act */

/** @param {{token: string, act: Act, last: unknown}} props `last`: changes with every act of anybody */
export function Upkeep({ token, act, last }) {
  const { language, t: texts } = useWords();
  const t = texts.upkeep;
  const told = useTold(token, "upkeep", last);
  if (!told?.upkeep.length) return null;
  return html`<section class="card" data-testid="upkeep"><h2>${t.title}</h2>
    <table><thead><tr>${t.columns.map((column) => html`<th key=${column}>${column}</th>`)}</tr></thead>
      <tbody>${told.upkeep.map(
        (/** @type {any} */ row) => html`<tr key=${row.upkeep_id} class=${row.state === "good" ? "" : "short"}
          data-testid=${`upkeep-${row.upkeep_id}`} data-state=${row.state}>
          <td>${row.station_name[language]}</td><td>${row.name[language]}</td><td>${upkeepWords(row, t)}</td>
          <td>${new Date(row.since).toLocaleString("ru-RU")}<br />
            ${row.by ? actorWords(row.by, texts.journal) : t.begun}</td>
          <td><${Twice} id=${`upkeep-done-${row.upkeep_id}`} words=${t.done} sure=${t.sure} quiet
            go=${() => act(t.act(row.name[language]), `upkeep/${row.upkeep_id}/done`, {})} /></td></tr>`,
      )}</tbody></table>
    ${
      told.records.length > 0 &&
      html`<details data-testid="upkeep-records"><summary>${t.records}</summary>
        <button type="button" class="quiet" data-testid="upkeep-csv"
          onClick=${() => saveCsv("upkeep.csv", upkeepCsv(told, language))}>CSV</button>
        <ul>${told.records.map(
          (/** @type {any} */ row) => html`<li key=${row.at + row.upkeep_id}>
            ${new Date(row.at).toLocaleString("ru-RU")} · ${row.station_name?.[language] ?? ""}
            · ${row.name?.[language] ?? row.upkeep_id} · ${actorWords(row.actor, texts.journal)} ${row.note}</li>`,
        )}</ul></details>`
    }</section>`;
}
