/** The technician's page: its door, what it asks again and again, the acts of its sections; every act has a name. */

import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { DeskKeys } from "./desk-keys.mjs";
import { OwnPin } from "./desk-own-pin.mjs";
import { SectionBar, usePlace } from "./desk-section-bar.mjs";
import { SectionOf } from "./desk-sections.mjs";
import { money } from "./format.mjs";
import { html } from "./html.mjs";
import { openTo, waitingIn } from "./sections.mjs";
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
  const open = openTo(may);
  const place = usePlace(open);
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
    void load(); // not waited for: a form is emptied with the answer, and never what is typed into it after
    return answer;
  };

  /** A question that changes nothing. @type {import("./desk-refund.mjs").Ask} */
  const ask = async (path, body) => {
    const answer = await staffCall(token, "POST", `/api/service/${path}`, body);
    if (answer.status === 401) leave();
    return answer;
  };

  const known = { told, stuck, till, requests, cells };
  return html`<main class="desk">
    <header><h1>${t.titles.service}</h1><a class="quiet" href="/" data-testid="to-kiosk">${t.service.guestScreen}</a>
      ${!FROM_KIOSK && may("GET /api/service/stats") && html`<a class="quiet" href="/stats">${t.titles.stats}</a>`}
      ${!FROM_KIOSK && html`<a class="quiet" href="/display">${t.service.board}</a>`}
      <${Languages} /><${OwnPin} act=${act} /><${WhoAmI} leave=${leave} /></header>
    <div class="desk-top">
      <${SectionBar} open=${open} chosen=${place.section} waiting=${told ? waitingIn(known) : new Set()} />
      <p class="said" role="status" data-testid="said">${said}</p></div>
    ${behind && html`<p class="trouble" role="alert">${t.service.behind}</p>`}
    ${
      told &&
      html`<div id="section" role="tabpanel" aria-labelledby=${`to-${place.section}`} key=${place.section}>
        <fieldset class="acts" disabled=${busy} aria-busy=${busy} data-testid="acts">
          <${SectionOf} ...${known} place=${place} asked=${asked} token=${token} act=${act} ask=${ask} />
        </fieldset></div>`
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
  if (status === 202 && body?.tasks) return t.begun(words);
  if (!ok) return t.notDone(words, body?.detail ?? body?.title ?? "");
  if (body?.word) return t.toldCode(words, alarms.words[body.word] ?? body.word); // of a test of a channel
  if (body?.change_kopecks !== undefined) return t.toldChange(words, money(body.change_kopecks));
  return body?.pickup_code ? t.toldCode(words, body.pickup_code) : t.done(words);
}

render(
  html`<${InStaffLanguage} page="service"><${Desk} /><//>`,
  /** @type {HTMLElement} */ (document.getElementById("page")),
);
