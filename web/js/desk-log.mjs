/** What happened: who did what, the events that went out, and the last lines of the log, with a word to look for. */

import { useState } from "preact/hooks";
import { useTold } from "./desk-lots.mjs";
import { Journal } from "./desk-parts.mjs";
import { goTo } from "./desk-section-bar.mjs";
import { html } from "./html.mjs";
import { lineOf } from "./log-words.mjs";
import { useWho } from "./staff.mjs";
import { useWords } from "./staff-language.mjs";

const REFRESH_MS = 10_000;
const SHOWN = 200;
const LEVELS = ["all", "warning", "error"];

/** @param {{told: any, token: string}} props `told`: the overview */
export function Log({ told, token }) {
  const { may } = useWho();
  return html`<${Journal} rows=${told.journal} dishes=${told.dishes} />
    ${may("GET /api/service/events") && html`<${Events} token=${token} last=${told.journal[0]?.at} />`}
    ${may("GET /api/service/log") && html`<${Lines} token=${token} last=${told.journal[0]?.at} />`}`;
}

/** @param {{token: string, last: unknown}} props */
function Events({ token, last }) {
  const t = useWords().t.log;
  const told = useTold(token, "events", last, REFRESH_MS);
  return html`<details class="card"><summary data-testid="events-open">${t.events}</summary>
    <table data-testid="events"><tbody>${told?.events.map(
      (/** @type {any} */ row) => html`<tr key=${row.sequence}><td>${row.sequence}</td>
        <td>${new Date(row.at).toLocaleString("ru-RU")}</td><td>${row.type}</td>
        <td>${
          row.order_id &&
          html`<button type="button" class="quiet" onClick=${() => goTo("orders", row.order_id)}>
            ${row.data.number ?? row.order_id}</button>`
        }</td></tr>`,
    )}</tbody></table></details>`;
}

/** @param {{token: string, last: unknown}} props */
function Lines({ token, last }) {
  const t = useWords().t.log;
  const [word, setWord] = useState("");
  const [level, setLevel] = useState("all");
  const told = useTold(token, "log", last, REFRESH_MS);
  const rows = (told?.lines ?? [])
    .map(lineOf)
    .filter((/** @type {any} */ row) => level === "all" || row.level === level || row.level === "error")
    .filter((/** @type {any} */ row) => row.text.toLowerCase().includes(word.trim().toLowerCase()));
  return html`<details class="card"><summary data-testid="log-open">${t.title}</summary>
    <form onSubmit=${(/** @type {Event} */ event) => event.preventDefault()}>
      <label>${t.word}<input value=${word} maxlength="100" autocomplete="off" data-testid="log-word"
          onInput=${(/** @type {any} */ event) => setWord(event.target.value)} /></label>
      <label>${t.level}<select value=${level} data-testid="log-level"
          onChange=${(/** @type {any} */ event) => setLevel(event.target.value)}>
          ${LEVELS.map((one) => html`<option key=${one} value=${one}>${t.levels[one]}</option>`)}
        </select></label></form>
    <p role="status">${t.count(rows.length, Math.min(rows.length, SHOWN))}</p>
    <ol class="log-lines" data-testid="log">${rows
      .slice(-SHOWN)
      .reverse()
      .map(
        (/** @type {any} */ row, /** @type {number} */ i) => html`<li key=${i} class=${row.level}>
          <b>${new Date(row.at).toLocaleString("ru-RU")} ${row.event}</b> ${row.rest}</li>`,
      )}</ol></details>`;
}
