/** The journals of a day beside those of temperatures and lots: what stood in the cells, what was done at stations. */

import { useState } from "preact/hooks";
import { useTold } from "./desk-lots.mjs";
import { goTo } from "./desk-section-bar.mjs";
import { actorWords } from "./desk-words.mjs";
import { html } from "./html.mjs";
import { cellCsv, outcomeWords, timeOf, warmthWords } from "./journal-words.mjs";
import { OfDay } from "./printing.mjs";
import { useWords } from "./staff-language.mjs";
import { upkeepCsv } from "./upkeep-words.mjs";

const REFRESH_MS = 60_000; // a day has hundreds of dishes

/** @param {{token: string, last: unknown}} props `last`: changes with every act of anybody */
export function CellJournal({ token, last }) {
  const { language, t: texts } = useWords();
  const t = texts.cellJournal;
  const [day, setDay] = useState("");
  const told = useTold(token, `cells/journal${day && `?on=${day}`}`, last, REFRESH_MS);
  if (!told) return null;
  const { entries, acts, unread } = told;
  const thrown = entries.filter((/** @type {any} */ row) => row.outcome === "thrown_away").length;
  return html`<section class="card printed of-cells" data-testid="cell-journal"><h2>${t.title}</h2>
    <${OfDay} id="cell-journal" name="cells" day=${told.day} choose=${setDay} csv=${() => cellCsv(told, language)} />
    ${unread.map((/** @type {string} */ what) => html`<p class="trouble" key=${what}>${t.unread(what)}</p>`)}
    ${!entries.length && !acts.length && html`<p class="calm">${t.nothing}</p>`}
    ${
      entries.length > 0 &&
      html`<details><summary data-testid="cell-journal-open">${t.count(entries.length, thrown)}</summary>
        <table><thead><tr>${t.columns.map((column) => html`<th key=${column}>${column}</th>`)}</tr></thead>
          <tbody>${entries.map(
            (/** @type {any} */ row) => html`<${Portion} key=${row.portion_id} row=${row} />`,
          )}</tbody></table></details>`
    }
    ${
      acts.length > 0 &&
      html`<h3>${t.acts}</h3><table><tbody>${acts.map(
        (/** @type {any} */ row, /** @type {number} */ i) => html`<tr key=${i}>
          <td>${timeOf(row.at)}</td><td>${actorWords(row.actor, texts.journal)}</td>
          <td>${texts.journal.actions[row.action] ?? row.action}</td><td>${row.detail}</td></tr>`,
      )}</tbody></table>`
    }</section>`;
}

/** @param {{row: any}} props */
function Portion({ row }) {
  const { language, t: texts } = useWords();
  const t = texts.cellJournal;
  return html`<tr class=${row.outcome === "thrown_away" ? "short" : ""} data-testid=${`of-portion-${row.portion_id}`}
    data-outcome=${row.outcome}>
    <td>${timeOf(row.ready_at)}</td><td>${row.cell ?? "—"}</td>
    <td><button type="button" class="quiet" data-testid=${`record-of-${row.portion_id}`}
        onClick=${() => goTo("orders", row.order_id)}>${row.number}</button></td><td>${row.name[language]}</td>
    <td>${t.revision(row.chart_revision)}</td><td>${row.lots.join(", ") || "—"}</td><td>${warmthWords(row)}</td>
    <td>${outcomeWords(row, t)}</td></tr>`;
}

/** @param {{token: string, last: unknown}} props */
export function UpkeepJournal({ token, last }) {
  const { language, t: texts } = useWords();
  const t = texts.upkeep;
  const [day, setDay] = useState("");
  const told = useTold(token, `upkeep/journal${day && `?on=${day}`}`, last, REFRESH_MS);
  if (!told) return null;
  return html`<section class="card printed of-upkeep" data-testid="upkeep-journal"><h2>${t.journal}</h2>
    <${OfDay} id="upkeep-journal" name="upkeep" day=${told.day} choose=${setDay}
      csv=${() => upkeepCsv(told, language)} />
    ${!told.records.length && html`<p class="calm">${t.nothing}</p>`}
    ${
      told.records.length > 0 &&
      html`<table><thead><tr>${t.recordColumns.map((column) => html`<th key=${column}>${column}</th>`)}</tr></thead>
        <tbody>${told.records.map(
          (/** @type {any} */ row) => html`<tr key=${row.at + row.upkeep_id}>
            <td>${timeOf(row.at)}</td><td>${row.station_name?.[language] ?? "—"}</td>
            <td>${row.name?.[language] ?? row.upkeep_id}</td>
            <td>${actorWords(row.actor, texts.journal)}</td><td>${row.note}</td></tr>`,
        )}</tbody></table>`
    }</section>`;
}
