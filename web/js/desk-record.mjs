/** What each portion of an order was made of, by which chart, when, and how warm it stood. */

import { useState } from "preact/hooks";
import { html } from "./html.mjs";
import { timesWords, usedWords, warmthWords } from "./journal-words.mjs";
import { staffCall } from "./staff.mjs";
import { useWords } from "./staff-language.mjs";

/** @param {{token: string, word: string, setWord: (word: string) => void}} props `word`: an order's id or number */
export function OrderRecord({ token, word, setWord }) {
  const { t: texts } = useWords();
  const t = texts.record;
  const [found, setFound] = useState(/** @type {any} */ (null));
  const [trouble, setTrouble] = useState("");
  const find = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const { ok, body, status } = await staffCall(
      token,
      "GET",
      `/api/service/orders/${encodeURIComponent(word.trim())}/record`,
    );
    setFound(ok ? body : null);
    setTrouble(ok ? "" : status === 404 ? t.none : (body?.detail ?? body?.title ?? t.unanswered));
  };
  return html`<form onSubmit=${find} class="of-record" data-testid="order-record">
      <label>${t.order}<input required maxlength="64" autocomplete="off" value=${word} data-testid="record-order"
          onInput=${(/** @type {any} */ event) => setWord(event.target.value)} /></label>
      <button class="quiet" data-testid="record-find">${t.find}</button></form>
    ${trouble && html`<p class="trouble" role="alert">${trouble}</p>`}
    ${
      found &&
      html`<div class="of-record" data-testid="record"><h3>${t.title(found.number)}</h3>
        <table><thead><tr>${t.columns.map((column) => html`<th key=${column}>${column}</th>`)}</tr></thead>
          <tbody>${found.portions.map(
            (/** @type {any} */ row) => html`<${Portion} key=${row.portion_id} row=${row} />`,
          )}</tbody></table></div>`
    }`;
}

/** @param {{row: any}} props */
function Portion({ row }) {
  const { language, t: texts } = useWords();
  const t = texts.record;
  const { name, chart, chart_revision, lots } = row;
  return html`<tr><td>${name[language]}</td><td>${texts.cellJournal.revision(chart_revision)}
      <br /><small class="own">${chart.slice(0, 12)}</small></td><td>${timesWords(row, t)}</td>
    <td>${warmthWords(row)}${row.cold_s > 0 && html`<br />${t.cold(Math.round(row.cold_s / 60))}`}</td>
    <td>${lots.map(
      (/** @type {any} */ lot, /** @type {number} */ i) => html`<div key=${i}>
        ${usedWords(lot, language, texts)}</div>`,
    )}</td></tr>`;
}
