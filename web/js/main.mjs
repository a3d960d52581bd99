/** The kiosk page: one screen at a time, chosen by the state. */

import { render } from "preact";
import { useEffect } from "preact/hooks";
import { html } from "./html.mjs";
import { createKiosk } from "./kiosk.mjs";
import { fitTo, lockTheScreen } from "./stage.mjs";
import { Attract } from "./views/attract.mjs";
import { Cart } from "./views/cart.mjs";
import { KioskContext, useKiosk } from "./views/context.mjs";
import { Offline, Toast } from "./views/dialogs.mjs";
import { DishSheet } from "./views/dish-sheet.mjs";
import { Done } from "./views/done.mjs";
import { Idle } from "./views/idle.mjs";
import { Menu } from "./views/menu.mjs";
import { Payment } from "./views/payment.mjs";
import { Service } from "./views/service.mjs";
import { Top } from "./views/top.mjs";

const SCREENS = { attract: Attract, service: Service, menu: Menu, cart: Cart, payment: Payment, done: Done };

function Page() {
  const { state, t } = useKiosk();
  const { screen, language, low, restaurant } = state;
  // The number needs no server: while it is read, nothing may lie over it.
  const covered = state.offline && screen !== "done";
  useEffect(() => {
    document.documentElement.lang = language;
    document.title = [t.documentTitle, restaurant?.name].filter(Boolean).join(" · ");
  }, [language, restaurant?.name]);
  return html`<div class=${low ? "app low" : "app"} data-screen=${screen}>
    <div class="art" aria-hidden="true"></div>
    <${Top} />
    <${SCREENS[screen]} key=${screen} />
    <${Toast} />
    <${DishSheet} />
    <${Idle} />
    ${covered && html`<${Offline} paying=${screen === "payment"} />`}
  </div>`;
}

const terminalId = new URLSearchParams(location.search).get("terminal") ?? "kiosk-1";
const kiosk = createKiosk({ storage: sessionStorage, terminalId });
fitTo(1080, 1920);
lockTheScreen();
render(html`<${KioskContext.Provider} value=${kiosk}><${Page} /><//>`, /** @type {HTMLElement} */ (document.getElementById("page")));
kiosk.run();
