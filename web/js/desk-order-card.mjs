/** One order at the desk, of whatever year: what became of it when, its money, documents and portions, and the acts. */

import { Twice } from "./desk-buttons.mjs";
import { useTold } from "./desk-lots.mjs";
import { Refund } from "./desk-refund.mjs";
import { CorrectReceipt } from "./desk-registrar.mjs";
import { money } from "./format.mjs";
import { html } from "./html.mjs";
import { timesWords, usedWords, warmthWords } from "./journal-words.mjs";
import { useWho } from "./staff.mjs";
import { useWords } from "./staff-language.mjs";
import { QrCode } from "./views/qr.mjs";

/** @typedef {import("./desk-parts.mjs").Act} Act */

const REFRESH_MS = 5_000;
const WITH_CODE = new Set(["paid", "cooking", "ready"]);
const QR_PX = 148;
const HAND_OUT = { action: "hand_out" };

/** @param {string} at */
const momentOf = (at) => new Date(at).toLocaleString("ru-RU");

/**
 * @param {{word: string, token: string, last: unknown, act: Act, ask: import("./desk-refund.mjs").Ask}} props
 *   `word`: its id or number
 */
export function OrderCard({ word, token, last, act, ask }) {
  const { t: texts } = useWords();
  const { may } = useWho();
  const t = texts.orderCard;
  const order = useTold(token, `orders/${encodeURIComponent(word)}`, last, REFRESH_MS);
  if (!order) return html`<section class="card"><p class="calm" role="status">${t.looking}</p></section>`;
  const facts = [
    [t.sum, money(order.amount_kopecks)],
    [t.service, t.services[order.service]],
    [t.created, momentOf(order.created_at)],
    [t.contact, order.contact ?? "—"],
    [t.code, order.pickup_code ?? "—"],
  ];
  return html`<section class="card order-card" data-testid="order-card" data-status=${order.status}>
    <h2>${t.title(order.number)} · ${texts.orders.states[order.status] ?? order.status}</h2>
    <dl class="facts">${facts.map(
      ([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`,
    )}</dl>
    <p class="own">${order.order_id}</p>
    <ol class="chips" aria-label=${t.timeline}>${order.timeline.map(
      (/** @type {any} */ row, /** @type {number} */ i) => html`<li key=${i}><small>${momentOf(row.at)}</small>
        ${" "}${texts.orders.states[row.status] ?? row.status}</li>`,
    )}</ol>
    <div class="person-acts">${
      WITH_CODE.has(order.status) &&
      may("POST /api/service/orders/{order_id}/pickup-code") &&
      html`<${Twice} id="order-code" words=${texts.cells.newCode} sure=${texts.cells.newCodeSure} quiet
        go=${() => act(texts.cells.newCode, `orders/${order.order_id}/pickup-code`)} />`
    }</div>
    <${Portions} order=${order} act=${act} /><${Money} order=${order} /><${Documents} rows=${order.documents} />
    ${order.receipt && html`<${CorrectReceipt} order=${order} token=${token} act=${act} />`}
    ${
      may("POST /api/service/orders/{order_id}/refund") &&
      order.payment &&
      html`<${Refund} order=${order.order_id} ask=${ask} act=${act} />`
    }</section>`;
}

/** @param {{columns: string[], children?: any, id: string}} props */
const Table = ({ columns, children, id }) =>
  html`<table data-testid=${id}><thead><tr>${columns.map(
    (column) => html`<th key=${column}>${column}</th>`,
  )}</tr></thead><tbody>${children}</tbody></table>`;

/** @param {{order: any, act: Act}} props */
function Portions({ order, act }) {
  const { t: texts } = useWords();
  return html`<${Table} columns=${texts.record.columns} id="record">${order.record.map(
    (/** @type {any} */ row) => html`<${Portion} key=${row.portion_id} row=${row} act=${act} />`,
  )}<//>`;
}

/** @param {{row: any, act: Act}} props */
function Portion({ row, act }) {
  const { language, t: texts } = useWords();
  const t = texts.record;
  const { name, chart, chart_revision, lots } = row;
  const handsOut = useWho().may("POST /api/service/cells/{cell}") && row.status === "ready" && row.cell;
  const state = [t.states[row.status] ?? row.status, row.cell && t.cell(row.cell)].filter(Boolean).join(" · ");
  const handOut = () => act(texts.cells.act(row.cell, texts.cells.handOut.act), `cells/${row.cell}`, HAND_OUT);
  return html`<tr><td>${name[language]}<br />${state}
      ${
        handsOut &&
        html`<br /><${Twice} id=${`order-hand-out-${row.cell}`} words=${texts.cells.handOut.word}
          sure=${texts.cells.handOut.sure} quiet
          go=${handOut} />`
      }</td>
    <td>${texts.cellJournal.revision(chart_revision)}<br /><small class="own">${chart.slice(0, 12)}</small></td>
    <td>${timesWords(row, t)}</td>
    <td>${warmthWords(row)}${row.cold_s > 0 && html`<br />${t.cold(Math.round(row.cold_s / 60))}`}</td>
    <td>${lots.map(
      (/** @type {any} */ lot, /** @type {number} */ i) => html`<div key=${i}>
        ${usedWords(lot, language, texts)}</div>`,
    )}</td></tr>`;
}

/** Attempts to pay, and what went back. @param {{order: any}} props */
function Money({ order }) {
  const { t: texts } = useWords();
  const t = texts.orderCard;
  const papers = (/** @type {any} */ row) =>
    [row.transaction_id, row.rrn && `RRN ${row.rrn}`, row.auth_code && `AUTH ${row.auth_code}`, row.error]
      .filter(Boolean)
      .join(" · ");
  return html`<h3>${t.money}</h3>
    ${!order.attempts.length && html`<p>${t.notPaid}</p>`}
    ${
      order.attempts.length > 0 &&
      html`<${Table} columns=${t.attempts} id="attempts">${order.attempts.map(
        (/** @type {any} */ row) => html`<tr key=${row.attempt}><td>${row.attempt}</td>
          <td>${t.methods[row.tender ?? row.method] ?? row.method}${row.card_last4 && ` •• ${row.card_last4}`}</td>
          <td>${money(row.amount_kopecks)}</td><td>${t.stages[row.stage] ?? row.stage}${
            row.failure && html`<br /><small class="own">${row.failure} ${row.reason ?? ""}</small>`
          }</td><td>${momentOf(row.charged_at ?? row.at)}</td><td class="own">${papers(row)}</td></tr>`,
      )}<//>`
    }
    ${
      order.refunds.length > 0 &&
      html`<${Table} columns=${t.refunds} id="refunds-of">${order.refunds.map(
        (/** @type {any} */ row) => html`<tr key=${row.refund_id}><td>${t.kinds[row.kind] ?? row.kind}</td>
          <td>${money(row.amount_kopecks)}</td><td>${t.steps[row.status] ?? row.status}</td>
          <td>${momentOf(row.at)}</td><td>${row.reason}</td></tr>`,
      )}<//>`
    }`;
}

/** @param {{rows: any[]}} props */
function Documents({ rows }) {
  const t = useWords().t.orderCard;
  if (!rows.length) return null;
  return html`<h3>${t.documents}</h3><${Table} columns=${t.documentColumns} id="documents">${rows.map(
    (row, i) => html`<tr key=${i}><td>${(row.correction ? t.corrections : t.operations)[row.operation]}</td>
      <td>${money(row.total_kopecks)}</td>
      <td>${
        row.receipt
          ? html`${t.document(row.receipt)}<br /><small class="own">${row.receipt.qr}</small>`
          : (t.unregistered[row.status] ?? row.status)
      }</td>
      <td>${
        row.receipt?.qr &&
        html`<${QrCode} text=${row.receipt.qr} size=${QR_PX} label=${t.qr} name=${`document-${i}`} />`
      }</td></tr>`,
  )}<//>`;
}
