/** What the robot does, for the technician: jobs and where they are, what waits and why, the line, what was made. */

import { useEffect, useState } from "preact/hooks";
import { html } from "./html.mjs";
import { staffCall } from "./staff.mjs";
import { useWords } from "./staff-language.mjs";

const EVERY_MS = 2_000;

/** @param {{token: string}} props */
export function Kitchen({ token }) {
  const { t: texts } = useWords();
  const t = texts.kitchen;
  const [told, setTold] = useState(/** @type {any} */ (null));
  useEffect(() => {
    let gone = false;
    const look = async () => {
      const answer = await staffCall(token, "GET", "/api/service/kitchen");
      if (!gone) setTold(answer.ok ? answer.body : null);
    };
    void look();
    const timer = setInterval(look, EVERY_MS);
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, [token]);
  return html`<section class="card" data-testid="kitchen"><h2>${t.title}</h2>
    ${!told && html`<p class="trouble">${t.unknown}</p>`}
    ${told && html`<${Now} told=${told} />`}
  </section>`;
}

/** @param {{told: any}} props */
function Now({ told }) {
  const { t: texts } = useWords();
  const t = texts.kitchen;
  const { asked, unanswered, foreign, busy_permille: busy } = told.line;
  return html`<p data-testid="complex">${told.state ? t.state(t.complex[told.state] ?? told.state) : t.silent}</p>
    <p class="own" data-testid="line">${t.line(asked, unanswered, foreign, Math.round(busy / 10))}</p>
    ${!told.jobs.length && !told.waiting.length && html`<p class="calm">${t.nothing}</p>`}
    ${told.jobs.length > 0 && html`<${Jobs} told=${told} />`}
    ${told.waiting.length > 0 && html`<${Waiting} told=${told} />`}
    ${told.log.length > 0 && html`<${Log} told=${told} />`}`;
}

/** @param {{told: any}} props */
function Jobs({ told }) {
  const { language, t: texts } = useWords();
  const t = texts.kitchen;
  const place = (/** @type {any} */ job) =>
    [
      job.station !== null && told.stations[job.station]?.[language],
      job.operation !== null && (t.operations[told.operations[job.operation]] ?? told.operations[job.operation]),
    ]
      .filter(Boolean)
      .join(": ");
  return html`<table><thead><tr>${t.jobs.map((column) => html`<th key=${column}>${column}</th>`)}</tr></thead>
    <tbody>${told.jobs.map(
      (/** @type {any} */ job) => html`<tr key=${job.portion_id} data-testid=${`job-${job.portion_id}`}
        class=${job.state === "held" ? "short" : ""}>
        <td><b>${job.number}</b></td><td>${told.dishes[job.item_id]?.[language] ?? job.item_id}</td>
        <td>${t.states[job.state] ?? job.state}${job.attempt > 1 && ` · ${t.again(job.attempt)}`}</td>
        <td>${job.phase ? `${Math.min(job.phase, job.phases)}/${job.phases}` : "—"} ${place(job)}</td>
        <td>${job.left_s ? t.left(job.left_s) : "—"}</td>
        <td>${job.says?.[language] ?? (job.cell ? t.cell(job.cell) : "")}</td></tr>`,
    )}</tbody></table>`;
}

/** @param {{told: any}} props */
function Waiting({ told }) {
  const { language, t: texts } = useWords();
  const t = texts.kitchen;
  return html`<h3>${t.waiting}</h3><ul class="chips">${told.waiting.map(
    (/** @type {any} */ row) => html`<li key=${row.portion_id} data-testid=${`waits-${row.portion_id}`}>
      <b>${row.number}</b> ${told.dishes[row.item_id]?.[language] ?? row.item_id} · ${
        row.why === "station" ? t.closed(told.stations[row.station]?.[language] ?? row.station) : t.why[row.why]
      }</li>`,
  )}</ul>`;
}

/** @param {{told: any}} props */
function Log({ told }) {
  const { language, t: texts } = useWords();
  const t = texts.kitchen;
  return html`<details data-testid="kitchen-log"><summary>${t.log}</summary>
    <table><thead><tr>${t.made.map((column) => html`<th key=${column}>${column}</th>`)}</tr></thead>
      <tbody>${told.log.map(
        (/** @type {any} */ row) => html`<tr key=${row.portion_id}>
          <td><b>${row.number}</b></td><td>${told.dishes[row.item_id]?.[language] ?? row.item_id}</td>
          <td>${timeOf(row.cooking_at)}</td><td>${timeOf(row.ready_at)}</td><td>${row.cell ?? "—"}</td>
          <td>${t.portions[row.status] ?? row.status} ${row.says?.[language] ?? ""}</td></tr>`,
      )}</tbody></table></details>`;
}

/** @param {string|null} at */
function timeOf(at) {
  return at ? new Date(at).toLocaleTimeString("ru-RU", { hour: "2-digit", minute: "2-digit", second: "2-digit" }) : "—";
}
