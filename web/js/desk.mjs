/**
 * The technician's page: lights, stuck payments, bins, shift, stop list, orders, webhooks, journal; every act has a
 * name.
 */

import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Alarms } from "./desk-alarms.mjs";
import { CellJournal, UpkeepJournal } from "./desk-journals.mjs";
import { DeskKeys } from "./desk-keys.mjs";
import { Kitchen } from "./desk-kitchen.mjs";
import { LotJournal, Lots } from "./desk-lots.mjs";
import {
  Bins,
  Cells,
  Journal,
  Lights,
  Orders,
  ReaderDay,
  Sales,
  Shift,
  StopList,
  Stuck,
  Webhooks,
} from "./desk-parts.mjs";
import { People } from "./desk-people.mjs";
import { Temperatures } from "./desk-temperatures.mjs";
import { Till } from "./desk-till.mjs";
import { Upkeep } from "./desk-upkeep.mjs";
import { money } from "./format.mjs";
import { html } from "./html.mjs";
import { Door, endSession, staffCall, useStaff } from "./staff.mjs";
import { InStaffLanguage, Languages, useWords } from "./staff-language.mjs";

const REFRESH_MS = 5_000;

/** Opened from the touch screen: the page goes back to the guests by itself when nobody touches it. */
const FROM_KIOSK = new URLSearchParams(location.search).get("from") === "kiosk";
const FORGOTTEN_MS = 180_000;

/** @param {() => void} leave */
function leaveWhenForgotten(leave) {
  if (!FROM_KIOSK) return undefined;
  let touchedAt = Date.now();
  const touched = () => {
    touchedAt = Date.now();
  };
  addEventListener("pointerdown", touched);
  const timer = setInterval(() => {
    if (Date.now() - touchedAt < FORGOTTEN_MS) return;
    endSession();
    leave();
    location.assign("/");
  }, 1_000);
  return () => {
    removeEventListener("pointerdown", touched);
    clearInterval(timer);
  };
}

function Desk() {
  const { t } = useWords();
  const [token, setToken] = useStaff();
  useEffect(() => leaveWhenForgotten(() => setToken("")), []);
  const open = token
    ? html`<${Board} token=${token} leave=${() => setToken("")} />`
    : html`<${Door} title=${t.titles.service} named enter=${setToken} />`;
  return html`${open}<${DeskKeys} />`;
}

/** @param {{token: string, leave: () => void}} props */
function Board({ token, leave }) {
  const { t } = useWords();
  const [told, setTold] = useState(/** @type {any} */ (null));
  const [cells, setCells] = useState(/** @type {any[]|null} */ ([]));
  const [stuck, setStuck] = useState(/** @type {any[]} */ ([]));
  const [till, setTill] = useState(/** @type {any[]} */ ([]));
  const [said, setSaid] = useState("");
  const [behind, setBehind] = useState(false);
  const [busy, setBusy] = useState(false);
  const acting = useRef(false); // a second tap comes sooner than the page is drawn

  const load = async () => {
    const [overview, waiting, held, paying] = await Promise.all(
      ["overview", "stuck", "cells", "till"].map((name) => staffCall(token, "GET", `/api/service/${name}`)),
    );
    if (overview.status === 401) return leave();
    setBehind(!overview.ok);
    if (overview.ok) setTold(overview.body);
    setCells(held.ok ? held.body.cells : null);
    if (waiting.ok) setStuck(waiting.body.stuck);
    if (paying.ok) setTill(paying.body.waiting);
  };
  useEffect(() => {
    void load();
    const timer = setInterval(load, REFRESH_MS);
    return () => clearInterval(timer);
  }, [token]);

  /** @type {import("./desk-parts.mjs").Act} */
  const act = async (words, path, body, method = "POST") => {
    if (acting.current) return;
    acting.current = true;
    setBusy(true);
    setSaid(t.service.under(words));
    const answer = await staffCall(token, method, `/api/service/${path}`, body);
    acting.current = false;
    setBusy(false);
    if (answer.status === 401) return leave();
    setSaid(outcomeOf(answer, words, t));
    await load();
  };

  /** A question that changes nothing. @type {import("./desk-refund.mjs").Ask} */
  const ask = async (path, body) => {
    const answer = await staffCall(token, "POST", `/api/service/${path}`, body);
    if (answer.status === 401) leave();
    return answer;
  };

  return html`<main class="desk">
    <header><h1>${t.titles.service}</h1><a class="quiet" href="/" data-testid="to-kiosk">${t.service.guestScreen}</a>
      ${
        !FROM_KIOSK &&
        html`<a class="quiet" href="/stats">${t.titles.stats}</a><a class="quiet" href="/display">
          ${t.service.board}</a>`
      }
      <${Languages} /><button type="button" class="quiet" data-testid="leave" onClick=${() => {
        endSession();
        leave();
      }}>${t.leave}</button></header>
    <p class="said" role="status" data-testid="said">${said}</p>
    ${behind && html`<p class="trouble" role="alert">${t.service.behind}</p>`}
    ${
      told &&
      html`<fieldset class="acts" disabled=${busy} aria-busy=${busy} data-testid="acts">
        <${Sales} told=${told} act=${act} /><${Lights} lights=${told.lights} />
        <${Alarms} token=${token} act=${act} />
        <${Till} rows=${till} act=${act} />
        <${Stuck} rows=${stuck} act=${act} /><${Shift} shift=${told.shift} act=${act} />
        <${ReaderDay} lights=${told.lights} act=${act} /><${Orders} orders=${told.orders} act=${act} ask=${ask} />
        <${Kitchen} token=${token} /><${Cells} cells=${cells} act=${act} />
        <${Upkeep} token=${token} act=${act} last=${told.journal[0]?.at} />
        <${Temperatures} token=${token} />
        <${Bins} bins=${told.bins} act=${act} /><${Lots} token=${token} bins=${told.bins} act=${act}
          last=${told.journal[0]?.at} />
        <${LotJournal} token=${token} last=${told.journal[0]?.at} />
        <${CellJournal} token=${token} last=${told.journal[0]?.at} />
        <${UpkeepJournal} token=${token} last=${told.journal[0]?.at} /><${StopList} dishes=${told.dishes} act=${act} />
        <${People} ask=${ask} />
        <${Webhooks} rows=${told.webhooks} act=${act} /><${Journal} rows=${told.journal}
          dishes=${told.dishes} /></fieldset>`
    }
  </main>`;
}

/**
 * What became of an act, in a line.
 * @param {import("./staff.mjs").Answer} answer
 * @param {string} words what was asked
 * @param {import("./staff-language.mjs").StaffTexts} texts
 */
function outcomeOf({ ok, status, body }, words, { service: t, alarms }) {
  if (!status) return t.unanswered(words);
  if (!ok) return t.notDone(words, body?.detail ?? body?.title ?? "");
  if (body?.word) return t.toldCode(words, alarms.words[body.word] ?? body.word); // of a test of a channel
  if (body?.change_kopecks !== undefined) return t.toldChange(words, money(body.change_kopecks));
  return body?.pickup_code ? t.toldCode(words, body.pickup_code) : t.done(words);
}

render(
  html`<${InStaffLanguage} page="service"><${Desk} /><//>`,
  /** @type {HTMLElement} */ (document.getElementById("page")),
);
