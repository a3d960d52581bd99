/** Alarms: what somebody is called for and by which channels, who sees to it, and a test of each channel. */

import { useEffect, useState } from "preact/hooks";
import { actorWords } from "./desk-words.mjs";
import { html } from "./html.mjs";
import { staffCall, useWho } from "./staff.mjs";
import { useWords } from "./staff-language.mjs";

const REFRESH_MS = 5_000;

/**
 * It asks for itself: the server takes what it answers here as shown to a person.
 * @param {{token: string, act: import("./desk-parts.mjs").Act}} props
 */
export function Alarms({ token, act }) {
  const t = useWords().t.alarms;
  const [told, setTold] = useState(/** @type {any} */ (null));
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let over = false;
    const load = async () => {
      if (document.hidden) return;
      const answer = await staffCall(token, "GET", "/api/service/alarms");
      if (!over && answer.ok) setTold(answer.body);
    };
    void load();
    const timer = setInterval(load, REFRESH_MS);
    return () => {
      over = true;
      clearInterval(timer);
    };
  }, [token, turn]);
  if (!told) return null;
  /** @param {string} words @param {string} path */
  const go = async (words, path) => {
    await act(words, path);
    setTurn((n) => n + 1);
  };
  return html`<section class="card" data-testid="alarms">
    <h2>${t.title} ${told.alarms.length > 0 && html`<mark>${told.alarms.length}</mark>`}</h2>
    ${!told.alarms.length && html`<p class="calm">${t.none}</p>`}
    ${told.alarms.map((/** @type {any} */ row) => html`<${Standing} key=${row.alarm_id} row=${row} go=${go} />`)}
    <${Channels} rows=${told.channels} go=${go} />
    ${
      told.past.length > 0 &&
      html`<details><summary>${t.past}</summary><table data-testid="alarms-past"><tbody>${told.past.map(
        (/** @type {any} */ row) => html`<${Over} key=${row.alarm_id} row=${row} />`,
      )}</tbody></table></details>`
    }
  </section>`;
}

/** @typedef {(words: string, path: string) => Promise<void>} Go */

/** @param {string|null} at */
const moment = (at) => (at ? new Date(at).toLocaleString("ru-RU") : "—");

/** @param {{row: any, go: Go}} props */
function Standing({ row, go }) {
  const { language, t: texts } = useWords();
  const t = texts.alarms;
  const seen = row.state === "acknowledged";
  const who = seen ? t.seenBy(actorWords(row.acknowledged_by, texts.journal), moment(row.acknowledged_at)) : t.unseen;
  return html`<article class="stuck" data-testid=${`alarm-${row.rule}`} data-state=${row.state}>
    <div><b>${row.urgent && `${t.urgent} · `}${row.title[language]}</b><p>${row.remedy[language]}</p>
      <p>${t.since(moment(row.raised_at))} · ${row.told_at ? t.told(moment(row.told_at)) : t.untold} · ${who}</p></div>
    ${
      !seen &&
      html`<button type="button" data-testid=${`ack-${row.rule}`}
        onClick=${() => go(t.ackAct, `alarms/${row.alarm_id}/acknowledge`)}>${t.ack}</button>`
    }
  </article>`;
}

/** @param {{rows: any[], go: Go}} props */
function Channels({ rows, go }) {
  const t = useWords().t.alarms;
  const tests = useWho().may("POST /api/service/alarm-channels/{channel}/test");
  if (!rows.length) return html`<p data-testid="alarms-nobody">${t.nobody}</p>`;
  return html`<table><thead><tr>${t.columns.map((column) => html`<th key=${column}>${column}</th>`)}</tr></thead>
    <tbody>${rows.map(
      (row) => html`<tr key=${row.name} data-testid=${`channel-${row.name}`}>
        <td>${row.name}</td><td>${t.channels[row.channel]}, ${t.levels[row.level - 1]}</td>
        <td>${t.words[row.word] ?? row.word} ${row.at && moment(row.at)}${row.waiting > 0 && ` · ${t.waits}`}</td>
        <td>${
          tests &&
          html`<button type="button" class="quiet" data-testid=${`test-${row.name}`}
            onClick=${() => go(t.testAct(row.name), `alarm-channels/${row.name}/test`)}>${t.test}</button>`
        }</td></tr>`,
    )}</tbody></table>`;
}

/** @param {{row: any}} props */
function Over({ row }) {
  const { language } = useWords();
  const [raised, cleared] = [moment(row.raised_at), moment(row.cleared_at)];
  return html`<tr><td>${raised}</td><td>${cleared}</td><td>${row.title[language]}</td></tr>`;
}
