/** The panel at the cells: a number, a code, and the doors open. Nobody's order stays on it. */

import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { createApi, Problem, Unreachable } from "./api.mjs";
import { createBrowsing } from "./browsing.mjs";
import { html } from "./html.mjs";
import { troubleText, words } from "./pickup-words.mjs";
import { Speech } from "./speech.mjs";
import { fillPanel, lockTheScreen, reachOf } from "./stage.mjs";
import { INITIAL, NO_TRACK } from "./store.mjs";
import { learn } from "./texts.mjs";
import { KioskContext, useKiosk, useNow } from "./views/context.mjs";
import { Numpad } from "./views/keys.mjs";
import { Heading, Picture } from "./views/parts.mjs";
import { Tools } from "./views/tools.mjs";
import { Top } from "./views/top.mjs";
import { FIELDS, LetterPad, TicketFields } from "./views/track.mjs";

/** Something was typed, or a refusal stands there, and nobody goes on. */
const IDLE_MS = 30_000;
/** The open cells stay on the screen for so long, and for each further one. */
const SHOWN_MS = 20_000;
const SHOWN_EACH_MS = 5_000;
const RESTAURANT_EVERY_MS = 30_000;
const TOKEN = "pickup-token";

/** No customer's things are kept here: only the panel's own session, which makes it a screen of its own. */
const NOTHING = /** @type {any} */ ({ getItem: () => null, setItem: () => undefined, clear: () => undefined });

function createPanel() {
  const browsing = createBrowsing(NOTHING);
  const { store, say } = browsing;
  const api = createApi({ language: () => store.get().language });
  /** @param {object} change */
  const tell = (change) => say("track_changed", { change });

  function reset() {
    say("restored", {
      kept: { ...INITIAL, menu: null, restaurant: store.get().restaurant, screen: "track", track: NO_TRACK },
    });
  }

  async function freshToken() {
    const { access_token } = await api.guest();
    sessionStorage.setItem(TOKEN, access_token);
    return /** @type {string} */ (access_token);
  }

  /**
   * The session is over after a while: a new one takes its place.
   * @param {{number: string, pickup_code: string}} ticket
   */
  async function pickUp(ticket) {
    try {
      return await api.pickUp(ticket, sessionStorage.getItem(TOKEN) ?? (await freshToken()));
    } catch (error) {
      if (!(error instanceof Problem && error.status === 401)) throw error;
      return await api.pickUp(ticket, await freshToken());
    }
  }

  async function open() {
    const { track } = store.get();
    if (!track || track.busy) return;
    tell({ busy: true, trouble: null });
    try {
      const { cells } = await pickUp({ number: track.number, pickup_code: track.code });
      tell({ busy: false, opened: cells });
    } catch (error) {
      if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
      // A wrong code is typed anew; a code that only has to wait stays.
      const wrong = error instanceof Problem && error.code === "wrong_code";
      tell({ busy: false, ...(wrong ? { code: "" } : {}), trouble: troubleOf(error) });
    }
  }

  async function nameTheRestaurant() {
    try {
      say("restaurant_came", { restaurant: await api.restaurant() });
    } catch (error) {
      if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
    }
  }

  Object.assign(browsing.actions, { reset });
  reset();
  void nameTheRestaurant();
  setInterval(nameTheRestaurant, RESTAURANT_EVERY_MS);
  return { ...browsing, open };
}

/** @param {Problem|Unreachable} error */
function troubleOf(error) {
  if (error instanceof Unreachable) return { code: "offline" };
  const waitUntil = Date.now() + (error.body.retry_after_s ?? 0) * 1000;
  return { code: error.code, orderStatus: error.body.order_status, attemptsLeft: error.body.attempts_left, waitUntil };
}

/** Calls `forget` when nobody has touched anything for a while. @param {boolean} on @param {() => void} forget */
function useForgetting(on, forget) {
  const touched = useRef(Date.now());
  const now = useNow(on);
  useEffect(() => {
    const touch = () => {
      touched.current = Date.now();
    };
    const kinds = ["pointerdown", "keydown"];
    for (const kind of kinds) addEventListener(kind, touch);
    return () => {
      for (const kind of kinds) removeEventListener(kind, touch);
    };
  }, []);
  const over = on && now - touched.current > IDLE_MS;
  useEffect(() => {
    if (over) forget();
  }, [over]);
}

/** @param {{open: () => void}} props */
function Panel({ open }) {
  const { state, actions } = useKiosk();
  const { track, language, low, large } = state;
  const t = words[language];
  useEffect(() => {
    document.documentElement.lang = language;
    document.title = t.title;
  }, [language]);
  const touched = track?.number || track?.trouble || low || large || language !== "ru";
  useForgetting(Boolean(touched) && !track?.opened, actions.reset);
  if (!track) return null;
  return html`<div class=${["app", low ? "low" : "", large ? "large" : ""].join(" ")} data-screen="pickup">
    <div class="art" aria-hidden="true"></div><${Top} />
    ${
      track.opened
        ? html`<${Opened} key="opened" cells=${track.opened} t=${t} />`
        : html`<${Entry} key="entry" open=${open}
          track=${track} t=${t} />`
    }
    <${Tools} /><${Speech} />
  </div>`;
}

/** @param {{track: any, t: import("./pickup-words.mjs").PickupWords, open: () => void}} props */
function Entry({ track, t, open }) {
  const { actions } = useKiosk();
  const { number, busy, trouble } = track;
  const fields = FIELDS.code;
  const now = useNow(Boolean(trouble?.waitUntil));
  const left = trouble?.waitUntil ? Math.max(0, Math.ceil((trouble.waitUntil - now) / 1000)) : 0;
  const whole = fields.every(({ name, length }) => track[name].length === length);
  const press = (/** @type {string} */ key) => !busy && actions.typeTrack(key.toUpperCase(), fields);
  const said = trouble ? troubleText(trouble, t, left) : "";
  return html`<main class="sheet keyed pickup" data-testid="pickup-entry">
    <div class="keyed-words"><${Heading}>${t.title}<//><p class="lead">${t.lead}</p>
      <${TicketFields} track=${track} />
      <p class=${said ? "trouble said" : "trouble"} role="alert" data-testid="trouble">${said}</p></div>
    ${
      number
        ? html`<${Numpad} press=${press}
          erase=${() => !busy && actions.eraseTrack(fields)} />`
        : html`<${LetterPad} press=${press} />`
    }
    <p class="lead forgot">${t.forgot}</p>
    <div class="two even"><button type="button" class="go" data-testid="pickup-open"
        disabled=${!whole || busy || left > 0} aria-busy=${busy} onClick=${open}>${t.open}</button>
      <button type="button" class="go ghost" data-testid="pickup-clear" disabled=${busy} onClick=${actions.reset}>
        ${t.clear}</button></div>
  </main>`;
}

/** @param {{cells: number[], t: import("./pickup-words.mjs").PickupWords}} props */
function Opened({ cells, t }) {
  const { actions } = useKiosk();
  const [until] = useState(() => Date.now() + SHOWN_MS + SHOWN_EACH_MS * (cells.length - 1));
  const left = Math.max(0, Math.ceil((until - useNow()) / 1000));
  useEffect(() => {
    if (left === 0) actions.reset();
  }, [left === 0]);
  return html`<main class="sheet opened" data-testid="pickup-opened">
    <div class="spring"></div><${Picture} src="/assets/images/takeout.webp" size=${220} />
    <div role="status" class="status"><${Heading}>${t.opened(cells.length)}<//>
      <div class=${cells.length > 2 ? "doors-open many" : "doors-open"}>
        ${cells.map((cell) => html`<b class="door" key=${cell} data-testid=${`cell-${cell}`}>${cell}</b>`)}</div>
      <p class="lead">${t.take}</p></div>
    <div class="spring"></div>
    <button type="button" class="go" data-testid="pickup-done" onClick=${actions.reset}>${t.done}</button>
    <p class="lead" role="timer">${t.backIn(left)}</p>
  </main>`;
}

fillPanel();
reachOf(Number(new URLSearchParams(location.search).get("reach")));
lockTheScreen();
await learn("en").catch(() => undefined);
const panel = createPanel();
render(
  html`<${KioskContext.Provider} value=${panel}><${Panel} open=${panel.open} /><//>`,
  /** @type {HTMLElement} */ (document.getElementById("page")),
);
