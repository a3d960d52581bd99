/** The kiosk page: one screen at a time, chosen by the state. */

import { render } from "preact";
import { useEffect } from "preact/hooks";
import { html } from "./html.mjs";
import { beatFor } from "./heartbeat.mjs";
import { createKiosk } from "./kiosk.mjs";
import { Speech } from "./speech.mjs";
import { fitTo, lockTheScreen, reachOf } from "./stage.mjs";
import { Attract } from "./views/attract.mjs";
import { Cart } from "./views/cart.mjs";
import { KioskContext, useKiosk } from "./views/context.mjs";
import { Offline, Toast } from "./views/dialogs.mjs";
import { DishSheet } from "./views/dish-sheet.mjs";
import { Done } from "./views/done.mjs";
import { Idle } from "./views/idle.mjs";
import { Menu } from "./views/menu.mjs";
import { Payment } from "./views/payment.mjs";
import { Points } from "./views/points.mjs";
import { Seller } from "./views/seller.mjs";
import { Service } from "./views/service.mjs";
import { Tools } from "./views/tools.mjs";
import { Top } from "./views/top.mjs";
import { Track } from "./views/track.mjs";

const SCREENS = { attract: Attract, service: Service, menu: Menu, cart: Cart, points: Points, payment: Payment, done: Done, track: Track, seller: Seller };

function Page() {
  const { state, t } = useKiosk();
  const { screen, language, low, large, restaurant } = state;
  // The number needs no server: while it is read, nothing may lie over it.
  const covered = state.offline && screen !== "done";
  useEffect(() => {
    document.documentElement.lang = language;
    document.title = [t.documentTitle, restaurant?.name].filter(Boolean).join(" · ");
  }, [language, restaurant?.name]);
  return html`<div class=${["app", low ? "low" : "", large ? "large" : ""].join(" ")} data-screen=${screen}>
    <div class="art" aria-hidden="true"></div>
    <${Top} />
    <${SCREENS[screen]} key=${screen} />
    <${Tools} />
    <${Toast} />
    <${DishSheet} />
    <${Idle} />
    <${Speech} />
    ${covered && html`<${Offline} paying=${screen === "payment"} />`}
  </div>`;
}

const WORKER_AFTER_MS = 3_000;
const wanted = new URLSearchParams(location.search);
const terminalId = wanted.get("terminal") ?? "kiosk-1";
const kiosk = createKiosk({ storage: sessionStorage, terminalId });
fitTo(1080, 1920);
lockTheScreen();
reachOf(Number(wanted.get("reach")));
render(html`<${KioskContext.Provider} value=${kiosk}><${Page} /><//>`, /** @type {HTMLElement} */ (document.getElementById("page")));
kiosk.run();
beatFor(kiosk, terminalId);
// The worker only covers restarts of the process: nothing waits for it, and a browser without one still sells.
setTimeout(() => {
  navigator.serviceWorker?.register("/worker.mjs", { type: "module" }).catch((error) => console.warn("service worker", error));
}, WORKER_AFTER_MS);
