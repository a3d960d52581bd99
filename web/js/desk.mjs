/** The technician's page: lights, stuck payments, bins, shift, stop list, orders, webhooks, journal; every act has a name. */

import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Bins, Cells, Journal, Lights, Orders, Sales, Shift, StopList, Stuck, Webhooks } from "./desk-parts.mjs";
import { DeskKeys } from "./desk-keys.mjs";
import { html } from "./html.mjs";
import { Door, endSession, staffCall, useStaff } from "./staff.mjs";

const REFRESH_MS = 5_000;

/** Opened from the touch screen: the page goes back to the guests by itself when nobody touches it. */
const FROM_KIOSK = new URLSearchParams(location.search).get("from") === "kiosk";
const FORGOTTEN_MS = 180_000;

/** @param {() => void} leave */
function leaveWhenForgotten(leave) {
  if (!FROM_KIOSK) return undefined;
  let touchedAt = Date.now();
  const touched = () => { touchedAt = Date.now(); };
  addEventListener("pointerdown", touched);
  const timer = setInterval(() => {
    if (Date.now() - touchedAt < FORGOTTEN_MS) return;
    endSession();
    leave();
    location.assign("/");
  }, 1_000);
  return () => { removeEventListener("pointerdown", touched); clearInterval(timer); };
}

function Desk() {
  const [token, setToken] = useStaff();
  useEffect(() => leaveWhenForgotten(() => setToken("")), []);
  return html`${token ? html`<${Board} token=${token} leave=${() => setToken("")} />` : html`<${Door} title="Сервис" named enter=${setToken} />`}<${DeskKeys} />`;
}

/** @param {{token: string, leave: () => void}} props */
function Board({ token, leave }) {
  const [told, setTold] = useState(/** @type {any} */ (null));
  const [cells, setCells] = useState(/** @type {any[]|null} */ ([]));
  const [stuck, setStuck] = useState(/** @type {any[]} */ ([]));
  const [said, setSaid] = useState("");
  const [behind, setBehind] = useState(false);
  const [busy, setBusy] = useState(false);
  const acting = useRef(false); // a second tap comes sooner than the page is drawn

  const load = async () => {
    const [overview, waiting, held] = await Promise.all(["overview", "stuck", "cells"].map((name) => staffCall(token, "GET", `/api/service/${name}`)));
    if (overview.status === 401) return leave();
    setBehind(!overview.ok);
    if (overview.ok) setTold(overview.body);
    setCells(held.ok ? held.body.cells : null);
    if (waiting.ok) setStuck(waiting.body.stuck);
  };
  useEffect(() => {
    void load();
    const timer = setInterval(load, REFRESH_MS);
    return () => clearInterval(timer);
  }, [token]);

  /** @param {string} words what was asked @param {string} path @param {unknown} [body] */
  const act = async (words, path, body) => {
    if (acting.current) return;
    acting.current = true;
    setBusy(true);
    setSaid(`${words}…`);
    const answer = await staffCall(token, "POST", `/api/service/${path}`, body);
    acting.current = false;
    setBusy(false);
    if (answer.status === 401) return leave();
    if (!answer.status) setSaid(`${words}: ответа нет. Возможно, сделано: посмотрите состояние и журнал на этой странице, прежде чем повторять.`);
    else setSaid(answer.ok ? `${words}: ${answer.body?.pickup_code ?? "сделано"}` : `${words}: не вышло. ${answer.body?.detail ?? answer.body?.title ?? ""}`);
    await load();
  };

  /** A question that changes nothing. @type {import("./desk-refund.mjs").Ask} */
  const ask = async (path, body) => {
    const answer = await staffCall(token, "POST", `/api/service/${path}`, body);
    if (answer.status === 401) leave();
    return answer;
  };

  return html`<main class="desk">
    <header><h1>Сервис</h1><a class="quiet" href="/" data-testid="to-kiosk">Экран гостя</a>
      ${!FROM_KIOSK && html`<a class="quiet" href="/stats">Статистика</a><a class="quiet" href="/display">Табло</a>`}
      <button type="button" class="quiet" data-testid="leave" onClick=${() => { endSession(); leave(); }}>Выйти</button></header>
    <p class="said" role="status" data-testid="said">${said}</p>
    ${behind && html`<p class="trouble" role="alert">Киоск не отвечает: ниже то, что было в последний раз.</p>`}
    ${told && html`<fieldset class="acts" disabled=${busy} aria-busy=${busy} data-testid="acts"><${Sales} told=${told} act=${act} /><${Lights} lights=${told.lights} />
      <${Stuck} rows=${stuck} act=${act} /><${Shift} shift=${told.shift} act=${act} /><${Orders} orders=${told.orders} act=${act} ask=${ask} />
      <${Cells} cells=${cells} act=${act} />
      <${Bins} bins=${told.bins} act=${act} /><${StopList} dishes=${told.dishes} act=${act} />
      <${Webhooks} rows=${told.webhooks} act=${act} /><${Journal} rows=${told.journal} dishes=${told.dishes} /></fieldset>`}
  </main>`;
}

render(html`<${Desk} />`, /** @type {HTMLElement} */ (document.getElementById("page")));
