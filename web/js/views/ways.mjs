/** The ways to pay: the choice, the card reader's one instruction, the QR code, the code for the till. */

import { useEffect } from "preact/hooks";
import { clock, money } from "../format.mjs";
import { html } from "../html.mjs";
import { pointsToSpend } from "../points.mjs";
import { printsFirst, waysOf } from "../store.mjs";
import { useKiosk, useNow } from "./context.mjs";
import { Heading, Picture, Steps } from "./parts.mjs";
import { QrCode } from "./qr.mjs";

/** Whoever chooses nothing has gone. */
const CHOICE_MS = 90_000;
const PICTURES = /** @type {Record<string, string>} */ ({
  token: "card",
  terminal: "card",
  till: "receipt",
});

/** @param {{since: number}} props */
export function Ways({ since }) {
  const { state, actions, t } = useKiosk();
  const left = CHOICE_MS - (useNow() - since);
  useEffect(() => {
    if (left <= 0) void actions.cancelOrder();
  }, [left <= 0]);
  return html`<main class="sheet payment" data-testid="ways">
    <${Steps} now=${1} />
    <${Heading}>${t.waysTitle}<//>
    <${Amount} />
    <div class="stack ways">${waysOf(state).map(
      (way) => html`<${WayButton} key=${way.method} way=${way} language=${state.language} />`,
    )}</div>
    <div class="spring"></div>
    <p class="lead" role="timer">${t.timeLeft(clock(left / 1000))}</p>
    <button type="button" class="go ghost" data-testid="payment-cancel" disabled=${state.busy}
      onClick=${actions.cancelOrder}>${t.backToCart}</button>
  </main>`;
}

/** One that is not to be had says why. @param {{way: ReturnType<typeof waysOf>[number], language: "ru"|"en"}} props */
function WayButton({ way, language }) {
  const { actions, t } = useKiosk();
  const [name, hint] = t.ways[way.method] ?? [way.method, ""];
  const why = way.says?.[language] ?? t.wayClosed;
  return html`<button type="button" class=${way.available ? "pay-way" : "pay-way closed"} disabled=${!way.available}
    data-testid=${`way-${way.method}`} onClick=${() => actions.chooseWay(way.method)}>
    ${
      way.method === "sbp"
        ? html`<${Phone} />`
        : html`<${Picture} src=${`/assets/images/${PICTURES[way.method] ?? "card"}.webp`} size=${112} />`
    }
    <span><b>${name}</b><small>${way.available ? hint : why}</small></span></button>`;
}

/** A telephone over the corners of a code. */
function Phone() {
  return html`<svg class="phone" width="112" height="112" viewBox="0 0 28 28" aria-hidden="true">
    <path fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round"
      d="M3 8V4.5A1.5 1.5 0 0 1 4.5 3H8M20 3h3.5A1.5 1.5 0 0 1 25 4.5V8M25 20v3.5a1.5 1.5 0 0 1-1.5 1.5H20M8
        25H4.5A1.5 1.5 0 0 1 3 23.500V20" />
    <rect x="9.500" y="6" width="9" height="16" rx="2" fill="currentColor" />
    <rect x="11" y="8.500" width="6" height="9.500" fill="#fff" /><circle cx="14" cy="20" r="0.900" fill="#fff" />
  </svg>`;
}

function Amount() {
  const { state } = useKiosk();
  if (!state.order) return null;
  const points = pointsToSpend(state, state.order.amount_kopecks);
  return html`<div class="price-big" data-testid="amount">${money(state.order.amount_kopecks - points * 100)}</div>`;
}

/**
 * The receipt is printed before the money, once the guest agrees to pay (54-FZ art. 1.2 p. 5.11).
 * @param {{since: number, onAgree: () => void}} props
 */
export function PaperFirst({ since, onAgree }) {
  const { state, actions, t } = useKiosk();
  const left = CHOICE_MS - (useNow() - since);
  useEffect(() => {
    if (left <= 0) void actions.cancelOrder();
  }, [left <= 0]);
  return html`<main class="sheet payment" data-testid="paper-first">
    <${Steps} now=${1} />
    <${Picture} class="hero" src="/assets/images/receipt.webp" size=${220} />
    <${Heading}>${t.paperTitle}<//>
    <${Amount} />
    <p class="lead">${t.paperLead}</p>
    <div class="spring"></div>
    <p class="lead" role="timer">${t.timeLeft(clock(left / 1000))}</p>
    <div class="stack"><button type="button" class="go" data-testid="paper-agree" onClick=${onAgree}>
        ${t.paperAgree}</button>
      <button type="button" class="go ghost" data-testid="payment-cancel" disabled=${state.busy}
        onClick=${waysOf(state).length > 1 ? actions.otherWay : actions.cancelOrder}>
        ${waysOf(state).length > 1 ? t.otherWay : t.cancelOrder}</button></div>
  </main>`;
}

export function AtReader() {
  const { state, actions, t } = useKiosk();
  return html`<main class="sheet payment" data-testid="stage-at_reader">
    <${Steps} now=${1} />
    <div role="status" class="status"><${Heading}>${t.tapCard}<//><p class="lead">${t.readerLead}</p></div>
    ${
      state.restaurant?.demo === true
        ? html`<${SimulatedReader} />`
        : html`<${Picture} class="hero" src="/assets/images/card.webp" size=${256} />`
    }
    <${Amount} />
    <div class="spring"></div>
    <p class="note">${t.onceOnly}</p>
    <button type="button" class="go ghost" data-testid="cancel-payment" onClick=${actions.cancelPayment}>
      ${t.cancelPayment}</button>
  </main>`;
}

function SimulatedReader() {
  const { actions, t } = useKiosk();
  const keys = /** @type {const} */ ([
    ["terminal-approve", "tap", t.simTap],
    ["terminal-decline", "refuse_card", t.simRefuse],
    ["terminal-silent", "unplug", t.simUnplug],
  ]);
  return html`<section class="pinpad" aria-label=${t.simReader}>
    <div class="pinpad-screen"><b>${t.simReader}</b><small>${t.simReaderHint}</small></div>
    <div class="pinpad-keys">${keys.map(
      ([id, fault, word]) => html`<button type="button" key=${id} class=${id} data-testid=${`sim-${fault}`}
        onClick=${() => actions.simulate("terminal", fault)}><b>${word}</b></button>`,
    )}</div>
  </section>`;
}

/** @param {{show: {qr?: string, expires_at?: string, receipt_first?: boolean}}} props */
export function AtQr({ show }) {
  const { state, actions, t } = useKiosk();
  const left = show.expires_at ? Math.max(0, Date.parse(show.expires_at) - useNow()) : 0;
  return html`<main class="sheet payment at-qr" data-testid="stage-at_qr">
    <${Steps} now=${1} />
    <div role="status" class="status"><${Heading}>${t.qrTitle}<//><p class="lead">
      ${show.receipt_first ? t.qrLeadAfterPaper : t.qrLead}</p></div>
    <${QrCode} text=${show.qr ?? ""} size=${state.restaurant?.demo === true ? 330 : 560} label=${t.qrLabel}
      name="pay-qr" />
    <${Amount} />
    ${show.expires_at && html`<p class="lead" role="timer">${t.tillLeft(clock(left / 1000))}</p>`}
    ${state.restaurant?.demo === true && html`<${SimulatedPhone} />`}
    <div class="spring"></div>
    <button type="button" class="go ghost" data-testid="cancel-payment" onClick=${actions.cancelPayment}>
      ${t.cancelPayment}</button>
  </main>`;
}

function SimulatedPhone() {
  const { actions, t } = useKiosk();
  const keys = /** @type {const} */ ([
    ["terminal-approve", "pay", t.simPay],
    ["terminal-decline", "reject", t.simReject],
    ["terminal-silent", "pay_during_cancel", t.simPayLate],
  ]);
  const act = async (/** @type {string} */ fault) => {
    await actions.simulate("sbp", fault);
    if (fault === "pay_during_cancel") await actions.cancelPayment();
  };
  return html`<section class="pinpad" aria-label=${t.simPhone}>
    <div class="pinpad-screen"><b>${t.simPhone}</b><small>${t.simPhoneHint}</small></div>
    <div class="pinpad-keys">${keys.map(
      ([id, fault, word]) => html`<button type="button" key=${id} class=${id} data-testid=${`sim-${fault}`}
        onClick=${() => act(fault)}>
        <b>${word}</b></button>`,
    )}</div>
  </section>`;
}

/** Paid as the receipt that comes first says. @param {{show: {code?: string, receipt_first?: boolean}}} props */
function SimulatedCashier({ show }) {
  const { state, actions, t } = useKiosk();
  const prints = printsFirst(state, "till") && !show.receipt_first;
  const said = show.receipt_first ? t.simTake : prints ? t.simPrintCash : t.simCash;
  /** @type {["terminal-decline", "card", string][]} */
  const byCard = show.receipt_first ? [] : [["terminal-decline", "card", prints ? t.simPrintCard : t.simCard]];
  const keys = /** @type {const} */ ([
    ["terminal-approve", "cash", said],
    ...byCard,
    ["terminal-silent", "refuse", t.simNoMoney],
  ]);
  return html`<section class="pinpad" aria-label=${t.simCashier}>
    <div class="pinpad-screen"><b>${t.simCashier}</b><small>${t.simTillHint}</small></div>
    <div class="pinpad-keys">${keys.map(
      ([id, does, word]) => html`<button type="button" key=${id} class=${id} data-testid=${`sim-till-${does}`}
        onClick=${() => actions.practiseAtTill(show.code ?? "", does)}><b>${word}</b></button>`,
    )}</div>
  </section>`;
}

/** @param {{show: {code?: string, expires_at?: string, receipt_first?: boolean}}} props */
export function AtTill({ show }) {
  const { state, actions, t } = useKiosk();
  const before = printsFirst(state, "till") ? t.tillLeadPaperFirst : t.tillLead;
  const left = show.expires_at ? Date.parse(show.expires_at) - useNow() : 0;
  return html`<main class="sheet payment" data-testid="stage-at_till">
    <${Steps} now=${1} />
    <div role="status" class="status"><${Heading}>${t.tillTitle}<//><p class="lead">
      ${show.receipt_first ? t.tillLeadAfterPaper : before}</p></div>
    <output class="number till-code" data-say="signs" aria-label=${t.tillCode} data-testid="till-code">
      ${show.code}</output>
    <${Amount} />
    ${
      state.order?.number &&
      html`<p class="lead">${t.orderNumber} <b class="inline-number" data-say="signs">${state.order.number}</b></p>`
    }
    ${show.expires_at && html`<p class="lead" role="timer">${t.tillLeft(clock(left / 1000))}</p>`}
    ${state.restaurant?.demo === true && html`<${SimulatedCashier} show=${show} />`}
    <div class="spring"></div>
    <div class=${state.restaurant?.demo === true ? "two even" : "stack"}><button type="button" class="go"
        data-testid="till-go" onClick=${actions.reset}>
        ${t.tillGo}</button>
      <button type="button" class="go ghost" data-testid="cancel-payment" onClick=${actions.cancelPayment}>
        ${t.cancelPayment}</button></div>
  </main>`;
}
