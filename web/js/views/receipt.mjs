/**
 * The fiscal receipt on the screen: the tax service's code, and the operator's page where the restaurant has named it.
 */

import { html } from "../html.mjs";
import { useKiosk } from "./context.mjs";
import { QrCode } from "./qr.mjs";

/**
 * The operator's address of one receipt. `template` names members of the code, `{inn}` or `{qr}`, all of it.
 * @param {string} template @param {string} qr @param {string} inn
 */
export function receiptLink(template, qr, inn) {
  const members = /** @type {Record<string, string>} */ ({ ...Object.fromEntries(new URLSearchParams(qr)), inn, qr });
  return template.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(members[name] ?? ""));
}

/** @param {{receipt: any, size: number, bonus?: string}} props */
export function ReceiptPanel({ receipt, size, bonus = "" }) {
  const { state, t } = useKiosk();
  const { receipt_link: template = "", inn = "" } = state.restaurant ?? {};
  return html`<div class=${template ? "panel receipt both" : "panel receipt"} data-testid="receipt">
    <${QrCode} text=${receipt.qr} size=${size} label=${t.receiptTitle} />
    <div><b>${t.receiptTitle}</b><p class="lead">${template ? t.receiptCodes : t.receiptHint}${bonus}</p><small>
        ${t.receiptNo(receipt.fiscal_document_number)}</small></div>
    ${
      template &&
      html`<${QrCode} name="receipt-link" text=${receiptLink(template, receipt.qr, inn)} size=${size}
        label=${t.receiptPage} />`
    }</div>`;
}
