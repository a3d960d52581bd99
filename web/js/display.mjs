/** The hall board: what cooks on the left, what is ready on the right, and a call when a number gets ready. */

import { render } from "preact";
import { useEffect, useReducer, useState } from "preact/hooks";
import {
  cookingOf,
  emptyBoard,
  isCalled,
  isNew,
  isWordy,
  lastCallOf,
  pagesOf,
  readyOf,
  STALE_AFTER_MS,
  secondsLeft,
  WIDE_FROM,
  withBeat,
  withOrder,
  withSnapshot,
} from "./board.mjs";
import { chime } from "./chime.mjs";
import { minutes } from "./format.mjs";
import { follow } from "./hall-feed.mjs";
import { clockOf, namesOf, Stale, Standing, useRestaurant, useWarningAtHand } from "./hall-parts.mjs";
import { createHallVoice } from "./hall-voice.mjs";
import { html } from "./html.mjs";
import { fitTo } from "./stage.mjs";
import { useNow } from "./views/context.mjs";
import { Picture } from "./views/parts.mjs";

const PAGE_MS = 6_000;
/** Numbers with two lines of words, or a notice above the columns, leave room for fewer. */
const CROWDED = { cooking: { narrow: 9, wide: 6 }, ready: { narrow: 4, wide: 2 } };
const PLACES = { cooking: { narrow: 12, wide: 8 }, ready: { narrow: 6, wide: 3 } };
/** So few numbers are written larger: the hall is long and the board is wide. */
const FEW = { cooking: 4, ready: 2 };

/** @typedef {import("./board.mjs").Board} Board */

/** @param {Board} board @param {(board: Board) => Board} change */
const apply = (board, change) => change(board);

function Hall() {
  const [board, change] = useReducer(apply, null, emptyBoard);
  const restaurant = useRestaurant();
  const now = useNow();
  const [startedAt] = useState(now);
  useWarningAtHand();
  useEffect(() => {
    follow("/api/display/events", {
      snapshot: ({ orders }) => change((b) => withSnapshot(b, orders, Date.now())),
      order: (order) => change((b) => withOrder(b, order, Date.now())),
      beat: ({ kitchen }) => change((b) => withBeat(b, Date.now(), kitchen ?? null)),
    });
  }, []);
  const ready = readyOf(board);
  const calledAt = Math.max(0, ...ready.map(lastCallOf));
  const askedAt = Math.max(0, ...ready.map((e) => e.remindedAt ?? 0));
  const [sayAloud] = useState(createHallVoice);
  const [silent, setSilent] = useState(false);
  useEffect(() => {
    if (calledAt && calledAt !== askedAt) setSilent(!chime());
  }, [calledAt]);
  useEffect(() => {
    if (askedAt) sayAloud(ready);
  }, [askedAt]);
  const stale = now - Math.max(board.beatAt, startedAt) > STALE_AFTER_MS;
  const standing = board.kitchen !== null && !stale;
  return html`<div class="hall">
    <header class="top"><div class="brand"><${Picture} src="/assets/images/robot.webp" size=${68} />
        ${namesOf(restaurant)}</div>
      ${
        silent &&
        html`<button type="button" class="chip" data-testid="sound"
          onClick=${() => setSilent(!chime())}>Включить звук · Sound on</button>`
      }
      <time class="chip">${clockOf(now)}</time></header>
    ${stale && html`<${Stale} />`}
    ${standing && html`<${Standing} reason=${board.kitchen} />`}
    <main class="cols">
      <h1 class="unseen">Готовность заказов</h1>
      <${Column} kind="cooking" title="Готовятся" english="Cooking"
        note=${restaurant?.wait_s > 0 ? `≈ ${minutes(restaurant.wait_s)} мин · min` : ""} entries=${cookingOf(board)}
        now=${now} turnAt=${0} tight=${standing} />
      <${Column} kind="ready" title="Готово" english="Ready" note="заберите · collect" entries=${ready} now=${now}
        turnAt=${calledAt} tight=${standing} />
    </main>
  </div>`;
}

/**
 * @param {{kind: "cooking"|"ready", title: string, english: string, note: string,
 *   entries: import("./board.mjs").Entry[], now: number, turnAt: number, tight: boolean}} props
 */
function Column({ kind, title, english, note, entries, now, turnAt, tight }) {
  const wide = entries.some((e) => e.number.length >= WIDE_FROM);
  const wordy = entries.some(isWordy);
  const broad = wide || (wordy && kind === "cooking");
  const nums = broad ? "nums wide" : entries.length <= FEW[kind] && !wordy && !tight ? "nums few" : "nums";
  const pages = pagesOf(entries, (wordy || tight ? CROWDED : PLACES)[kind][broad ? "wide" : "narrow"]);
  // A new call turns back to the first page, where the newest stands.
  const page = Math.floor(Math.max(0, now - turnAt) / PAGE_MS) % pages.length;
  return html`<section class=${`col ${kind}`} data-testid=${kind} aria-label=${title}>
    <h2><span class="col-icon" aria-hidden="true">${kind === "ready" ? "✓" : "◔"}</span>${title} <span lang="en">
        ${english}</span><small>${note}</small></h2>
    <div class=${nums} aria-live=${kind === "ready" ? "polite" : "off"}>
      ${pages[page].map((e) => html`<${OrderNumber} key=${e.number} entry=${e} now=${now} />`)}
    </div>
    ${
      pages.length > 1 &&
      html`<footer class="pages">
        ${pages.map((_, i) => html`<i key=${i} class=${i === page ? "on" : ""}></i>`)} всего <span
          lang="en">in all</span> ${entries.length}</footer>`
    }
  </section>`;
}

/** @param {{entry: import("./board.mjs").Entry, now: number}} props */
function OrderNumber({ entry, now }) {
  const waits = entry.remindedAt !== null && "waits";
  const name = ["num", entry.status, isNew(entry, now) && "new", waits].filter(Boolean).join(" ");
  return html`<div class=${name} data-testid=${`number-${entry.number}`} data-status=${entry.status}><b>
      ${entry.number}</b><small>${wordsFor(entry, now)}</small></div>`;
}

/** @param {import("./board.mjs").Entry} entry @param {number} now */
function wordsFor(entry, now) {
  if (entry.status === "see_staff") return html`<mark>! к сотруднику · see staff</mark>`;
  if (entry.status === "refunded")
    return html`<mark>деньги возвращаются <span lang="en">money is on its way back</span></mark>`;
  if (entry.status === "ready" && entry.remindedAt !== null)
    return html`${cellWords(entry.cells)} <em>ждёт вас <span lang="en">is waiting for you</span></em>`;
  if (entry.status === "ready") return cellWords(entry.cells);
  if (isCalled(entry))
    return html`${cellWords(entry.cells)} <em>остальное готовится <span lang="en">the rest is cooking</span></em>`;
  if (entry.status === "delayed") return html`<mark>задерживается <span lang="en">late</span></mark>`;
  const left = secondsLeft(entry, now);
  if (left === null) return html`готовим <span lang="en">cooking</span>`;
  return left <= 0
    ? html`вот-вот <span lang="en">any moment</span>`
    : html`≈ ${minutes(left)} мин <span lang="en">min</span>`;
}

/** @param {number[]} cells */
function cellWords(cells) {
  if (!cells.length) return html`у выдачи <span lang="en">at the counter</span> →`;
  const many = cells.length > 1;
  return html`${many ? "ячейки" : "ячейка"} ${cells.join(", ")} <span lang="en">${many ? "cells" : "cell"}</span> →`;
}

fitTo(1920, 1080);
render(html`<${Hall} />`, /** @type {HTMLElement} */ (document.getElementById("page")));
