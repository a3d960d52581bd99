/**
 * The staff's door and calls: a name and its PIN open a session in this tab, a 401 closes it; who is at the page and
 * what they may. Shared by the desk's pages.
 */

import { createContext } from "preact";
import { useContext, useEffect, useRef, useState } from "preact/hooks";
import { html } from "./html.mjs";
import { Languages, staffLanguage, staffTexts, useWords } from "./staff-language.mjs";

/** @typedef {{ok: boolean, status: number, body: any}} Answer status 0: no answer came */

const TOKEN = "staff-token";
const WITHIN_MS = 15_000;
/** A Z report prints, a robot moves a door: an act may take as long as its device. */
const ACT_WITHIN_MS = 60_000;
const WHO_EVERY_MS = 15_000;

/** The session's token of this tab, or nothing. */
export const staffToken = () => sessionStorage.getItem(TOKEN) ?? "";

/** @returns {[string, (token: string) => void]} the session's token, and how to change it */
export function useStaff() {
  const [token, setToken] = useState(staffToken());
  return [
    token,
    (fresh) => {
      if (fresh) sessionStorage.setItem(TOKEN, fresh);
      else sessionStorage.removeItem(TOKEN);
      setToken(fresh);
    },
  ];
}

/** Somebody leaves: whoever kept the token has nothing of it. */
export function endSession() {
  if (staffToken()) void staffCall(staffToken(), "DELETE", "/api/service/session");
}

/**
 * One call, with JSON or a file as it is; the answer's body, or null for a 401 (the session is over) and for silence.
 * @param {string} token @param {string} method @param {string} path @param {unknown} [body]
 * @returns {Promise<Answer>}
 */
export async function staffCall(token, method, path, body) {
  const headers = {
    Authorization: `Bearer ${token}`,
    "Accept-Language": staffLanguage(),
    ...(body === undefined ? {} : { "Content-Type": body instanceof Blob ? body.type : "application/json" }),
  };
  try {
    const answer = await fetch(path, {
      method,
      headers,
      cache: "no-store",
      keepalive: method === "DELETE",
      body: body === undefined || body instanceof Blob ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(method === "GET" ? WITHIN_MS : ACT_WITHIN_MS),
    });
    const json = /json/.test(answer.headers.get("Content-Type") ?? "");
    return { ok: answer.ok, status: answer.status, body: json ? await answer.json() : null };
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof DOMException)) throw error;
    return { ok: false, status: 0, body: { title: staffTexts().silent } };
  }
}

/** What a call makes as a file; null where it was refused or is silent.
 * @param {string} token @param {"GET"|"POST"} method @param {string} path */
export async function staffFile(token, method, path) {
  const headers = { Authorization: `Bearer ${token}`, "Accept-Language": staffLanguage() };
  const signal = AbortSignal.timeout(ACT_WITHIN_MS);
  try {
    const answer = await fetch(path, { method, headers, cache: "no-store", signal });
    return answer.ok ? await answer.blob() : null;
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof DOMException)) throw error;
    return null;
  }
}

/**
 * Whose session it is, and what they may; `may` takes an act as the server names it.
 * @typedef {{person_id: number|null, name: string, role: string, may: (act: string) => boolean,
 *   decides: (move: string) => boolean}} Who
 */

const Someone = createContext(/** @type {Who|null} */ (null));

/** What the person at the page may do: nothing before it is known. @returns {Who} */
export const useWho = () =>
  useContext(Someone) ?? { person_id: null, name: "", role: "", may: () => false, decides: () => false };

/**
 * Its children know who is at the page, and are shown once that is known; a session that is over leaves.
 * @param {{token: string, leave: () => void, children?: any}} props
 */
export function SignedIn({ token, leave, children }) {
  const [who, setWho] = useState(/** @type {Who|null} */ (null));
  const [silent, setSilent] = useState(false);
  const { t } = useWords();
  useEffect(() => {
    let over = false;
    const load = async () => {
      const answer = await staffCall(token, "GET", "/api/service/session");
      if (over) return;
      if (answer.status === 401) return leave();
      setSilent(!answer.ok);
      if (!answer.ok) return;
      const { may, moves, ...told } = answer.body;
      const [acts, decisions] = [new Set(may), new Set(moves)];
      setWho({ ...told, may: (act) => acts.has(act), decides: (move) => decisions.has(move) });
    };
    void load();
    const timer = setInterval(load, WHO_EVERY_MS); // a role may change meanwhile
    return () => {
      over = true;
      clearInterval(timer);
    };
  }, [token]);
  if (!who) return html`<main class="desk"><p class="trouble" role="alert">${silent && t.silent}</p></main>`;
  return html`<${Someone.Provider} value=${who}>${children}<//>`;
}

/** Who is at the page, and the way out: another person signs in after it. @param {{leave: () => void}} props */
export function WhoAmI({ leave }) {
  const { t } = useWords();
  const who = useWho();
  const out = () => {
    endSession();
    leave();
  };
  const name = who.person_id === null ? t.who.shared : `${who.name} · ${t.who.roles[who.role]}`;
  return html`<span class="who"><b data-testid="who">${name}</b>
    <button type="button" class="quiet" data-testid="leave" onClick=${out}>${
      who.person_id === null ? t.leave : t.who.change
    }</button></span>`;
}

/**
 * Nobody has touched the page for a while: the session ends, whoever comes next signs in.
 * @param {boolean} on @param {number} afterMs @param {() => void} forgotten
 */
export function useForgotten(on, afterMs, forgotten) {
  useEffect(() => {
    if (!on) return undefined;
    let touchedAt = Date.now();
    const touched = () => {
      touchedAt = Date.now();
    };
    const kinds = ["pointerdown", "keydown"];
    for (const kind of kinds) addEventListener(kind, touched);
    const timer = setInterval(() => {
      if (Date.now() - touchedAt < afterMs) return;
      endSession();
      forgotten();
    }, 1_000);
    return () => {
      for (const kind of kinds) removeEventListener(kind, touched);
      clearInterval(timer);
    };
  }, [on, afterMs]);
}

/** @typedef {{person_id: number, name: string}} Named */

/**
 * Names to choose from. @param {{people: Named[], choose: (person: Named) => void, shared?: () => void}} props
 */
export function NameTiles({ people, choose, shared }) {
  const { t } = useWords();
  return html`<div class="names" role="group" aria-label=${t.who.whose}>
    ${people.map(
      (person) => html`<button type="button" class="quiet" key=${person.person_id}
        data-testid=${`name-${person.person_id}`} onClick=${() => choose(person)}>${person.name}</button>`,
    )}
    ${
      shared &&
      html`<button type="button" class="quiet" data-testid="name-shared" onClick=${shared}>${t.who.shared}</button>`
    }
  </div>`;
}

/**
 * A PIN on the keys of the page: the touch screen has no keyboard of the system's. An empty key erases.
 * @param {{label: string, go: string, send: (pin: string, form: FormData) => Promise<void>, children?: any}} props
 */
export function PinPad({ label, go, send, children }) {
  const { t } = useWords();
  const pin = useRef(/** @type {HTMLInputElement|null} */ (null));
  const [busy, setBusy] = useState(false);
  const press = (/** @type {string} */ digit) => {
    if (pin.current) pin.current.value = digit ? pin.current.value + digit : pin.current.value.slice(0, -1);
  };
  const done = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const typed = String(new FormData(form).get("pin") ?? "");
    if (busy || !typed) return;
    setBusy(true);
    await send(typed, new FormData(form));
    if (pin.current) pin.current.value = "";
    setBusy(false);
  };
  return html`<form onSubmit=${done}>${children}
      <label>${label}<input ref=${pin} name="pin" type="password" inputmode="numeric" autocomplete="off" required
          maxlength="32" data-testid="pin" autofocus /></label>
      <button data-testid="enter" disabled=${busy}>${go}</button></form>
    <div class="pin-keys" role="group" aria-label=${t.door.digits}>
      ${[..."1234567890"].map(
        (digit) => html`<button type="button" key=${digit} class="quiet"
          data-testid=${`key-${digit}`} onClick=${() => press(digit)}>${digit}</button>`,
      )}
      <button type="button" class="quiet" aria-label=${t.door.erase} data-testid="key-erase"
        onClick=${() => press("")}>⌫</button></div>`;
}

/** @typedef {{people: Named[], shared_pin: boolean}} AtTheDoor */

/** @param {{title: string, enter: (token: string) => void, named?: boolean}} props */
export function Door({ title, enter, named = false }) {
  const { t } = useWords();
  const [told, setTold] = useState(/** @type {AtTheDoor|null} */ (null));
  const [whose, setWhose] = useState(/** @type {Named|"shared"|null} */ (null));
  const [trouble, setTrouble] = useState("");
  useEffect(() => {
    const load = async () => {
      const answer = await staffCall("", "GET", "/api/service/names");
      if (over) return;
      // Who is silent now may answer the PIN.
      setTold((known) => (answer.ok ? answer.body : (known ?? { people: [], shared_pin: true })));
    };
    let over = false;
    if (whose) return undefined;
    void load();
    const timer = setInterval(load, WHO_EVERY_MS); // somebody is hired meanwhile, or leaves
    return () => {
      over = true;
      clearInterval(timer);
    };
  }, [whose]);
  const choose = (/** @type {Named|"shared"|null} */ person) => {
    setTrouble("");
    setWhose(person);
  };
  const knock = async (/** @type {string} */ pin, /** @type {FormData} */ form) => {
    const name = String(form.get("name") ?? "").trim();
    const of = whose && whose !== "shared" ? { person_id: whose.person_id } : name ? { name } : {};
    const { ok, body } = await staffCall("", "POST", "/api/service/session", { pin, ...of });
    if (ok) enter(body.access_token);
    else setTrouble(t.door.troubles[body?.code] ?? body?.title ?? t.failed);
  };
  const shared = told?.people.length === 0 || whose === "shared";
  return html`<main class="desk"><header><h1>${title}</h1>
      ${named && html`<a class="quiet" href="/">${t.service.guestScreen}</a>`}<${Languages} /></header>
    ${
      told &&
      !shared &&
      !whose &&
      html`<h2>${t.who.choose}</h2><${NameTiles} people=${told.people} choose=${choose}
        shared=${told.shared_pin ? () => choose("shared") : undefined} />`
    }
    ${
      told &&
      (shared || whose) &&
      html`${whose && whose !== "shared" && html`<h2 data-testid="whose">${whose.name}</h2>`}
      <${PinPad} key=${shared ? "shared" : whose} label=${shared ? t.door.pin : t.who.pin} go=${t.door.enter}
        send=${knock}>
        ${
          shared &&
          named &&
          html`<label>${t.door.name}<input name="name" autocomplete="off" maxlength="32" data-testid="name" /></label>`
        }<//>`
    }
    <p class="trouble" role="alert">${trouble}</p>
    ${
      whose &&
      html`<div><button type="button" class="quiet" data-testid="other" onClick=${() => choose(null)}>
          ${t.who.other}</button></div>`
    }
  </main>`;
}
