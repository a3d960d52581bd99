/** The kiosk page: one screen at a time, chosen by the state. */

import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { createBrowsing } from "./browsing.mjs";
import { html } from "./html.mjs";
import { afterPaint, dress, fillPanel, reachOf } from "./stage.mjs";
import { learn } from "./texts.mjs";
import { followVersions } from "./version.mjs";
import { Attract } from "./views/attract.mjs";
import { KioskContext, usePart } from "./views/context.mjs";
import { Tools } from "./views/tools.mjs";
import { Top } from "./views/top.mjs";

/** The sheets of the screens that follow the first paint. */
const LATER = ["order", "keys", "dialogs"];
const AGAIN_MS = 2_000;
const WORKER_AFTER_MS = 3_000;

/** The rest of the page, once the first screen is painted. @returns {typeof import("./rest.mjs")|null} */
function useRest() {
  const [rest, setRest] = useState(/** @type {any} */ (null));
  useEffect(() => {
    // A server that fell between the first files and these: the page begins anew when it may be back.
    const load = () =>
      Promise.all([import("./rest.mjs"), learn("en"), ...LATER.map(dress)]).then(
        ([module]) => come(module),
        () => setTimeout(() => location.reload(), AGAIN_MS),
      );
    const come = (/** @type {typeof import("./rest.mjs")} */ module) => {
      module.begin(browsing, terminalId);
      setRest(module);
    };
    afterPaint(load);
  }, []);
  return rest;
}

function Page() {
  const { screen, language, low, large, name, t } = usePart((state) => ({
    screen: state.screen,
    language: state.language,
    low: state.low,
    large: state.large,
    name: state.restaurant?.name,
  }));
  const rest = useRest();
  const Screen = screen === "attract" ? Attract : rest?.SCREENS[/** @type {keyof typeof rest.SCREENS} */ (screen)];
  useEffect(() => {
    // Said again, the same language would still restyle the whole page.
    if (document.documentElement.lang !== language) document.documentElement.lang = language;
    document.title = [t.documentTitle, name].filter(Boolean).join(" · ");
  }, [language, name]);
  return html`<div class=${["app", low ? "low" : "", large ? "large" : ""].join(" ")} data-screen=${screen}>
    <div class="art" aria-hidden="true"></div>
    <${Top} />
    ${Screen ? html`<${Screen} key=${screen} />` : html`<main class="sheet"></main>`}
    <${Tools} />
    ${rest?.LAYERS.map((Layer) => html`<${Layer} key=${Layer.name} />`)}
  </div>`;
}

const wanted = new URLSearchParams(location.search);
const terminalId = wanted.get("terminal") ?? "kiosk-1";
const browsing = createBrowsing(sessionStorage);
sessionStorage.removeItem("staff-token"); // whoever of the staff was at this screen has left it
fillPanel();
reachOf(Number(wanted.get("reach")));
await learn(browsing.store.get().language).catch(() => undefined); // Russian, until the page begins anew
render(
  html`<${KioskContext.Provider} value=${browsing}><${Page} /><//>`,
  /** @type {HTMLElement} */ (document.getElementById("page")),
);
// The worker only covers restarts of the process: nothing waits for it, and a browser without one still sells.
followVersions(browsing.store, navigator.serviceWorker, WORKER_AFTER_MS).catch((error) =>
  console.warn("service worker", error),
);
