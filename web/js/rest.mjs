/** Everything that a passer-by does not see: loaded once the first screen is painted. */

import { beatFor } from "./heartbeat.mjs";
import { createKiosk } from "./kiosk.mjs";
import { Speech } from "./speech.mjs";
import { lockTheScreen } from "./stage.mjs";
import { Cart } from "./views/cart.mjs";
import { Offline, Toast } from "./views/dialogs.mjs";
import { DishSheet } from "./views/dish-sheet.mjs";
import { Done } from "./views/done.mjs";
import { OwnOrders } from "./views/history.mjs";
import { Idle } from "./views/idle.mjs";
import { Menu } from "./views/menu.mjs";
import { Payment } from "./views/payment.mjs";
import { Points } from "./views/points.mjs";
import { Seller } from "./views/seller.mjs";
import { Service } from "./views/service.mjs";
import { Track } from "./views/track.mjs";
import { countVisits } from "./visits.mjs";

export const SCREENS = {
  service: Service,
  menu: Menu,
  cart: Cart,
  points: Points,
  payment: Payment,
  done: Done,
  track: Track,
  seller: Seller,
  history: OwnOrders,
};
/** What lies above a screen, or listens to it. */
export const LAYERS = [Toast, DishSheet, Idle, Speech, Offline];

/** The kiosk begins its work. @param {import("./browsing.mjs").Browsing} browsing @param {string} terminalId */
export function begin(browsing, terminalId) {
  const kiosk = createKiosk(browsing, terminalId);
  lockTheScreen();
  kiosk.run();
  beatFor(kiosk, terminalId);
  countVisits(kiosk, terminalId);
}
