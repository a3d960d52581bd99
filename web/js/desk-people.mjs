/** A person asks about their data: what is kept of a number or address, a copy, its end; and who may not sign in. */

import { useState } from "preact/hooks";
import { saveFile } from "./csv.mjs";
import { Asked, Twice } from "./desk-buttons.mjs";
import { html } from "./html.mjs";
import { useWords } from "./staff-language.mjs";

/** @typedef {import("./desk-refund.mjs").Ask} Ask */

/** @param {{ask: Ask}} props */
export function People({ ask }) {
  const t = useWords().t.people;
  const [contact, setContact] = useState("");
  const [person, setPerson] = useState(/** @type {any} */ (null));
  const [said, setSaid] = useState("");
  const [busy, setBusy] = useState(false);
  /** @param {string} act @param {Record<string, string>} [more] */
  const send = async (act, more = {}) => {
    setBusy(true);
    const answer = await ask(`customers/${act}`, { contact: contact.trim(), ...more });
    setBusy(false);
    setSaid(answer.ok ? "" : refusal(answer, t));
    return answer.ok ? answer.body : null;
  };
  const find = async (/** @type {Event} */ event) => {
    event.preventDefault();
    setPerson(await send("find"));
  };
  const save = async () => {
    const told = await send("export");
    if (told) saveFile("person.json", "application/json", JSON.stringify(told, null, 2));
  };
  const erase = async () => {
    const told = await send("erase");
    if (!told) return;
    setPerson(null);
    setSaid(erasedWords(told, t));
  };
  const change = async (/** @type {string} */ act, /** @type {Record<string, string>} */ more) => {
    const told = await send(act, more);
    if (told) setPerson(told);
  };
  return html`<section class="card" data-testid="people"><h2>${t.title}</h2><p>${t.lead}</p>
    <form onSubmit=${find}><label>${t.contact}<input required minlength="3" maxlength="64" autocomplete="off"
        spellcheck=${false} data-testid="person-contact" value=${contact} onInput=${(/** @type {any} */ event) => {
          setContact(event.target.value);
          setPerson(null); // what is shown and what would be erased are one person's
          setSaid("");
        }} /></label>
      <button disabled=${busy} data-testid="person-find">${t.find}</button></form>
    <p role="status" data-testid="person-said">${said}</p>
    ${
      person &&
      html`<div data-testid="person"><${Facts} person=${person} /><div class="person-acts">
        <button type="button" class="quiet" disabled=${busy} data-testid="person-export" onClick=${save}>
          ${t.save}</button>
        ${
          person.customer &&
          (person.customer.blocked_at
            ? html`<button type="button" class="quiet" data-testid="person-unblock"
                onClick=${() => change("unblock", {})}>${t.unblock}</button>`
            : html`<${Asked} id="person-block" words=${t.block} label=${t.reason} sure=${t.blockSure}
                go=${(/** @type {string} */ reason) => change("block", { reason })} />`)
        }
        ${
          person.in_use || person.customer?.blocked_at
            ? html`<p class="trouble">${person.in_use ? t.inUse(person.in_use) : t.blockedFirst}</p>`
            : html`<${Twice} id="person-erase" words=${t.erase} sure=${t.eraseSure} quiet go=${erase} />`
        }</div></div>`
    }</section>`;
}

/** @param {{person: any}} props */
function Facts({ person }) {
  const t = useWords().t.people;
  const { customer } = person;
  const time = (/** @type {string} */ at) => new Date(at).toLocaleString("ru-RU");
  const facts = [
    [t.who, person.contact_masked],
    [t.account, customer ? t.since(time(customer.created_at)) : t.noAccount],
    ...(customer ? [[t.points, `${customer.bonus_points}`]] : []),
    [t.orders, `${person.orders}`],
    ...(customer?.last_order_at ? [[t.lastOrder, time(customer.last_order_at)]] : []),
    ...person.consents.map((/** @type {any} */ one) => [t.consent, `${one.version} · ${time(one.at)}`]),
    ...(customer?.blocked_at ? [[t.blocked, `${time(customer.blocked_at)} · ${customer.blocked_reason}`]] : []),
  ];
  return html`<dl class="facts">${facts.map(
    ([name, value]) => html`<div key=${name + value}><dt>${name}</dt><dd>${value}</dd></div>`,
  )}</dl>`;
}

/**
 * @param {{status: number, body: any}} answer
 * @param {import("./staff-language.mjs").StaffTexts["people"]} t
 */
function refusal({ status, body }, t) {
  if (status === 404) return t.nobody;
  return status === 422 ? t.unreadable : body?.number ? t.inUse(body.number) : (body?.title ?? t.failed);
}

/** @param {any} told @param {import("./staff-language.mjs").StaffTexts["people"]} t */
function erasedWords(told, t) {
  const files = told.still_in.join(", ");
  return told.found || files ? t.erased(told.orders) + (files ? ` ${t.stillIn(files)}` : "") : t.nobody;
}
