/** Where the electronic receipt goes: a phone or a mailbox, typed on keys of our own. */

import { useState } from "preact/hooks";
import { html } from "../html.mjs";
import { countriesOf, countryOf, phoneShown, phoneWhole } from "../points.mjs";
import { useKiosk } from "./context.mjs";
import { CountryChoice } from "./countries.mjs";
import { Dialog } from "./dialogs.mjs";
import { MailKeys, Numpad } from "./keys.mjs";

const MAIL = /^[^@\s]+@[^@\s]+\.[^@\s]+$/;
const MAIL_LENGTH = 120;

export function ReceiptLine() {
  const { state, t } = useKiosk();
  const [asking, setAsking] = useState(false);
  const { receiptTo } = state;
  return html`<section class="e-receipt" aria-label=${t.eReceipt}>
    <div><b>${t.eReceipt}</b><small data-testid="receipt-to">
        ${receiptTo ? t.eReceiptSet(receiptTo) : t.eReceiptHint}</small></div>
    <button type="button" class="chip" data-testid="receipt-ask" aria-haspopup="dialog"
      onClick=${() => setAsking(true)}>${receiptTo ? t.eReceiptEdit : t.eReceiptAdd}</button>
    ${asking && html`<${Asking} close=${() => setAsking(false)} />`}
  </section>`;
}

/** @param {{close: () => void}} props */
function Asking({ close }) {
  const { state, actions, t } = useKiosk();
  const before = state.receiptTo ?? "";
  const [mail, setMail] = useState(before.includes("@"));
  const [code, setCode] = useState(
    () => countriesOf(state.restaurant).find(({ calling_code: calling }) => before.startsWith(`+${calling}`))?.code,
  );
  const country = countryOf(state.restaurant, code);
  const [text, setText] = useState(before.startsWith("+") ? before.slice(`+${country.calling_code}`.length) : before);
  const [wrong, setWrong] = useState(false);
  const change = (/** @type {(text: string) => string} */ next) => {
    setText(next);
    setWrong(false);
  };
  const type = (/** @type {number} */ most) => (/** @type {string} */ key) =>
    change((known) => (known.length < most ? known + key : known));
  const erase = () => change((known) => known.slice(0, -1));
  const choose = (/** @type {boolean} */ toMail) => {
    setMail(toMail);
    change(() => "");
  };
  const save = () => {
    const contact = mail ? text : phoneWhole(text, country);
    if (!(mail ? MAIL.test(text) : text.length >= country.least && text.length <= country.most)) return setWrong(true);
    actions.sendReceiptTo(contact);
    close();
  };
  const drop = () => {
    actions.sendReceiptTo(null);
    close();
  };
  return html`<${Dialog} class="contact-dialog" label=${t.eReceipt} close=${close}>
    <button type="button" class="close" aria-label=${t.close} data-testid="contact-close" onClick=${close}>×</button>
    <div class="sheet-scroll"><h2>${t.eReceipt}</h2>
      <div class="pair" role="group" aria-label=${t.eReceipt}>
        <button type="button" class=${mail ? "chip" : "chip on"} aria-pressed=${!mail} data-testid="to-phone"
          onClick=${() => choose(false)}>${t.toPhone}</button>
        <button type="button" class=${mail ? "chip on" : "chip"} aria-pressed=${mail} data-testid="to-mail"
          onClick=${() => choose(true)}>${t.toMail}</button></div>
      <output class=${mail ? "field mail" : "field"} aria-label=${mail ? t.mailField : t.phoneField}
        data-testid="contact">${mail ? text || "…" : phoneShown(text, country)}</output>
      ${
        !mail &&
        html`<${CountryChoice} code=${country.code} choose=${(/** @type {string} */ chosen) => {
          setCode(chosen);
          change(() => "");
        }} />`
      }
      <p class="trouble" role="alert">${wrong ? t.contactWrong : ""}</p>
      ${
        mail
          ? html`<${MailKeys} press=${type(MAIL_LENGTH)} erase=${erase} />`
          : html`<${Numpad}
            press=${type(country.most)} erase=${erase} />`
      }
    </div>
    <footer class="sheet-foot two even"><button type="button" class="go" data-testid="contact-save" onClick=${save}>
        ${t.save}</button>
      <button type="button" class="go ghost" data-testid="contact-drop" onClick=${drop}>
        ${t.eReceiptDrop}</button></footer><//>`;
}
