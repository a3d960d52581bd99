/** The kiosk page: one screen at a time, chosen by the state. */

import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { createBrowsing } from "./browsing.mjs";
import { html } from "./html.mjs";
import { fitTo, lockTheScreen, reachOf } from "./stage.mjs";
import { Attract } from "./views/attract.mjs";
import { KioskContext, usePart } from "./views/context.mjs";
import { Offline, Toast } from "./views/dialogs.mjs";
import { Service } from "./views/service.mjs";
import { Tools } from "./views/tools.mjs";
import { Top } from "./views/top.mjs";

/** The screens of the first paint; the others follow it. @type {Record<string, any>} */
const FIRST = { attract: Attract, service: Service };
const AGAIN_MS = 2_000;
const WORKER_AFTER_MS = 3_000;

/** @param {() => void} work */
const afterPaint = (work) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(work)));

/** The rest of the page, once the first screen is painted. @returns {typeof import("./rest.mjs")|null} */
function useRest() {
  const [rest, setRest] = useState(/** @type {any} */ (null));
  useEffect(() => {
    // A server that fell between the first files and these: the page begins anew when it may be back.
    const load = () => import("./rest.mjs").then(come, () => setTimeout(() => location.reload(), AGAIN_MS));
    const come = (/** @type {typeof import("./rest.mjs")} */ module) => {
      module.begin(browsing, terminalId);
      setRest(module);
    };
    afterPaint(load);
  }, []);
  return rest;
}

function Page() {
  const { screen, language, low, large, offline, name, t } = usePart((state) => ({
    screen: state.screen, language: state.language, low: state.low, large: state.large, offline: state.offline, name: state.restaurant?.name,
  }));
  const rest = useRest();
  const Screen = FIRST[screen] ?? rest?.SCREENS[/** @type {keyof typeof rest.SCREENS} */ (screen)];
  // The number needs no server: while it is read, nothing may lie over it.
  const covered = offline && screen !== "done";
  useEffect(() => {
    document.documentElement.lang = language;
    document.title = [t.documentTitle, name].filter(Boolean).join(" · ");
  }, [language, name]);
  return html`<div class=${["app", low ? "low" : "", large ? "large" : ""].join(" ")} data-screen=${screen}>
    <div class="art" aria-hidden="true"></div>
    <${Top} />
    ${Screen ? html`<${Screen} key=${screen} />` : html`<main class="sheet"></main>`}
    <${Tools} />
    <${Toast} />
    ${rest?.LAYERS.map((Layer) => html`<${Layer} key=${Layer.name} />`)}
    ${covered && html`<${Offline} paying=${screen === "payment"} />`}
  </div>`;
}

const wanted = new URLSearchParams(location.search);
const terminalId = wanted.get("terminal") ?? "kiosk-1";
const browsing = createBrowsing(sessionStorage);
sessionStorage.removeItem("staff-token"); // whoever of the staff was at this screen has left it
fitTo(1080, 1920);
lockTheScreen();
reachOf(Number(wanted.get("reach")));
render(html`<${KioskContext.Provider} value=${browsing}><${Page} /><//>`, /** @type {HTMLElement} */ (document.getElementById("page")));
// The worker only covers restarts of the process: nothing waits for it, and a browser without one still sells.
setTimeout(() => {
  navigator.serviceWorker?.register("/worker.mjs", { type: "module" }).catch((error) => console.warn("service worker", error));
}, WORKER_AFTER_MS);
