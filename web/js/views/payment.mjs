/** The payment: one instruction, what happens to the money, and how to go on when it fails. */

import { useEffect, useState } from "preact/hooks";
import { verdict } from "../chime.mjs";
import { clock, minutes, money } from "../format.mjs";
import { html } from "../html.mjs";
import { paperOf, stepOf } from "../outcomes.mjs";
import { pointsToSpend } from "../points.mjs";
import { endsByRedKey, mayBeNotified, printsFirst, wayOf, waysOf } from "../store.mjs";
import { failureText, reasonText } from "../texts.mjs";
import { useKiosk, useNow } from "./context.mjs";
import { Heading, Picture, Steps } from "./parts.mjs";
import { QrCode } from "./qr.mjs";
import { AtQr, AtReader, AtTill, PaperFirst, Ways } from "./ways.mjs";

const CARD_WAIT_MS = 90_000;
const BANK_SLOW_MS = 8_000;
/** From here on the customer may leave the screen: the server finishes the payment without it. */
const LEAVE_AFTER_MS = 60_000;
/** Nothing moves while money does: the seconds show that the screen lives. */
const SHOW_WAIT_MS = 3_000;
/** An unanswered payment must not keep the screen from the next customer for ever. */
const RELEASE_AFTER_MS = 300_000;

export function Payment() {
  const { payment, order } = useKiosk().state;
  if (payment?.phase === "working" && payment.show) return html`<${Shown} key=${payment.stage} payment=${payment} />`;
  if (payment?.phase === "working") return html`<${Working} key="working" payment=${payment} />`;
  if (payment?.phase === "failed") return html`<${Failed} key="failed" failure=${payment.failure} />`;
  if (payment?.phase === "card" && order)
    return html`<${payment.agreed ? Way : NewPrice} key="card" since=${payment.since}
      shownKopecks=${payment.shownKopecks} />`;
  return null;
}

/** The one way there is, or the choice. @param {{since: number}} props */
function Way({ since }) {
  const { state, actions } = useKiosk();
  const way = wayOf(state);
  const [agreed, setAgreed] = useState(/** @type {string|null} */ (null));
  const asks = way !== null && agreed !== way && printsFirst(state, way);
  useEffect(() => {
    if (way && way !== "token" && !asks) void actions.payBy(way);
  }, [way, since, asks]);
  if (!way) return html`<${Ways} since=${since} />`;
  if (asks) return html`<${PaperFirst} since=${since} onAgree=${() => setAgreed(way)} />`;
  return way === "token" ? html`<${Card} since=${since} />` : null;
}

/** The server has told what the guest is to do. @param {{payment: any}} props */
function Shown({ payment }) {
  const { actions } = useKiosk();
  const waited = useNow() - payment.since;
  useEffect(() => {
    if (waited > RELEASE_AFTER_MS) void actions.reset();
  }, [waited > RELEASE_AFTER_MS]);
  if (payment.show.kind === "qr") return html`<${AtQr} show=${payment.show} />`;
  return payment.show.kind === "till" ? html`<${AtTill} show=${payment.show} />` : html`<${AtReader} />`;
}

/**
 * The order costs something else than the cart said: nobody pays that unasked.
 * @param {{shownKopecks: number}} props
 */
function NewPrice({ shownKopecks }) {
  const { state, actions, t } = useKiosk();
  const now = state.order?.amount_kopecks ?? 0;
  return html`<main class="sheet payment" data-testid="new-price">
    <div class="spring"></div><${Picture} class="hero" src="/assets/images/receipt.webp" size=${220} />
    <${Heading}>${t.priceChanged(money(shownKopecks), money(now))}<//>
    <p class="note big">${t.safe}</p><div class="spring"></div>
    <div class="stack"><button type="button" class="go" data-testid="agree" onClick=${actions.agreeToPrice}>
        ${t.agree} ${money(now)}</button>
      <button type="button" class="go ghost" data-testid="back-to-cart" onClick=${actions.cancelOrder}>
        ${t.backToCart}</button></div>
  </main>`;
}

/** @param {{since: number}} props */
function Card({ since }) {
  const { state, actions, t } = useKiosk();
  const { order, restaurant, busy } = state;
  const left = CARD_WAIT_MS - (useNow() - since);
  const demo = restaurant?.demo === true;
  const points = order ? pointsToSpend(state, order.amount_kopecks) : 0;
  useEffect(() => {
    if (left <= 0) void actions.cancelOrder();
  }, [left <= 0]);
  useEffect(() => {
    if (order && restaurant && !demo) void askTerminal(order, order.amount_kopecks - points * 100, since, actions);
  }, [restaurant != null, demo, since]);
  if (!order) return null; // given up a moment before this screen is taken away
  return html`<main class="sheet payment">
    <${Steps} now=${1} />
    <${Heading}>${demo ? t.tapCard : t.followTerminal}<//>
    ${
      demo
        ? html`<${SimulatedTerminal} />`
        : html`<${Picture} class="hero" src="/assets/images/card.webp"
          size=${256} />`
    }
    <div class="price-big" data-testid="amount">${money(order.amount_kopecks - points * 100)}</div>
    ${mayBeNotified(state) && html`<${Notify} />`}
    <p class="lead">${points > 0 && html`<b data-testid="points-off">${t.pointsOff(points)}</b><br />`}${t.held}</p>
    <p class="lead" data-testid="payment-wait">${t.doneSoon(minutes(order.ready_in_s))}</p>
    <p class="note">${t.onceOnly}</p>
    <div class="spring"></div>
    <p class="lead" role="timer">${t.timeLeft(clock(left / 1000))}</p>
    <button type="button" class="go ghost" data-testid="payment-cancel" disabled=${busy}
      onClick=${waysOf(state).length > 1 ? actions.otherWay : actions.cancelOrder}>
      ${waysOf(state).length > 1 ? t.otherWay : t.cancelOrder}</button>
  </main>`;
}

/** Off until a guest wants it: an SMS to the number that the receipt goes to. */
function Notify() {
  const { state, actions, t } = useKiosk();
  const { notify } = state;
  return html`<button type="button" class=${notify ? "option notify on" : "option notify"} role="checkbox"
    aria-checked=${notify} data-testid="notify" onClick=${actions.switchNotify}>
    <i class="mark" aria-hidden="true">${notify ? "✓" : ""}</i><span>
      ${t.notify(state.receiptTo ?? "")}</span></button>`;
}

/**
 * The pin-pad's bridge gives a card token; without a bridge this screen cannot take money, and says so.
 * @param {any} order
 * @param {number} amountKopecks
 * @param {number} since
 * @param {import("../kiosk.mjs").Kiosk["actions"]} actions
 */
async function askTerminal(order, amountKopecks, since, actions) {
  const bridge = /** @type {any} */ (window).kioskTerminal;
  if (!bridge) return actions.payStopped("terminal_missing", since);
  try {
    const token = await bridge.token({ order_id: order.order_id, amount_kopecks: amountKopecks });
    if (token) return await actions.cardRead(token, since);
  } catch (error) {
    console.error("terminal bridge", error);
  }
  actions.payStopped("terminal_refused", since);
}

function SimulatedTerminal() {
  const { actions, t } = useKiosk();
  const keys = /** @type {const} */ ([
    ["terminal-approve", "tok_ok", t.simApprove, t.simApproveHint],
    ["terminal-decline", "tok_declined", t.simDecline, t.simDeclineHint],
    ["terminal-silent", "tok_unknown", t.simSilent, t.simSilentHint],
  ]);
  return html`<section class="pinpad" aria-label=${t.simulated}>
    <div class="pinpad-screen"><b>${t.simulated}</b><small>${t.simulatedHint}</small></div>
    <div class="pinpad-keys">${keys.map(
      ([
        id,
        token,
        word,
        hint,
      ]) => html`<button type="button" key=${id} class=${id} data-testid=${id} onClick=${() => actions.pay(token)}>
        <b>${word}</b><small>${hint}</small></button>`,
    )}</div>
  </section>`;
}

/** @param {{payment: {stage: import("../outcomes.mjs").Stage, since: number}}} props */
function Working({ payment }) {
  const { state, actions, t } = useKiosk();
  const waited = useNow() - payment.since;
  // A bank that thinks for long looks like one that never answers: the same advice keeps the money safe.
  const stage = payment.stage === "payment" && waited > BANK_SLOW_MS ? "checking" : payment.stage;
  const [title, explanation] = stage === "cancelling" && endsByRedKey(state) ? t.pressRedKey : t.working[stage];
  const long = waited > LEAVE_AFTER_MS;
  useEffect(() => {
    if (waited > RELEASE_AFTER_MS) void actions.reset();
  }, [waited > RELEASE_AFTER_MS]);
  return html`<main class="sheet payment" data-testid=${`stage-${stage}`}>
    <${Steps} now=${stepOf(stage)} />
    <div class="spring"></div>
    <div role="status" class="status"><${Heading}>${title}<//><p class="lead">${explanation}</p></div>
    <div class=${`busy-ring at-step-${stepOf(stage)}${long ? " short" : ""}`} aria-hidden="true">
      <${Picture} src="/assets/images/robot.webp" size=${200} /></div>
    ${
      state.order?.amount_kopecks != null &&
      html`<div class="price-mid">
        ${money(state.order.amount_kopecks - pointsToSpend(state, state.order.amount_kopecks) * 100)}</div>`
    }
    ${
      state.order?.number &&
      html`<p class="lead">${t.orderNumber} <b class="inline-number" data-say="signs">
          ${state.order.number}</b></p>`
    }
    ${waited > SHOW_WAIT_MS && html`<p class="lead" role="timer">${t.waitedFor(clock(waited / 1000))}</p>`}
    ${!long && html`<p class="note">${t.onceOnly}</p><div class="spring twice"></div>`}
    ${long && html`<${Leaving} />`}
  </main>`;
}

function Leaving() {
  const { state, actions, t } = useKiosk();
  const { order, restaurant } = state;
  return html`<div class="panel" data-testid="takes-longer">
    ${order && html`<${QrCode} text=${`${order.number} ${order.order_id}`} size=${220} label=${t.orderReference} />`}
    <div><b>${t.orderReference}</b><p class="lead">${t.takesLonger}</p>
      ${restaurant?.phone && html`<p>${t.callUs(restaurant.phone)}</p>`}</div>
  </div>
  ${
    order?.pickup_code &&
    html`<div class="panel code-panel"><div><b>${t.pickupCode}</b><p class="lead">
          ${t.codeAgain(state.member !== null)}</p></div>
      <output class="code" data-say="signs" aria-label=${t.pickupCode} data-testid="pickup-code">
        ${order.pickup_code}</output></div>`
  }
  <div class="spring"></div>
  <button type="button" class="go ghost" data-testid="leave" onClick=${actions.reset}>${t.leaveNow}</button>`;
}

/** @param {any} t @param {import("../outcomes.mjs").Failure} failure @returns {string} */
function moneyWords(t, { code, money, method }) {
  if (code === "payment_returned") return t.returnedToAccount;
  if (money === "safe") return t.safe;
  if (method === "till") return t.returnedByStaff;
  return method === "sbp" ? t.returnedToAccount : t.returned;
}

/** @param {{failure: import("../outcomes.mjs").Failure}} props */
function Failed({ failure }) {
  const { state, t } = useKiosk();
  const [title, next] = failureText(t, failure.code, failure.method);
  const byPhone = failure.method === "sbp";
  const reason =
    failure.code === "payment_declined" && !byPhone ? reasonText(t.declined, failure.reason, "") : (failure.says ?? "");
  const detail = failure.retryAfterS ? `${t.retryIn(failure.retryAfterS)}.` : reason;
  const over = failure.code === "order_refunded";
  const paper = printsFirst(state, failure.method ?? "token") ? t.paperAfter[paperOf(failure)] : "";
  useEffect(() => void verdict(false), [failure.code]);
  return html`<main class="sheet payment failed" data-testid=${`failed-${failure.code}`}>
    <div class="spring"></div>
    <${Picture} class="hero" src="/assets/images/warning.webp" size=${220} />
    <div role="alert" class="status"><${Heading}>${title}<//>
      <p class=${failure.money === "safe" ? "note big" : "note big wait-note"} data-testid="money">
        ${moneyWords(t, failure)}</p>
      ${paper && html`<p class="lead" data-testid="paper-after">${paper}</p>`}
      <p class="lead">${detail && detail !== `${title}.` ? `${detail} ` : ""}${next}</p>
      ${
        failure.money === "returned" &&
        failure.reference &&
        html`<p class="lead" data-testid="reference">${t.operation} <b data-say="signs">${failure.reference}</b></p>`
      }</div>
    ${
      state.order?.number &&
      html`<p class="lead">${t.orderNumber} <b class="inline-number" data-say="signs">
          ${state.order.number}</b></p>`
    }
    <div class="spring"></div>
    <${WaysOn} failure=${failure} over=${over} />
  </main>`;
}

/** @param {any} t @param {import("../outcomes.mjs").Failure} failure @param {number} ways @returns {string} */
function againWords(t, { code, method }, ways) {
  if (ways > 1) return t.payAnew;
  return code === "payment_declined" && method !== "sbp" ? t.otherCard : t.tryAgain;
}

/** @param {{failure: import("../outcomes.mjs").Failure, over: boolean}} props */
function WaysOn({ failure, over }) {
  const { state, actions, t } = useKiosk();
  const again = () =>
    failure.code === "bonus_exceeds_limit" ? actions.payWithinLimit(failure.available ?? 0) : actions.payAgain();
  return html`<div class="stack">
    ${
      failure.code === "step_up_required" &&
      html`<button type="button" class="go" data-testid="enter-code"
        onClick=${() => actions.codeForPayment(failure.stepUp ?? {})}>${t.enterCode}</button>
      <button type="button" class="go dark" data-testid="without-points" onClick=${actions.payWithoutPoints}>
        ${t.withoutPoints}</button>`
    }
    ${
      failure.retry &&
      failure.code !== "step_up_required" &&
      html`<button type="button" class="go" data-testid="pay-again" onClick=${again}>
        ${againWords(t, failure, waysOf(state).length)}
      </button>`
    }
    ${
      !over &&
      html`<button type="button" class=${failure.retry ? "go ghost" : "go"} data-testid="back-to-cart"
        onClick=${actions.cancelOrder}>${t.backToCart}</button>`
    }
    ${
      (over || !failure.retry) &&
      html`<button type="button" class=${over ? "go" : "go ghost"} data-testid="finish"
        onClick=${over ? actions.reset : actions.abandon}>${t.finish}</button>`
    }
  </div>`;
}
