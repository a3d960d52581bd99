/** What the screens of the hall share: the restaurant's name, the time, and what they say when something is wrong. */

import { useEffect, useState } from "preact/hooks";
import { html } from "./html.mjs";
import { Picture } from "./views/parts.mjs";

const WARNING = "/assets/images/warning.webp";
const RESTAURANT_EVERY_MS = 30_000;

/** The warning's picture, held from the start: when it is needed the server is the one that is missing. */
export function useWarningAtHand() {
  useState(() => {
    const picture = new Image();
    picture.src = WARNING;
    return picture;
  });
}

/** Nothing was heard from the server for too long. */
export function Stale() {
  return html`<div class="stale" role="alert" data-testid="stale">
    <${Picture} src=${WARNING}
      size=${56} /> Табло обновляется, сверьтесь с экраном ячейки · The board is catching up</div>`;
}

/** Nothing is cooked. @param {{reason: string|null}} props */
export function Standing({ reason }) {
  return html`<div class="standing" role="status" data-testid="standing">
    <${Picture} src=${WARNING} size=${64} /><p>${standingWords(reason)}</p></div>`;
}

/** @param {string|null} reason */
function standingWords(reason) {
  if (reason === "cells_full")
    return html`<b>Все ячейки заняты.</b> Заберите, пожалуйста, готовые заказы: остальным некуда встать.<br />
    <span lang="en"><b>All cells are full.</b> Please collect what is ready: the rest has no place to go.</span>`;
  return html`<b>Кухня остановилась.</b> Заказы и деньги не потеряются. Если это надолго, подойдите к сотруднику.<br />
  <span lang="en">
    <b>The kitchen has stopped.</b> No order and no money is lost. If it takes long, please see the staff.</span>`;
}

/** In both languages where they differ. @param {any} restaurant */
export function namesOf(restaurant) {
  const { ru = "Огонёк", en = ru } = restaurant?.names ?? {};
  return en === ru ? ru : html`${ru} <span lang="en">${en}</span>`;
}

/** @param {number} now */
export function clockOf(now) {
  return new Date(now).toLocaleTimeString("ru-RU", { hour: "2-digit", minute: "2-digit" });
}

/** The name and the usual wait; the hall does without them when the call fails. */
export function useRestaurant() {
  const [restaurant, setRestaurant] = useState(/** @type {any} */ (null));
  useEffect(() => {
    const ask = async () => {
      try {
        const answer = await fetch("/api/restaurant", { cache: "no-store", signal: AbortSignal.timeout(5_000) });
        if (answer.ok) setRestaurant(await answer.json());
      } catch (error) {
        if (!(error instanceof TypeError || error instanceof DOMException)) throw error;
      }
    };
    void ask();
    const timer = setInterval(ask, RESTAURANT_EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return restaurant;
}
