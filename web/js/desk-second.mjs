/** Refunds above the limit: a second person enters their PIN at this panel, or says yes in a session of their own. */

import { useEffect, useRef, useState } from "preact/hooks";
import { Twice } from "./desk-buttons.mjs";
import { actorWords } from "./desk-words.mjs";
import { money } from "./format.mjs";
import { html } from "./html.mjs";
import { NameTiles, PinPad } from "./staff.mjs";
import { useWords } from "./staff-language.mjs";

/** @typedef {import("./desk-parts.mjs").Act} Act */

/**
 * Nothing where nothing waits. `asked`: the request that was made a moment ago, whose dialog opens by itself.
 * @param {{told: any, asked: {id: number}, act: Act}} props
 */
export function RefundRequests({ told, asked, act }) {
  const t = useWords().t.second;
  const [open, setOpen] = useState(0);
  useEffect(() => setOpen(asked.id), [asked]);
  if (!told?.waiting.length) return null;
  const row = told.waiting.find((/** @type {any} */ one) => one.request_id === open);
  return html`<section class="card" data-testid="refund-requests">
    <h2>${t.title} <mark>${told.waiting.length}</mark></h2>
    ${told.waiting.map(
      (/** @type {any} */ one) => html`<${Request} key=${one.request_id} row=${one} may=${told.may_confirm} act=${act}
        ask=${() => setOpen(one.request_id)} />`,
    )}
    ${row && html`<${Dialog} key=${row.request_id} row=${row} act=${act} close=${() => setOpen(0)} />`}
  </section>`;
}

/** @param {string} at */
const timeOf = (at) => new Date(at).toLocaleTimeString("ru-RU", { hour: "2-digit", minute: "2-digit" });

/** @param {{row: any, may: boolean, act: Act, ask: () => void}} props */
function Request({ row, may, act, ask }) {
  const { t: texts } = useWords();
  const t = texts.second;
  const id = row.request_id;
  const sum = money(row.amount_kopecks);
  const words = row.own ? t.takeBack : t.refuse;
  return html`<article class="stuck" data-testid=${`request-${id}`}>
    <div><b>${t.order(row.number)} · ${sum}</b>
      <p>${row.reason} · ${actorWords(row.actor, texts.journal)} · ${t.until(timeOf(row.expires_at))}</p></div>
    ${
      may &&
      !row.own &&
      html`<${Twice} id=${`confirm-${id}`} words=${t.confirm} sure=${t.confirmSure(sum)}
        go=${() => act(t.act(row.number), `refund-requests/${id}/confirm`)} />`
    }
    <button type="button" class="quiet" data-testid=${`by-pin-${id}`} onClick=${ask}>${t.byPin}</button>
    ${
      (row.own || may) &&
      html`<${Twice} id=${`refuse-${id}`} words=${words} sure=${t.sure(words)} quiet
        go=${() => act(t.refuseAct(row.number), `refund-requests/${id}/refuse`)} />`
    }
  </article>`;
}

/** @param {{row: any, act: Act, close: () => void}} props */
function Dialog({ row, act, close }) {
  const { t: texts } = useWords();
  const t = texts.second;
  const [whose, setWhose] = useState(/** @type {import("./staff.mjs").Named|null} */ (null));
  const [trouble, setTrouble] = useState("");
  const dialog = useRef(/** @type {HTMLDialogElement|null} */ (null));
  useEffect(() => dialog.current?.showModal(), []);
  const other = () => {
    setTrouble("");
    setWhose(null);
  };
  const send = async (/** @type {string} */ pin) => {
    const path = `refund-requests/${row.request_id}/confirm`;
    const answer = await act(t.act(row.number), path, { person_id: whose?.person_id, pin });
    if (answer?.ok)
      close(); // what became of it stands on the page
    else setTrouble(texts.door.troubles[answer?.body?.code] ?? answer?.body?.title ?? texts.failed);
  };
  return html`<dialog ref=${dialog} class="second desk" aria-labelledby="second-title" data-testid="second"
    onCancel=${close}>
    <h2 id="second-title">${t.dialog(row.number, money(row.amount_kopecks))}</h2>
    <p>${t.why(row.reason, actorWords(row.actor, texts.journal))}</p>
    ${!row.confirmers.length && html`<p class="trouble" data-testid="nobody">${t.nobody}</p>`}
    ${
      whose
        ? html`<${PinPad} key=${whose.person_id} label=${t.pinOf(whose.name)} go=${t.confirm} send=${send} />`
        : html`<${NameTiles} people=${row.confirmers} choose=${setWhose} />`
    }
    <p class="trouble" role="alert" data-testid="second-trouble">${trouble}</p>
    <div class="person-acts">
      ${whose && html`<button type="button" class="quiet" onClick=${other}>${texts.who.other}</button>`}
      <button type="button" class="quiet" data-testid="second-close" onClick=${close}>${t.later}</button></div>
  </dialog>`;
}
