/** The registrar at the desk: shift, kept reports, another registrar, another drive, a receipt that is made right. */

import { useState } from "preact/hooks";
import { Asked, Twice } from "./desk-buttons.mjs";
import { useTold } from "./desk-lots.mjs";
import { goTo } from "./desk-section-bar.mjs";
import { actorWords } from "./desk-words.mjs";
import { html } from "./html.mjs";
import { printPart } from "./printing.mjs";
import { staffCall, useWho } from "./staff.mjs";
import { useWords } from "./staff-language.mjs";

/** @typedef {import("./desk-parts.mjs").Act} Act */

const REFRESH_MS = 60_000;

/** @param {{shift: any, token: string, last: unknown, act: Act}} props `last`: changes with every act of anybody */
export function Registrar({ shift, token, last, act }) {
  const [report, setReport] = useState(/** @type {any} */ (null));
  return html`<${Shift} shift=${shift} act=${act} show=${setReport} />
    <${Reports} token=${token} last=${last} report=${report} show=${setReport} />
    <${Others} token=${token} last=${last} act=${act} /><${AnotherDrive} act=${act} /><${Correction} />`;
}

/** @param {{shift: any, act: Act, show: (report: any) => void}} props */
function Shift({ shift, act, show }) {
  const t = useWords().t.shift;
  const xReport = async () => {
    const answer = await act(t.xReport, "x-report");
    if (answer?.ok) show(answer.body);
  };
  return html`<section class="card row">
    <div><h2>${t.title}</h2><p data-testid="shift">${shift ? t.is(shift) : t.unknown}</p></div>
    <button type="button" class="quiet" data-testid="x-report" onClick=${xReport}>${t.xReport}</button>
    ${
      shift?.open
        ? html`<${Twice} id="shift-close" words=${t.close} sure=${t.closeSure}
          go=${() => act(t.close, "shift", { open: false })} />`
        : html`<button type="button" data-testid="shift-open" onClick=${() => act(t.open, "shift", { open: true })}>
          ${t.open}</button>`
    }
  </section>`;
}

/** @param {{token: string, last: unknown, report: any, show: (report: any) => void}} props */
function Reports({ token, last, report, show }) {
  const { t: texts } = useWords();
  const t = texts.reports;
  const told = useTold(token, "shift/reports", last, REFRESH_MS);
  const open = async (/** @type {any} */ row) => {
    const path = `/api/service/shift/reports/${row.shift}?drive=${row.fiscal_drive_number}`;
    const { ok, body } = await staffCall(token, "GET", path);
    if (ok) show(body);
  };
  return html`<section class="card printed of-report" data-testid="reports"><h2>${t.title}</h2>
    ${
      report &&
      html`<pre class="report" tabindex="0" data-testid="report">${report.text}</pre><div class="person-acts of-record">
        <button type="button" class="quiet" data-testid="report-print" onClick=${() => printPart("report")}>
          ${t.print}</button>
        <button type="button" class="quiet" onClick=${() => show(null)}>${t.close}</button></div>`
    }
    ${told && !told.reports.length && html`<p class="calm of-record">${t.none}</p>`}
    ${
      told?.reports.length > 0 &&
      html`<table class="of-record"><thead><tr>${t.columns.map(
        (column) => html`<th key=${column}>${column}</th>`,
      )}</tr></thead>
        <tbody>${told.reports.map(
          (/** @type {any} */ row) => html`<tr key=${row.at} class=${row.differences ? "short" : ""}>
            <td><button type="button" class="quiet" data-testid=${`report-${row.shift}`} onClick=${() => open(row)}>
              Z ${row.shift}</button></td><td>${new Date(row.at).toLocaleString("ru-RU")}</td>
            <td>${actorWords(row.actor, texts.journal)}</td>
            <td>${row.differences ? t.differences(row.differences) : t.agree}</td></tr>`,
        )}</tbody></table>`
    }</section>`;
}

/** Through which registrar is sold, where there are several. @param {{token: string, last: unknown, act: Act}} props */
function Others({ token, last, act }) {
  const t = useWords().t.registrars;
  const uses = useWho().may("POST /api/service/registrars/use");
  const told = useTold(token, "registrars", last, REFRESH_MS);
  if (!told || told.registrars.length < 2) return null;
  return html`<section class="card" data-testid="registrars"><h2>${t.title}</h2><p>${t.lead}</p>
    <ul class="chips">${told.registrars.map(
      (/** @type {string} */ name) =>
        html`<li key=${name}>${
          name === told.active || !uses
            ? html`<b>${name}</b> ${name === told.active && t.active}`
            : html`<${Twice} id=${`use-${name}`} words=${t.use(name)} sure=${t.useSure(name)} quiet
              go=${() => act(t.use(name), "registrars/use", { name })} />`
        }</li>`,
    )}</ul></section>`;
}

/** One act in two steps: it tells by itself whether the new drive is in. @param {{act: Act}} props */
function AnotherDrive({ act }) {
  const t = useWords().t.anotherDrive;
  const [told, setTold] = useState(/** @type {any} */ (null));
  if (!useWho().may("POST /api/service/registrars/replace-drive")) return null;
  const go = async (/** @type {string} */ reason) => {
    const answer = await act(t.title, "registrars/replace-drive", { reason });
    if (answer?.ok) setTold(answer.body);
  };
  return html`<section class="card" data-testid="another-drive"><h2>${t.title}</h2>
    <ol class="steps-of">${t.steps.map((step) => html`<li key=${step}>${step}</li>`)}</ol>
    ${
      told &&
      html`<p role="status" data-testid="drive-told"><b>${told.done ? t.taken : t.ready}</b>
        ${t.drive(told.fiscal_drive_number)}</p>`
    }
    <div><${Asked} id="replace-drive" words=${told && !told.done ? t.second : t.first} label=${t.reason} sure=${t.sure}
      go=${go} /></div></section>`;
}

/** Where a receipt is made right: on the order's card. */
function Correction() {
  const t = useWords().t.correction;
  if (!useWho().may("POST /api/service/corrections")) return null;
  return html`<section class="card"><h2>${t.title}</h2>
    <ol class="steps-of">${t.steps.map((step) => html`<li key=${step}>${step}</li>`)}</ol>
    <div><button type="button" class="quiet" data-testid="to-correct" onClick=${() => goTo("orders")}>
      ${t.toOrders}</button></div></section>`;
}

/**
 * On the card of an order: what its receipt says, and what it would say.
 * @param {{order: any, token: string, act: Act}} props
 */
export function CorrectReceipt({ order, token, act }) {
  const t = useWords().t.correction;
  const [told, setTold] = useState(/** @type {any} */ (null));
  const [trouble, setTrouble] = useState("");
  if (!useWho().may("POST /api/service/corrections")) return null;
  const look = async () => {
    const { ok, status, body } = await staffCall(token, "GET", `/api/service/corrections/${order.order_id}`);
    setTold(ok ? body : null);
    setTrouble(ok ? "" : status === 409 ? t.nothing : (body?.title ?? ""));
  };
  const go = async (/** @type {string} */ reason) => {
    await act(t.act(order.number), "corrections", { order_id: order.order_id, reason });
    setTold(null);
  };
  const lines = (/** @type {any[]} */ rows) =>
    rows.map((row, i) => html`<li key=${i}>${row.name} × ${row.quantity}: ${t.vats[row.vat] ?? row.vat}</li>`);
  return html`<div class="refund"><div><button type="button" class="quiet" data-testid="correct" onClick=${look}>
      ${t.title}</button></div>
    ${trouble && html`<p role="status" data-testid="correct-trouble">${trouble}</p>`}
    ${
      told &&
      html`<div data-testid="correction"><h3>${t.was}</h3><ul>${lines(told.was)}</ul>
        <h3>${t.becomes}</h3><ul>${lines(told.becomes)}</ul>
        <${Asked} id="correct-go" words=${t.go} label=${t.reason} sure=${t.sure} go=${go} /></div>`
    }</div>`;
}
