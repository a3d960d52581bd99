/** Accounts of staff, for an owner: who signs in, with which role; another PIN, a block, somebody new. */

import { useState } from "preact/hooks";
import { Asked, Twice } from "./desk-buttons.mjs";
import { useTold } from "./desk-lots.mjs";
import { html } from "./html.mjs";
import { useWho } from "./staff.mjs";
import { useWords } from "./staff-language.mjs";

const REFRESH_MS = 15_000;
const ROLES = ["technician", "shift", "manager", "owner"];
const PIN = "[0-9]{6,12}";

/** @typedef {import("./desk-parts.mjs").Act} Act */

/** @param {{token: string, act: Act, last: unknown}} props `last`: changes with every act of anybody */
export function Accounts({ token, act, last }) {
  const { t: texts } = useWords();
  const t = texts.accounts;
  const told = useTold(token, "staff", last, REFRESH_MS);
  if (!told) return null;
  return html`<section class="card" data-testid="accounts"><h2>${t.title}</h2>
    ${!told.people.length && html`<p>${t.none}</p>`}
    <table><tbody>${told.people.map(
      (/** @type {any} */ row) => html`<${Account} key=${row.person_id} row=${row} act=${act} />`,
    )}</tbody></table>
    <${Hire} act=${act} first=${!told.people.some((/** @type {any} */ row) => row.role === "owner")} /></section>`;
}

/** @param {{row: any, act: Act}} props */
function Account({ row, act }) {
  const { t: texts } = useWords();
  const t = texts.accounts;
  const who = useWho();
  const id = row.person_id;
  const change = (/** @type {string} */ words, /** @type {object} */ body) =>
    act(t.act(words, row.name), `staff/${id}`, body);
  const since = new Date(row.since).toLocaleDateString("ru-RU");
  if (row.blocked_at)
    return html`<tr data-testid=${`account-${id}`} data-state="blocked"><td>${row.name}</td><td>${t.blocked}</td>
      <td>${t.since(since)}</td>
      <td><${Asked} id=${`unblock-${id}`} words=${t.unblock} label=${t.newPin} sure=${t.unblock} pin=${PIN}
          go=${(/** @type {string} */ pin) => change(t.unblock, { blocked: false, pin })} /></td></tr>`;
  return html`<tr data-testid=${`account-${id}`} data-state="live">
    <td>${row.name} ${id === who.person_id && html`<small>${t.you}</small>`}</td>
    <td><select aria-label=${t.role} value=${row.role} data-testid=${`role-${id}`}
        onChange=${(/** @type {any} */ event) => change(t.role, { role: event.target.value })}>
        ${ROLES.map((role) => html`<option key=${role} value=${role}>${texts.who.roles[role]}</option>`)}</select></td>
    <td>${t.since(since)}</td>
    <td class="person-acts"><${Asked} id=${`pin-${id}`} words=${t.newPin} label=${t.newPin} sure=${t.setPin} pin=${PIN}
        go=${(/** @type {string} */ pin) => change(t.newPin, { pin })} />
      <${Asked} id=${`rename-${id}`} words=${t.rename} label=${t.name} sure=${t.rename}
        go=${(/** @type {string} */ name) => change(t.rename, { name })} />
      <${Twice} id=${`block-${id}`} words=${t.block} sure=${t.blockSure} quiet
        go=${() => change(t.block, { blocked: true })} /></td></tr>`;
}

/** @param {{act: Act, first: boolean}} props `first`: the owner comes first, and ends the shared PIN */
function Hire({ act, first }) {
  const { t: texts } = useWords();
  const t = texts.accounts;
  const [name, setName] = useState("");
  const [pin, setPin] = useState("");
  const [role, setRole] = useState("shift");
  const chosen = first ? "owner" : role;
  const done = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const answer = await act(t.act(t.add, name.trim()), "staff", { name: name.trim(), role: chosen, pin });
    setPin("");
    if (answer && answer.status < 400) setName("");
  };
  /** @param {(text: string) => void} set */
  const by = (set) => (/** @type {any} */ event) => set(event.target.value);
  return html`<form onSubmit=${done} data-testid="hire">
    ${first && html`<p>${t.first}</p>`}
    <label>${t.name}<input required maxlength="32" autocomplete="off" value=${name} data-testid="hire-name"
        onInput=${by(setName)} /></label>
    <label>${t.role}<select value=${chosen} disabled=${first} data-testid="hire-role" onChange=${by(setRole)}>
        ${ROLES.map((one) => html`<option key=${one} value=${one}>${texts.who.roles[one]}</option>`)}</select></label>
    <label>${t.pin}<input required class="masked" inputmode="numeric" pattern=${PIN} maxlength="12" autocomplete="off"
        value=${pin} data-testid="hire-pin" onInput=${by(setPin)} /></label>
    <button data-testid="hire-sure">${t.add}</button></form>`;
}
