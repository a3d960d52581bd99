/** «Мой заказ»: number and code, then the state, the receipt, what was refunded, and the cell. */

import { minutes, money } from "../format.mjs";
import { html } from "../html.mjs";
import { useKiosk } from "./context.mjs";
import { Numpad, useTyping } from "./keys.mjs";
import { Heading, Picture } from "./parts.mjs";
import { QrCode } from "./qr.mjs";

const LETTERS = [..."ABCDEFGHKLMNPRSTUVXZ"];
const NUMBER_LENGTH = 3;
const CODE_LENGTH = 4;
const IMAGES = { ready: "takeout", completed: "plate", refunded: "card", cancelled: "moon", delayed: "robot", see_staff: "wave" };
const SOON = new Set(["paid", "cooking", "delayed"]);

export function Track() {
  const { track } = useKiosk().state;
  if (!track) return null;
  return track.order ? html`<${Found} key="found" track=${track} />` : html`<${Ticket} key="ticket" track=${track} />`;
}

/** @param {{track: import("../store.mjs").Track}} props */
function Ticket({ track }) {
  const { actions, t } = useKiosk();
  const { number, code, busy, trouble } = track;
  const whole = number.length === NUMBER_LENGTH && code.length === CODE_LENGTH;
  const press = (/** @type {string} */ key) => actions.typeTrack(key.toUpperCase(), NUMBER_LENGTH, CODE_LENGTH);
  const erase = actions.eraseTrack;
  return html`<main class="sheet keyed">
    <div class="keyed-words"><${Heading}>${t.trackTitle}<//><p class="lead">${t.trackLead}</p>
      <div class="ticket"><div><small>${t.ticketField}</small><output class="field spaced" aria-label=${t.ticketField} data-testid="track-number">${number.padEnd(NUMBER_LENGTH, "_")}</output></div>
        <div><small>${t.pickupField}</small><output class="field spaced" aria-label=${t.pickupField} data-testid="track-code">${code.padEnd(CODE_LENGTH, "_")}</output></div></div>
      <p class="trouble" role="alert" data-testid="trouble">${troubleWords(trouble, t)}</p></div>
    ${number ? html`<${Numpad} press=${press} erase=${erase} />` : html`<${LetterPad} press=${press} />`}
    <div class="two even"><button type="button" class="go" data-testid="track-show" disabled=${!whole || busy} aria-busy=${busy} onClick=${actions.showTrack}>${t.trackShow}</button>
      <button type="button" class="go ghost" data-testid="track-back" onClick=${actions.reset}>${t.back}</button></div>
  </main>`;
}

/** @param {{press: (key: string) => void}} props */
function LetterPad({ press }) {
  const { t } = useKiosk();
  useTyping(press, () => undefined, /[a-z]/i);
  return html`<div class="letterpad" role="group" aria-label=${t.keyboard}>
    ${LETTERS.map((letter) => html`<button type="button" key=${letter} class="key" data-testid=${`key-${letter}`} onClick=${() => press(letter)}>${letter}</button>`)}
  </div>`;
}

/** @param {import("../store.mjs").Trouble|null} trouble @param {import("../texts.mjs").Texts} t */
function troubleWords(trouble, t) {
  if (!trouble) return "";
  if (trouble.code === "wrong_code") return t.trackWrong(trouble.attemptsLeft ?? 0);
  const known = /** @type {Record<string, string>} */ (t.signTroubles);
  return trouble.retryAfterS ? `${t.retryIn(trouble.retryAfterS)}.` : trouble.code === "offline" ? t.failures.unknown[1] : (known[trouble.code] ?? t.failures.unknown[1]);
}

/** @param {{track: import("../store.mjs").Track}} props */
function Found({ track }) {
  const { actions, t } = useKiosk();
  const { order, opened, busy, trouble } = track;
  const states = /** @type {Record<string, string[]>} */ (t.trackStates);
  const [title, words] = states[order.status] ?? states.paid;
  const images = /** @type {Record<string, string>} */ (IMAGES);
  const ready = order.status === "ready" && order.cells.length > 0;
  return html`<main class="sheet done tracked" data-testid=${`track-${order.status}`}>
    <div class="number small" data-testid="tracked-number">${order.number}</div>
    <div class="status" role="status"><${Picture} src=${`/assets/images/${images[order.status] ?? "ramen"}.webp`} size=${150} />
      <${Heading}>${opened ? t.cellOpened(opened) : title}<//>
      <p class="lead">${words} ${SOON.has(order.status) && order.ready_in_s > 0 ? t.doneSoon(minutes(order.ready_in_s)) : ""}</p></div>
    ${ready && !opened && html`<p class="note big">${t.cellOf(order.cells)}</p>`}
    <ul class="bill">${order.items.map((/** @type {any} */ item) => html`<li key=${item.name}><span>${item.quantity} × ${item.name}</span><b>${money(item.sum_kopecks)}</b></li>`)}</ul>
    ${order.refunds.map((/** @type {any} */ refund) => html`<p class="note wait-note" key=${refund.refund_id} data-testid="refund">${t.refundOf(money(refund.amount_kopecks))}: ${refund.status === "done" ? t.refundSteps.done : t.refundSteps.other}</p>`)}
    ${order.receipt?.qr
      ? html`<div class="panel"><${QrCode} text=${order.receipt.qr} size=${220} label=${t.receiptTitle} /><div><b>${t.receiptTitle}</b><p class="lead">${t.receiptHint}</p><small>${t.receiptNo(order.receipt.fiscal_document_number)}</small></div></div>`
      : order.receipt_unknown && html`<div class="panel"><p class="lead">${t.receiptLate}</p></div>`}
    <p class="trouble" role="alert">${trouble ? t.cellTrouble : ""}</p>
    <div class="spring"></div>
    <div class="two even">${ready && !opened
        ? html`<button type="button" class="go" data-testid="open-cell" disabled=${busy} onClick=${actions.openCell}>${t.openCell}</button>`
        : html`<button type="button" class="go" data-testid="track-other" onClick=${actions.openTrack}>${t.otherOrder}</button>`}
      <button type="button" class="go ghost" data-testid="track-back" onClick=${actions.reset}>${t.thanks}</button></div>
  </main>`;
}
