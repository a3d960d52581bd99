/** The process itself at the desk: audit and backup that go on by themselves, a test print, what a helper is sent. */

import { useState } from "preact/hooks";
import { saveFile } from "./csv.mjs";
import { Twice } from "./desk-buttons.mjs";
import { useTold } from "./desk-lots.mjs";
import { actorWords } from "./desk-words.mjs";
import { html } from "./html.mjs";
import { staffFile, useWho } from "./staff.mjs";
import { useWords } from "./staff-language.mjs";

const WHOLE_KIB = 1024;
const PROCESS_MS = 10_000;

/** @typedef {import("./desk-parts.mjs").Act} Act */

/** @param {{token: string, tasks: any[], act: Act}} props `tasks`: the last of each kind */
export function System({ token, tasks, act }) {
  const t = useWords().t.system;
  const { may } = useWho();
  const [trouble, setTrouble] = useState("");
  const bundle = async () => {
    const file = await staffFile(token, "POST", "/api/service/support-bundle");
    setTrouble(file ? "" : t.noBundle);
    if (file) saveFile("kiosk-support.zip", "application/zip", file);
  };
  const of = (/** @type {string} */ kind) => tasks.find((row) => row.kind === kind);
  return html`<${Process} token=${token} act=${act} />
    <section class="card" data-testid="audit"><h2>${t.audit.title}</h2><p>${t.audit.lead}</p>
      <div><button type="button" class="quiet" data-testid="audit-go" disabled=${of("audit")?.state === "running"}
        onClick=${() => act(t.audit.title, "tasks/audit")}>${t.audit.go}</button></div>
      <${Task} row=${of("audit")}>${of("audit")?.audit && html`<${Found} found=${of("audit").audit} />`}<//></section>
    <section class="card" data-testid="backup"><h2>${t.backup.title}</h2><p>${t.backup.lead}</p>
      <div><button type="button" class="quiet" data-testid="backup-go" disabled=${of("backup")?.state === "running"}
        onClick=${() => act(t.backup.title, "tasks/backup")}>${t.backup.go}</button></div>
      <${Task} row=${of("backup")}>${
        of("backup")?.backup &&
        html`<p>${t.backup.made(Math.round(of("backup").backup.size_bytes / WHOLE_KIB))}
          <small class="own">${of("backup").backup.file}</small></p>`
      }<//>
      <details><summary>${t.restore.title}</summary><ol class="steps-of">${t.restore.steps.map(
        (step) => html`<li key=${step}>${step}</li>`,
      )}</ol></details></section>
    ${may("POST /api/service/tasks/trial") && html`<${TrialSale} token=${token} row=${of("trial")} act=${act} />`}
    <section class="card row"><div><h2>${t.support.title}</h2><p>${t.support.lead}</p>
        <p class="trouble" role="alert">${trouble}</p></div>
      <button type="button" class="quiet" data-testid="support" onClick=${bundle}>${t.support.go}</button></section>
    ${
      may("POST /api/service/test-print") &&
      html`<section class="card row"><div><h2>${t.print.title}</h2><p>${t.print.lead}</p></div>
        <${Twice} id="test-print" words=${t.print.go} sure=${t.print.sure} quiet
          go=${() => act(t.print.title, "test-print")} /></section>`
    }`;
}

/** @param {{token: string, act: Act}} props */
function Process({ token, act }) {
  const t = useWords().t.process;
  const told = useTold(token, "process", 0, PROCESS_MS);
  if (!told) return null;
  return html`<section class="card row" data-testid="process"><div><h2>${t.title}</h2>
      <p>${t.is(told.version, new Date(told.begun_at).toLocaleString("ru-RU"), told.screens)}</p>
      ${!told.restarts && html`<p class="calm">${t.byHand}</p>`}</div>
    <${Twice} id="screens-reload" words=${t.reload} sure=${t.reloadSure} quiet
      go=${() => act(t.reload, "screens/reload")} />
    ${
      told.browser &&
      html`<${Twice} id="browser-restart" words=${t.browser} sure=${t.browserSure} quiet
        go=${() => act(t.browser, "browser/restart")} />`
    }
    ${
      told.restarts &&
      html`<${Twice} id="restart" words=${t.restart} sure=${t.restartSure} quiet
        go=${() => act(t.restart, "process/restart")} />`
    }</section>`;
}

/** One dish is sold and given back. @param {{token: string, row: any, act: Act}} props */
function TrialSale({ token, row, act }) {
  const { t: texts } = useWords();
  const t = texts.system.trial;
  const told = useTold(token, "process", 0, PROCESS_MS);
  if (!told?.methods.length) return null;
  return html`<section class="card" data-testid="trial"><h2>${t.title}</h2><p>${t.lead}</p>
    <div class="person-acts">${told.methods.map(
      (/** @type {string} */ method) => html`<${Twice} key=${method} id=${`trial-${method}`} quiet
        disabled=${row?.state === "running"} words=${texts.orderCard.methods[method] ?? method} sure=${t.sure}
        go=${() => act(t.title, "tasks/trial", { method })} />`,
    )}</div>
    <${Task} row=${row}><ul>${row?.said.map(
      (/** @type {string} */ line) => html`<li key=${line} class="own">${line}</li>`,
    )}</ul><//></section>`;
}

/** How far one is, or what came of it. @param {{row: any, children?: any}} props */
function Task({ row, children }) {
  const { t: texts } = useWords();
  const t = texts.system;
  if (!row) return html`<p class="calm">${t.never}</p>`;
  const who = actorWords(row.actor, texts.journal);
  const at = new Date(row.ended_at ?? row.begun_at).toLocaleString("ru-RU");
  return html`<div role="status" data-testid=${`task-${row.kind}`} data-state=${row.state}>
    <b>${t.states[row.state]}</b> · ${at} · ${who} ${row.step && `· ${t.steps[row.step.split(":")[0]] ?? row.step}`}
    ${row.state === "running" && html`<progress aria-label=${t.states.running}></progress>`}
    ${row.error && html`<p class="trouble">${t.errors[row.error] ?? row.error}</p>`}${children}</div>`;
}

/** @param {{found: any}} props */
function Found({ found }) {
  const t = useWords().t.system.audit;
  return html`<p>${t.checked(found.checked_payments)} ${
    found.mismatches.length
      ? html`<b class="trouble">${t.wrong(found.mismatches.length)}</b>`
      : !found.skipped.length && t.agree
  }</p>
    ${found.skipped.length > 0 && html`<p class="trouble">${t.skipped(found.skipped.join(", "))}</p>`}
    <ul>${found.mismatches.map(
      (/** @type {any} */ row) => html`<li key=${row.check + row.subject}>${row.check} · ${row.subject}
        <small class="own">${row.detail}</small></li>`,
    )}</ul>`;
}
