/** The temperatures of a day: how warm everything is, what it must keep, the journal by hours as print and table. */

import { useEffect, useState } from "preact/hooks";
import { decimal } from "./format.mjs";
import { html } from "./html.mjs";
import { OfDay } from "./printing.mjs";
import { staffCall } from "./staff.mjs";
import { useWords } from "./staff-language.mjs";
import { csvOf, limitWords } from "./temperature-words.mjs";

const REFRESH_MS = 60_000;

/** @param {{token: string}} props */
export function Temperatures({ token }) {
  const { language, t: texts } = useWords();
  const t = texts.temperatures;
  const [day, setDay] = useState("");
  const [told, setTold] = useState(/** @type {any} */ (null));
  useEffect(() => {
    let over = false;
    const load = async () => {
      const answer = await staffCall(token, "GET", `/api/service/temperatures${day && `?on=${day}`}`);
      if (!over && answer.ok) setTold(answer.body);
    };
    void load();
    const timer = setInterval(load, REFRESH_MS);
    return () => {
      over = true;
      clearInterval(timer);
    };
  }, [token, day]);
  if (!told) return null;
  const measured = told.places.filter((/** @type {any} */ row) => row.minutes || row.now_c !== null);
  return html`<section class="card printed of-temperatures" data-testid="temperatures"><h2>${t.title}</h2>
    <${OfDay} id="temperatures" name="temperatures" day=${told.day} choose=${setDay}
      csv=${() => csvOf(told, language)} />
    ${!measured.length && html`<p class="calm">${t.none}</p>`}
    ${
      measured.length > 0 &&
      html`<table><thead><tr>${t.columns.map((column) => html`<th key=${column}>${column}</th>`)}</tr></thead>
        <tbody>${measured.map(
          (/** @type {any} */ row) => html`<${Place} key=${row.place} row=${row} />`,
        )}</tbody></table>
      <details><summary>${t.hours}</summary><${Hours} rows=${measured} /></details>`
    }</section>`;
}

/** @param {{row: any}} props */
function Place({ row }) {
  const { language, t: texts } = useWords();
  const t = texts.temperatures;
  const { place, name, now_c, day_lowest_c: lowest, day_highest_c: highest, out_minutes, stopped, since } = row;
  return html`<tr class=${stopped || since ? "short" : ""} data-testid=${`temperature-${place}`}
    data-stopped=${stopped}>
    <td>${name[language]}</td><td>${now_c === null ? "—" : `${decimal(now_c)} °C`}</td><td>${limitWords(row)}</td>
    <td>${lowest === null ? "—" : `${decimal(lowest)} … ${decimal(highest)}`}</td>
    <td>${stopped ? t.stopped : out_minutes ? t.out(out_minutes) : "—"}</td></tr>`;
}

/** Highest of each hour. @param {{rows: any[]}} props */
function Hours({ rows }) {
  const { language, t: texts } = useWords();
  const hours = Array.from({ length: 24 }, (_, hour) => hour);
  /** @param {any} row @param {number} hour */
  const of = (row, hour) => row.hours.find((/** @type {any} */ found) => found.hour === hour);
  return html`<table class="hours"><thead><tr><th>${texts.temperatures.highest}</th>
        ${hours.map((hour) => html`<th key=${hour}>${hour}</th>`)}</tr></thead>
    <tbody>${rows.map(
      (row) =>
        html`<tr key=${row.place}><td>${row.name[language]}</td>${hours.map(
          (hour) => html`<td key=${hour}>${of(row, hour) ? decimal(of(row, hour).highest_c) : ""}</td>`,
        )}</tr>`,
    )}</tbody></table>`;
}
