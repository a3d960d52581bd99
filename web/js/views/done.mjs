/** The number to wait for, the code to take the food with, the receipt; then the screen clears itself. */

import { useEffect, useState } from "preact/hooks";
import { verdict } from "../chime.mjs";
import { minutes } from "../format.mjs";
import { useHeard } from "../heard.mjs";
import { html } from "../html.mjs";
import { mayBeNotified } from "../store.mjs";
import { useKiosk, useNow } from "./context.mjs";
import { Heading, Picture, Steps } from "./parts.mjs";
import { ReceiptPanel } from "./receipt.mjs";

const SHOWN_MS = 30_000;

export function Done() {
  const { state, actions, t } = useKiosk();
  const { paid } = state;
  const notified = state.notify && mayBeNotified(state);
  const [until, setUntil] = useState(() => Date.now() + SHOWN_MS);
  const left = Math.max(0, Math.ceil((until - useNow()) / 1000));
  useEffect(() => void verdict(true), []);
  useHeard(() => setUntil(Date.now() + SHOWN_MS)); // who listens writes nothing down while it is said
  useEffect(() => {
    if (left === 0) void actions.reset();
  }, [left === 0]);
  if (!paid) return null; // forgotten a moment before this screen is taken away
  return html`<main class="sheet done">
    <${Steps} now=${3} />
    <${Heading}>${t.doneTitle}<//>
    <div class="number" data-say="signs" data-testid="order-number">${paid.number}</div>
    <p class="lead">${paid.ready_in_s != null && html`${t.doneSoon(minutes(paid.ready_in_s))}<br />`}${t.doneBoard}
      ${notified && html` <span data-testid="notified">${t.notified(state.receiptTo ?? "")}</span>`}</p>
    ${
      paid.pickup_code &&
      html`<div class="panel code-panel"><div><b>${t.pickupCode}</b><p class="lead">${t.pickupHint}</p>
          <small data-testid="code-again">${t.codeAgain(state.member !== null)}</small></div>
        <output class="code" data-say="signs" aria-label=${t.pickupCode} data-testid="pickup-code">
          ${paid.pickup_code}</output></div>`
    }
    <${Receipt} paid=${paid} />
    <div class="spring"></div>
    <div class="two"><button type="button" class="go" data-testid="new-order" onClick=${actions.reset}>
        ${t.thanks}</button>
      <button type="button" class="go ghost" data-testid="extend" onClick=${() => setUntil(Date.now() + SHOWN_MS)}>
        ${t.extend}</button></div>
    <p class="lead" role="timer">${t.clearsIn(left)}</p>
  </main>`;
}

/** @param {{paid: any}} props */
function Receipt({ paid }) {
  const { t } = useKiosk();
  const bonus = paid.bonus_accrued > 0 ? ` ${t.bonus(paid.bonus_accrued)}` : "";
  if (!paid.receipt?.qr) {
    return html`<div class="panel"><${Picture} src="/assets/images/receipt.webp" size=${160} /><div><b>
          ${t.receiptTitle}</b><p class="lead">${t.receiptLate}${bonus}</p></div></div>`;
  }
  return html`<${ReceiptPanel} receipt=${paid.receipt} size=${260} bonus=${bonus} />`;
}
