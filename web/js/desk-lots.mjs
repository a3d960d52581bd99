/** Lots in the bins: what came until when, a refill by lot, write-off, recall; and the journal of a day. */

import { useEffect, useState } from "preact/hooks";
import { Asked } from "./desk-buttons.mjs";
import { actorWords } from "./desk-words.mjs";
import { html } from "./html.mjs";
import { labelWords, leftWords, lotCsv } from "./lot-words.mjs";
import { OfDay } from "./printing.mjs";
import { staffCall, useWho } from "./staff.mjs";
import { useWords } from "./staff-language.mjs";

const REFRESH_MS = 5_000;

/** @typedef {import("./desk-parts.mjs").Act} Act */

/**
 * What a call tells now, again every few seconds and when `last` changes.
 * @param {string} token
 * @param {string} path
 * @param {unknown} last
 * @param {number} every milliseconds
 */
export function useTold(token, path, last, every = REFRESH_MS) {
  const [told, setTold] = useState(/** @type {any} */ (null));
  useEffect(() => {
    let over = false;
    const load = async () => {
      const answer = await staffCall(token, "GET", `/api/service/${path}`);
      if (!over && answer.ok) setTold(answer.body);
    };
    void load();
    const timer = setInterval(load, every);
    return () => {
      over = true;
      clearInterval(timer);
    };
  }, [token, path, last, every]);
  return told;
}

/**
 * @param {{token: string, bins: any[], act: Act, last: unknown}} props `last`: changes with every act of anybody
 */
export function Lots({ token, bins, act, last }) {
  const t = useWords().t.lots;
  const recalls = useWho().may("POST /api/service/lots/recall");
  const told = useTold(token, "lots", last);
  if (!told) return null;
  return html`<section class="card" data-testid="lots"><h2>${t.title}</h2>
    ${told.recalls.map(
      (/** @type {any} */ row) => html`<article class="stuck" key=${row.lot} data-testid="recalled">
        <div><b>${t.recalled(row.lot)}</b><p>${row.reason} · ${new Date(row.at).toLocaleString("ru-RU")}</p></div>
        ${
          recalls &&
          html`<${Trace} token=${token} lot=${row.lot} last=${last} />
          <${Asked} id="lift" words=${t.lift.word} label=${t.reason} sure=${t.lift.sure}
            go=${(/** @type {string} */ reason) => act(t.lift.act(row.lot), "lots/lift", { lot: row.lot, reason })} />`
        }
      </article>`,
    )}
    <${PutIn} bins=${bins} required=${told.required} act=${act} />
    <table><thead><tr>${t.columns.map((column) => html`<th key=${column}>${column}</th>`)}</tr></thead>
      <tbody>${told.lots.map(
        (/** @type {any} */ row) => html`<${Lot} key=${row.lot_id} row=${row} act=${act} />`,
      )}</tbody>
    </table></section>`;
}

/** A bin was filled, with what the package says. @param {{bins: any[], required: boolean, act: Act}} props */
function PutIn({ bins, required, act }) {
  const { t: texts } = useWords();
  const t = texts.lots;
  const [bin, setBin] = useState("");
  const [amount, setAmount] = useState("");
  const [lot, setLot] = useState("");
  const [day, setDay] = useState("");
  const done = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const label = { ...(lot.trim() && { lot: lot.trim() }), ...(day && { expires_at: day }) };
    const answer = await act(t.putIn.act(Number(bin)), "refill", {
      bin: Number(bin),
      amount: Number(amount),
      ...label,
    });
    if (!answer || answer.status >= 400) return; // what was typed stays, to be mended
    setAmount("");
    setLot("");
    setDay("");
  };
  /** @param {(text: string) => void} set */
  const by = (set) => (/** @type {any} */ event) => set(event.target.value);
  return html`<form onSubmit=${done} data-testid="put-in">
    <label>${t.putIn.bin}<select required value=${bin} data-testid="put-in-bin" onChange=${by(setBin)}>
        <option value=""></option>${bins.map(
          (row) => html`<option key=${row.bin} value=${row.bin}>${row.bin} · ${row.name}</option>`,
        )}</select></label>
    <label>${t.putIn.amount}<input required inputmode="numeric" pattern="[0-9]{1,5}" autocomplete="off" value=${amount}
        data-testid="put-in-amount" onInput=${by(setAmount)} /></label>
    <label>${t.putIn.lot}<input required=${required} maxlength="64" autocomplete="off" value=${lot}
        data-testid="put-in-lot" onInput=${by(setLot)} /></label>
    <label>${t.putIn.expires}<input type="date" required=${required} value=${day} data-testid="put-in-expires"
        onChange=${by(setDay)} /></label>
    <button data-testid="put-in-sure">${t.putIn.sure}</button></form>`;
}

/** @param {{row: any, act: Act}} props */
function Lot({ row, act }) {
  const { language, t: texts } = useWords();
  const t = texts.lots;
  const { lot_id, bin, name, unit, lot, remaining, left_s, state } = row;
  const units = texts.bins.units;
  const { may } = useWho();
  const until = row.until === null ? "" : ` · ${t.until(labelWords(row.until))}`;
  return html`<tr class=${state === "good" ? "" : "short"} data-testid=${`lot-${lot_id}`} data-state=${state}>
    <td>${bin}</td><td>${name[language]}</td><td>${lot || t.unnamed}</td>
    <td>${remaining} ${units[unit] ?? unit}</td>
    <td>${state === "recalled" ? t.states.recalled : leftWords(left_s, t)}${until}</td>
    <td>${
      may("POST /api/service/lots/{lot_id}/write-off") &&
      html`<${Asked} id=${`lot-off-${lot_id}`} words=${t.writeOff.word} label=${t.reason}
        sure=${t.writeOff.sure(remaining)}
        go=${(/** @type {string} */ reason) =>
          act(t.writeOff.act(lot || t.unnamed), `lots/${lot_id}/write-off`, { reason })} />`
    }
      ${
        lot &&
        state !== "recalled" &&
        may("POST /api/service/lots/recall") &&
        html`<${Asked} id=${`recall-${lot_id}`} words=${t.recall.word} label=${t.reason} sure=${t.recall.sure(lot)}
          go=${(/** @type {string} */ reason) => act(t.recall.act(lot), "lots/recall", { lot, reason })} />`
      }</td></tr>`;
}

/**
 * What was made of a recalled lot, and how its guests are reached.
 * @param {{token: string, lot: string, last: unknown}} props
 */
function Trace({ token, lot, last }) {
  const t = useWords().t.lots;
  const told = useTold(token, `lots/trace?lot=${encodeURIComponent(lot)}`, last);
  if (!told) return null;
  const reached = (/** @type {any} */ row) => row.phone ?? row.contact ?? t.unreachable;
  return html`<details data-testid="trace"><summary>${t.made(told.made.length, told.days)}</summary>
    <ul>${told.made.map(
      (/** @type {any} */ row) => html`<li key=${row.portion_id}>
        <b>${row.number}</b> · ${new Date(row.at).toLocaleString("ru-RU")} · ${reached(row)}
        ${row.given_back && ` · ${t.givenBack}`}</li>`,
    )}</ul></details>`;
}

/** @param {{token: string, last: unknown}} props */
export function LotJournal({ token, last }) {
  const { language, t: texts } = useWords();
  const t = texts.lots;
  const [day, setDay] = useState("");
  const told = useTold(token, `lots/journal${day && `?on=${day}`}`, last);
  if (!told) return null;
  const amount = (/** @type {any} */ row) =>
    row.amount ? `${row.amount} ${texts.bins.units[row.unit] ?? row.unit}` : "—";
  return html`<section class="card printed of-lots" data-testid="lot-journal"><h2>${t.journal}</h2>
    <${OfDay} id="lot-journal" name="lots" day=${told.day} choose=${setDay} csv=${() => lotCsv(told, language)} />
    ${!told.entries.length && html`<p class="calm">${t.nothing}</p>`}
    ${
      told.entries.length > 0 &&
      html`<table><thead><tr>${t.entryColumns.map((column) => html`<th key=${column}>${column}</th>`)}</tr></thead>
        <tbody>${told.entries.map(
          (/** @type {any} */ row, /** @type {number} */ i) => html`<tr key=${i}>
            <td>${new Date(row.at).toLocaleTimeString("ru-RU", { hour: "2-digit", minute: "2-digit" })}</td>
            <td>${t.kinds[row.kind] ?? row.kind}</td><td>${row.lot || t.unnamed}</td>
            <td>${row.bin === null ? t.everyBin : `${row.bin} · ${row.name[language]}`}</td><td>${amount(row)}</td>
            <td>${labelWords(row.until) || "—"}</td>
            <td>${actorWords(row.actor, texts.journal)}</td><td>${row.reason}</td></tr>`,
        )}</tbody></table>`
    }</section>`;
}
