/**
 * The technician's page: lights, stuck payments, bins, shift, stop list, orders, webhooks, journal; every act has a
 * name.
 */

import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Accounts } from "./desk-accounts.mjs";
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
import { RefundRequests } from "./desk-second.mjs";
import { Temperatures } from "./desk-temperatures.mjs";
import { Till } from "./desk-till.mjs";
import { Upkeep } from "./desk-upkeep.mjs";
import { money } from "./format.mjs";
import { html } from "./html.mjs";
import { Door, SignedIn, staffCall, useForgotten, useStaff, useWho, WhoAmI } from "./staff.mjs";
import { InStaffLanguage, Languages, useWords } from "./staff-language.mjs";

const REFRESH_MS = 5_000;
/** Of a call that is not this person's: it tells nothing. @type {import("./staff.mjs").Answer} */
const NOT_ASKED = { ok: false, status: 403, body: null };

/** Opened from the touch screen: the page goes back to the guests by itself when nobody touches it. */
const FROM_KIOSK = new URLSearchParams(location.search).get("from") === "kiosk";
const FORGOTTEN_MS = FROM_KIOSK ? 180_000 : 600_000;

function Desk() {
  const { t } = useWords();
  const [token, setToken] = useStaff();
  const leave = () => setToken("");
  // A panel in the hall goes back to its guests also where nobody has signed in.
  useForgotten(FROM_KIOSK || Boolean(token), FORGOTTEN_MS, () => {
    leave();
    if (FROM_KIOSK) location.assign("/");
  });
  const open = token
    ? html`<${SignedIn} token=${token} leave=${leave}><${Board} token=${token} leave=${leave} /><//>`
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
  const [requests, setRequests] = useState(/** @type {any} */ (null));
  const [asked, setAsked] = useState({ id: 0 }); // the refund that has just been refused to one person alone
  const { may } = useWho();
  const [said, setSaid] = useState("");
  const [behind, setBehind] = useState(false);
  const [busy, setBusy] = useState(false);
  const acting = useRef(false); // a second tap comes sooner than the page is drawn

  const load = async () => {
    const [overview, waiting, held, paying, seconds] = await Promise.all(
      ["overview", "stuck", "cells", "till", "refund-requests"].map((name) =>
        may(`GET /api/service/${name}`) ? staffCall(token, "GET", `/api/service/${name}`) : NOT_ASKED,
      ),
    );
    if (overview.status === 401) return leave();
    setBehind(!overview.ok);
    if (overview.ok) setTold(overview.body);
    setCells(held.ok ? held.body.cells : null);
    if (waiting.ok) setStuck(waiting.body.stuck);
    if (paying.ok) setTill(paying.body.waiting);
    if (seconds.ok) setRequests(seconds.body);
  };
  useEffect(() => {
    void load();
    const timer = setInterval(load, REFRESH_MS);
    return () => clearInterval(timer);
  }, [token, may]);

  /** @type {import("./desk-parts.mjs").Act} */
  const act = async (words, path, body, method = "POST") => {
    if (acting.current) return undefined;
    acting.current = true;
    setBusy(true);
    setSaid(t.service.under(words));
    const answer = await staffCall(token, method, `/api/service/${path}`, body);
    acting.current = false;
    setBusy(false);
    if (answer.status === 401) {
      leave();
      return answer;
    }
    setSaid(outcomeOf(answer, words, t));
    if (answer.body?.code === "second_person_required") setAsked({ id: answer.body.request_id });
    await load();
    return answer;
  };

  /** A question that changes nothing. @type {import("./desk-refund.mjs").Ask} */
  const ask = async (path, body) => {
    const answer = await staffCall(token, "POST", `/api/service/${path}`, body);
    if (answer.status === 401) leave();
    return answer;
  };

  return html`<main class="desk">
    <header><h1>${t.titles.service}</h1><a class="quiet" href="/" data-testid="to-kiosk">${t.service.guestScreen}</a>
      ${!FROM_KIOSK && may("GET /api/service/stats") && html`<a class="quiet" href="/stats">${t.titles.stats}</a>`}
      ${!FROM_KIOSK && html`<a class="quiet" href="/display">${t.service.board}</a>`}
      <${Languages} /><${WhoAmI} leave=${leave} /></header>
    <p class="said" role="status" data-testid="said">${said}</p>
    ${behind && html`<p class="trouble" role="alert">${t.service.behind}</p>`}
    ${
      told &&
      html`<fieldset class="acts" disabled=${busy} aria-busy=${busy} data-testid="acts">
        <${Sales} told=${told} act=${act} /><${Lights} lights=${told.lights} />
        <${Alarms} token=${token} act=${act} />
        ${may("GET /api/service/till") && html`<${Till} rows=${till} act=${act} />`}
        ${
          may("GET /api/service/refund-requests") &&
          html`<${RefundRequests} told=${requests} asked=${asked} act=${act} />`
        }
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
        ${may("POST /api/service/customers/find") && html`<${People} ask=${ask} />`}
        ${may("POST /api/service/staff") && html`<${Accounts} token=${token} act=${act} last=${told.journal[0]?.at} />`}
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
  if (body?.code === "second_person_required") return t.waitsForSecond(words);
  if (!ok) return t.notDone(words, body?.detail ?? body?.title ?? "");
  if (body?.word) return t.toldCode(words, alarms.words[body.word] ?? body.word); // of a test of a channel
  if (body?.change_kopecks !== undefined) return t.toldChange(words, money(body.change_kopecks));
  return body?.pickup_code ? t.toldCode(words, body.pickup_code) : t.done(words);
}

render(
  html`<${InStaffLanguage} page="service"><${Desk} /><//>`,
  /** @type {HTMLElement} */ (document.getElementById("page")),
);
