/** The kitchen for the hall to look at: stations at work and whose number is there, the arm, cells, minutes. */

import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { STALE_AFTER_MS } from "./board.mjs";
import { minutes } from "./format.mjs";
import { follow } from "./hall-feed.mjs";
import { clockOf, namesOf, Stale, Standing, useRestaurant, useWarningAtHand } from "./hall-parts.mjs";
import { html } from "./html.mjs";
import { armOf, placesOf, queueOf } from "./kitchen-parts.mjs";
import { fitTo } from "./stage.mjs";
import { useNow } from "./views/context.mjs";
import { Picture } from "./views/parts.mjs";

/** @typedef {import("./kitchen-parts.mjs").Show} Show */

/** @type {Show} */
const NOTHING = { reason: null, stations: [], cells: [], orders: [] };
const ROOM = 6;
const STATES = /** @type {Record<string, [string, string]>} */ ({
  free: ["свободно", "free"],
  closed: ["не работает", "out of order"],
});
const CELLS = /** @type {Record<string, [string, string]>} */ ({
  free: ["свободна", "free"],
  reserved: ["готовим", "cooking"],
  filled: ["готово", "ready"],
  open: ["открыта", "open"],
  closed: ["закрыта", "closed"],
});

function Kitchen() {
  const [show, setShow] = useState(NOTHING);
  const [heardAt, setHeardAt] = useState(Date.now());
  const restaurant = useRestaurant();
  const now = useNow();
  useWarningAtHand();
  useEffect(() => {
    const heard = () => setHeardAt(Date.now());
    follow("/api/kitchen/events", {
      kitchen: (/** @type {Show} */ told) => {
        setShow(told);
        heard();
      },
      beat: heard,
    });
  }, []);
  const stale = now - heardAt > STALE_AFTER_MS;
  return html`<div class="kitchen">
    <header class="top"><div class="brand"><${Picture} src="/assets/images/robot.webp" size=${68} />
        ${namesOf(restaurant)}</div><h1>Кухня <span lang="en">Kitchen</span></h1>
      <time class="chip">${clockOf(now)}</time></header>
    ${stale && html`<${Stale} />`}
    ${show.reason !== null && !stale && html`<${Standing} reason=${show.reason} />`}
    <main class=${stale ? "old" : ""}>
      ${
        show.stations.length > 0 &&
        html`<div class="middle"><${Floor} show=${show} />
          <aside>
            <${Queue} kind="now" title="Готовим" english="Cooking" queue=${queueOf(show.orders, true, ROOM)} />
            <${Queue} kind="next" title="Дальше" english="Next" queue=${queueOf(show.orders, false, ROOM)} />
          </aside></div>`
      }
      <ul class="doors-row" aria-label="Ячейки выдачи">
        ${show.cells.map((cell) => html`<${Door} key=${cell.cell} cell=${cell} />`)}</ul>
    </main>
  </div>`;
}

/** @param {{show: Show}} props */
function Floor({ show }) {
  const places = placesOf(show.stations.length);
  const { angle, length } = armOf(show.stations);
  return html`<section class="floor" aria-label="Станции">
    ${show.stations.map(
      (station, index) => html`<${Station} key=${station.station} station=${station} place=${places[index]} />`,
    )}
    <div class="arm" aria-hidden="true" data-testid="arm" data-angle=${Math.round(angle)}
      style=${{ width: `${length}px`, transform: `rotate(${angle}deg)` }}><i></i></div>
    <div class="foot" aria-hidden="true"></div>
  </section>`;
}

/** @param {{station: import("./kitchen-parts.mjs").Station, place: import("./kitchen-parts.mjs").Place}} props */
function Station({ station, place: { left, top, width, height } }) {
  const { name, state, dishes } = station;
  return html`<article class=${`station ${state}`} data-testid=${`station-${station.station}`} data-state=${state}
    style=${{ left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` }}>
    <h2>${capital(name.ru)} <span lang="en">${name.en}</span></h2>
    ${
      dishes.length || state === "busy"
        ? html`<ul>${dishes.map(
            (dish, index) => html`<li key=${index} class=${dish.held ? "held" : ""}>
              ${dish.image && html`<${Picture} src=${dish.image} size=${56} />`}
              <b>${dish.number}</b>${dish.held && html`<small>ждёт <span lang="en">waits</span></small>`}</li>`,
          )}</ul>`
        : html`<p>${both(STATES[state])}</p>`
    }
    ${state === "busy" && html`<div class="steam" aria-hidden="true"><i></i><i></i><i></i></div>`}
  </article>`;
}

/**
 * @param {{kind: string, title: string, english: string, queue: {shown: import("./kitchen-parts.mjs").Order[],
 *   more: number}}} props
 */
function Queue({ kind, title, english, queue: { shown, more } }) {
  return html`<section class=${`queue ${kind}`} data-testid=${`queue-${kind}`}>
    <h2>${title} <span lang="en">${english}</span></h2>
    ${!shown.length && html`<p>—</p>`}
    <ul>${shown.map(
      (order) => html`<li key=${order.number}><b>${order.number}</b>
        <small>${left(order.left_s)}</small></li>`,
    )}
    ${more > 0 && html`<li class="more"><b>+${more}</b></li>`}</ul></section>`;
}

/** @param {number} left_s */
function left(left_s) {
  if (left_s <= 0) return html`вот-вот <span lang="en">any moment</span>`;
  return html`≈ ${minutes(left_s)} мин <span lang="en">min</span>`;
}

/** @param {{cell: import("./kitchen-parts.mjs").Cell}} props */
function Door({ cell: { cell, state, number, portions, size } }) {
  return html`<li class=${`door ${state}`} data-testid=${`door-${cell}`} data-state=${state}>
    <span class="place">${cell}</span>
    <b>${number ?? "—"}</b>${size > 1 && html`<${Fits} portions=${portions} size=${size} />`}
    <small>${both(CELLS[state])}</small></li>`;
}

/**
 * How many portions of an order lie in a cell that has room for several.
 * @param {{portions: number, size: number}} props
 */
function Fits({ portions, size }) {
  const places = Array.from({ length: size }, (_, n) => html`<i key=${n} class=${n < portions ? "full" : ""}></i>`);
  return html`<span class="fits" aria-hidden="true">${places}</span>`;
}

/** @param {[string, string]} words */
function both([ru, en]) {
  return html`${ru} <span lang="en">${en}</span>`;
}

/** @param {string} words */
function capital(words) {
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}

fitTo(1920, 1080);
render(html`<${Kitchen} />`, /** @type {HTMLElement} */ (document.getElementById("page")));
