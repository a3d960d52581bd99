/** «Мой заказ»: number and code, then the state, the receipt, what was refunded, and the cell. */

import { minutes, money } from "../format.mjs";
import { html } from "../html.mjs";
import { useKiosk } from "./context.mjs";
import { Numpad, useTyping } from "./keys.mjs";
import { Heading, Picture } from "./parts.mjs";
import { ReceiptPanel } from "./receipt.mjs";

const LETTERS = [..."ABCDEFGHKLMNPRSTUVXZ"];
/** `least` of `length` characters make a whole field. */
export const FIELDS = /** @type {const} */ ({
  code: [
    { name: "number", length: 3, least: 3 },
    { name: "code", length: 4, least: 4 },
  ],
  receipt: [
    { name: "sign", length: 10, least: 10 },
    { name: "sum", length: 9, least: 1 },
  ],
});
const IMAGES = {
  ready: "takeout",
  completed: "plate",
  refunded: "card",
  cancelled: "moon",
  delayed: "robot",
  see_staff: "wave",
};
/** Of an order that is served in parts some cells can be opened before the rest is cooked. */
const OPENS = new Set(["ready", "cooking", "delayed", "see_staff"]);
/** Whose code still opens something. */
export const CODED = new Set(["paid", "cooking", "delayed", "see_staff", "ready"]);
const SOON = new Set(["paid", "cooking", "delayed"]);

export function Track() {
  const { track } = useKiosk().state;
  if (!track) return null;
  return track.order ? html`<${Found} key="found" track=${track} />` : html`<${Ticket} key="ticket" track=${track} />`;
}

/** @param {{track: import("../store.mjs").Track}} props */
function Ticket({ track }) {
  const { actions, t } = useKiosk();
  const { by, busy, trouble } = track;
  const fields = FIELDS[by];
  const whole = fields.every(({ name, least }) => track[name].length >= least);
  const press = (/** @type {string} */ key) => actions.typeTrack(key.toUpperCase(), fields);
  const erase = () => actions.eraseTrack(fields);
  const other = by === "code" ? "receipt" : "code";
  return html`<main class="sheet keyed">
    <div class="keyed-words"><${Heading}>${t.trackTitle}<//><p class="lead">
        ${by === "code" ? t.trackLead : t.receiptLead}</p>
      <${TicketFields} track=${track} />
      <p class="trouble" role="alert" data-testid="trouble">${troubleWords(by, trouble, t)}</p>
      <div class="pair"><button type="button" class="chip" data-testid=${`track-by-${other}`}
          onClick=${() => actions.trackIs({ by: other, trouble: null })}>${t.trackBy[other]}</button>
        <button type="button" class="chip" data-testid="track-by-phone" onClick=${actions.toHistory}>
          ${t.trackByPhone}</button></div></div>
    ${
      by === "code" && !track.number
        ? html`<${LetterPad} press=${press} />`
        : html`<${Numpad} press=${press}
          erase=${erase} extra=${by === "receipt" ? [","] : []} />`
    }
    <div class="two even"><button type="button" class="go" data-testid="track-show" disabled=${!whole || busy}
        aria-busy=${busy} onClick=${actions.showTrack}>${t.trackShow}</button>
      <button type="button" class="go ghost" data-testid="track-back" onClick=${actions.reset}>${t.back}</button></div>
  </main>`;
}

/** What is typed, in two fields. @param {{track: import("../store.mjs").Track}} props */
export function TicketFields({ track }) {
  const { t } = useKiosk();
  const words = { number: t.ticketField, code: t.pickupField, sign: t.signField, sum: t.sumField };
  return html`<div class=${`ticket by-${track.by}`}>${FIELDS[track.by].map(
    ({ name, length }) => html`<div key=${name}><small>${words[name]}</small>
      <output class="field spaced" data-say=${name === "sum" ? undefined : "signs"} aria-label=${words[name]}
        data-testid=${`track-${name}`}>
        ${track.by === "code" ? track[name].padEnd(length, "_") : track[name] || "_"}</output></div>`,
  )}</div>`;
}

/** @param {{press: (key: string) => void}} props */
export function LetterPad({ press }) {
  const { t } = useKiosk();
  useTyping(press, () => undefined, /[a-z]/i);
  return html`<div class="letterpad" role="group" aria-label=${t.keyboard}>
    ${LETTERS.map(
      (letter) => html`<button type="button" key=${letter} class="key" data-testid=${`key-${letter}`}
        onClick=${() => press(letter)}>${letter}</button>`,
    )}
  </div>`;
}

/**
 * @param {import("../store.mjs").Track["by"]} by
 * @param {import("../store.mjs").Trouble|null} trouble
 * @param {import("../texts.mjs").Texts} t
 */
function troubleWords(by, trouble, t) {
  if (!trouble) return "";
  if (trouble.code === "wrong_code") return by === "code" ? t.trackWrong : t.receiptWrong;
  const known = /** @type {Record<string, string>} */ (t.signTroubles);
  return trouble.retryAfterS
    ? `${t.retryIn(trouble.retryAfterS)}.`
    : trouble.code === "offline"
      ? t.failures.unknown[1]
      : (known[trouble.code] ?? t.failures.unknown[1]);
}

/** @param {{track: import("../store.mjs").Track}} props */
function Found({ track }) {
  const { actions, t } = useKiosk();
  const { order, opened, busy, trouble } = track;
  const states = /** @type {Record<string, string[]>} */ (t.trackStates);
  const [title, words] = states[order.status] ?? states.paid;
  const images = /** @type {Record<string, string>} */ (IMAGES);
  const soon = SOON.has(order.status) && order.ready_in_s > 0;
  const ready = OPENS.has(order.status) && order.cells.length > 0;
  return html`<main class="sheet done tracked" data-testid=${`track-${order.status}`}>
    <div class="number small" data-say="signs" data-testid="tracked-number">${order.number}</div>
    <div class="status" role="status"><${Picture} src=${`/assets/images/${images[order.status] ?? "ramen"}.webp`}
        size=${150} />
      <${Heading}>${opened ? t.cellOpened(opened) : title}<//>
      <p class="lead">
        ${words} ${soon ? t.doneSoon(minutes(order.ready_in_s)) : ""}</p></div>
    ${
      ready &&
      !opened &&
      html`<p class="note big">${t.cellOf(order.cells)}
        ${order.status === "ready" ? "" : `. ${t.restCooks}`}</p>`
    }
    ${
      CODED.has(order.status) &&
      order.pickup_code &&
      html`<div class="panel code-panel"><div><b>${t.pickupCode}</b>
          <p class="lead">${t.pickupHint}</p></div><output class="code" data-say="signs" aria-label=${t.pickupCode}
          data-testid="pickup-code">${order.pickup_code}</output></div>`
    }
    <ul class="bill">${order.items.map(
      (/** @type {any} */ item, /** @type {number} */ n) => html`<li key=${n}><span>
          ${item.quantity} × ${item.name}</span><b>${money(item.sum_kopecks)}</b></li>`,
    )}</ul>
    ${order.refunds.map(
      (/** @type {any} */ refund) => html`<p class="note wait-note" key=${refund.refund_id}
        data-testid="refund">
        ${t.refundOf(money(refund.amount_kopecks))}: ${t.refundSteps[refund.status === "done" ? "done" : "other"]}</p>`,
    )}
    ${
      order.receipt?.qr
        ? html`<${ReceiptPanel} receipt=${order.receipt} size=${220} />`
        : order.receipt_unknown && html`<div class="panel"><p class="lead">${t.receiptLate}</p></div>`
    }
    <p class="trouble" role="alert">${trouble ? t.cellTrouble : ""}</p>
    <div class="spring"></div>
    <div class="two even">${
      ready && !opened
        ? html`<button type="button" class="go" data-testid="open-cell" disabled=${busy} onClick=${actions.openCell}>
          ${t.openCell}</button>`
        : html`<button type="button" class="go" data-testid="track-other" onClick=${actions.openTrack}>
          ${t.otherOrder}</button>`
    }
      <button type="button" class="go ghost" data-testid="track-back" onClick=${actions.reset}>
        ${t.thanks}</button></div>
  </main>`;
}
