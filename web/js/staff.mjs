/** The staff's door and calls: a PIN opens a session in this tab, a 401 closes it. Shared by the desk's pages. */

import { useRef, useState } from "preact/hooks";
import { html } from "./html.mjs";
import { Languages, staffLanguage, staffTexts, useWords } from "./staff-language.mjs";

/** @typedef {{ok: boolean, status: number, body: any}} Answer status 0: no answer came */

const TOKEN = "staff-token";
const WITHIN_MS = 15_000;
/** A Z report prints, a robot moves a door: an act may take as long as its device. */
const ACT_WITHIN_MS = 60_000;

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
 * One call; the answer's body, or null for a 401 (the session is over) and for silence.
 * @param {string} token @param {string} method @param {string} path @param {unknown} [body]
 * @returns {Promise<Answer>}
 */
export async function staffCall(token, method, path, body) {
  const headers = {
    Authorization: `Bearer ${token}`,
    "Accept-Language": staffLanguage(),
    ...(body === undefined ? {} : { "Content-Type": "application/json" }),
  };
  try {
    const answer = await fetch(path, {
      method,
      headers,
      cache: "no-store",
      keepalive: method === "DELETE",
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(method === "GET" ? WITHIN_MS : ACT_WITHIN_MS),
    });
    const json = /json/.test(answer.headers.get("Content-Type") ?? "");
    return { ok: answer.ok, status: answer.status, body: json ? await answer.json() : null };
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof DOMException)) throw error;
    return { ok: false, status: 0, body: { title: staffTexts().silent } };
  }
}

/** @param {{title: string, enter: (token: string) => void, named?: boolean}} props */
export function Door({ title, enter, named = false }) {
  const { t } = useWords();
  const [trouble, setTrouble] = useState("");
  const pin = useRef(/** @type {HTMLInputElement|null} */ (null));
  // The touch screen has no keyboard of the system's. An empty key erases.
  const press = (/** @type {string} */ digit) => {
    if (pin.current) pin.current.value = digit ? pin.current.value + digit : pin.current.value.slice(0, -1);
  };
  const knock = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
    const name = String(form.get("name") ?? "").trim();
    const { ok, body } = await staffCall("", "POST", "/api/service/session", {
      pin: form.get("pin"),
      ...(name ? { name } : {}),
    });
    if (ok) enter(body.access_token);
    else setTrouble(t.door.troubles[body?.code] ?? body?.title ?? t.failed);
  };
  return html`<main class="desk"><header><h1>${title}</h1><${Languages} /></header>
    <form onSubmit=${knock}>
      ${
        named &&
        html`<label>${t.door.name}<input name="name" autocomplete="off" maxlength="32"
            data-testid="name" /></label>`
      }
      <label>${t.door.pin}<input ref=${pin} name="pin" type="password" inputmode="numeric" autocomplete="off" required
          data-testid="pin" autofocus /></label>
      <button data-testid="enter">${t.door.enter}</button>
    </form>
    <div class="pin-keys" role="group" aria-label=${t.door.digits}>
      ${[..."1234567890"].map(
        (digit) => html`<button type="button" key=${digit} class="quiet"
          data-testid=${`key-${digit}`} onClick=${() => press(digit)}>${digit}</button>`,
      )}
      <button type="button" class="quiet" aria-label=${t.door.erase} data-testid="key-erase"
        onClick=${() => press("")}>⌫</button></div>
    <p class="trouble" role="alert">${trouble}</p></main>`;
}
