/** Everything that a passer-by does not see: loaded once the first screen is painted. */

import { beatFor } from "./heartbeat.mjs";
import { createKiosk } from "./kiosk.mjs";
import { Speech } from "./speech.mjs";
import { Cart } from "./views/cart.mjs";
import { DishSheet } from "./views/dish-sheet.mjs";
import { Done } from "./views/done.mjs";
import { Idle } from "./views/idle.mjs";
import { Menu } from "./views/menu.mjs";
import { Payment } from "./views/payment.mjs";
import { Points } from "./views/points.mjs";
import { Seller } from "./views/seller.mjs";
import { Track } from "./views/track.mjs";

export const SCREENS = { menu: Menu, cart: Cart, points: Points, payment: Payment, done: Done, track: Track, seller: Seller };
/** What lies above a screen, or listens to it. */
export const LAYERS = [DishSheet, Idle, Speech];

/** The kiosk begins its work. @param {import("./browsing.mjs").Browsing} browsing @param {string} terminalId */
export function begin(browsing, terminalId) {
  const kiosk = createKiosk(browsing, terminalId);
  for (const face of ["1em Onest", "700 1em Unbounded"]) void document.fonts.load(face, "₽→≈"); // before a price needs them
  kiosk.run();
  beatFor(kiosk, terminalId);
}
