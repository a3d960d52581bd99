/** The manager's page: a PIN, a period, the sums, revenue by hour and what was sold. */

import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { money } from "./format.mjs";
import { html } from "./html.mjs";
import { Door, staffCall, useStaff } from "./staff.mjs";

const REFRESH_MS = 10_000;

/** @typedef {{hour: string, orders_paid: number, revenue_kopecks: number}} Hour */

function Desk() {
  const [token, setToken] = useStaff();
  return token ? html`<${Report} token=${token} leave=${() => setToken("")} />` : html`<${Door} title="Статистика" enter=${setToken} />`;
}

/** @param {{token: string, leave: () => void}} props */
function Report({ token, leave }) {
  const [period, setPeriod] = useState({ from: "", to: "" }); // empty: today by the restaurant's clock, not the browser's
  const [stats, setStats] = useState(/** @type {any} */ (null));
  const shown = { from: period.from || (stats?.first_day ?? ""), to: period.to || (stats?.last_day ?? "") };
  useEffect(() => {
    let over = false;
    const load = async () => {
      const query = new URLSearchParams(Object.entries(period).filter(([, day]) => day));
      const answer = await staffCall(token, "GET", `/api/service/stats?${query}`);
      if (over) return;
      if (answer.status === 401) leave();
      else if (answer.ok) setStats(answer.body);
    };
    load();
    const timer = setInterval(load, REFRESH_MS);
    return () => { over = true; clearInterval(timer); };
  }, [token, period.from, period.to]);
  const set = (/** @type {string} */ name) => (/** @type {any} */ event) => event.target.value && setPeriod({ ...shown, [name]: event.target.value });
  return html`<main class="desk">
    <header><h1>Статистика</h1>
      <form><label>с<input type="date" value=${shown.from} onChange=${set("from")} /></label>
        <label>по<input type="date" value=${shown.to} onChange=${set("to")} /></label>
        <button type="button" onClick=${leave}>Выйти</button></form></header>
    ${stats && html`<${Sums} stats=${stats} /><${Chart} stats=${stats} /><${Dishes} dishes=${stats.dishes} />`}
  </main>`;
}

/** @param {{stats: any}} props */
function Sums({ stats }) {
  const tiles = [
    [money(stats.revenue_kopecks), "выручка", "revenue"],
    [stats.orders, "оплачено заказов", "orders"],
    [money(stats.average_kopecks), "средний чек", "average"],
    [stats.orders_completed, "выдано", "completed"],
    [money(stats.refunded_kopecks), "возвраты", "refunded"],
    [stats.bonus_spent, "списано баллов", "bonus"],
  ];
  return html`<section class="tiles">${tiles.map(([value, name, id]) => html`<div class="tile" key=${id}><b data-testid=${id}>${value}</b><span>${name}</span></div>`)}</section>`;
}

const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;
/** From this many days on the axis tells days, not hours. */
const BY_DAY = 3;

/** @param {string} text a day, or an hour of one, by the restaurant's clock; seconds since the epoch as if that clock were the browser's */
const at = (text) => new Date(text.length > 10 ? `${text}:00` : `${text}T00:00`).getTime() / 1000;
const two = (/** @type {number} */ n) => String(n).padStart(2, "0");

/** @param {boolean} byDay */
const moment = (byDay) => (/** @type {number} */ seconds) => {
  const time = new Date(seconds * 1000);
  return byDay ? `${two(time.getDate())}.${two(time.getMonth() + 1)}` : `${two(time.getHours())}:00`;
};

/**
 * @param {any} stats
 * @param {number} width
 */
function chartOf(stats, width) {
  const from = at(stats.first_day), to = at(stats.last_day) + DAY_S;
  const told = moment(to - from >= BY_DAY * DAY_S);
  const upward = { range: (/** @type {any} */ _, /** @type {number} */ __, /** @type {number} */ high) => [0, Math.max(high, 1)] };
  return {
    width, height: 320,
    scales: { x: { range: () => [from - HOUR_S, to + HOUR_S] }, roubles: upward, orders: upward },
    axes: [
      { values: (/** @type {any} */ _, /** @type {number[]} */ ticks) => ticks.map(told), space: 70 },
      { scale: "roubles", size: 80, values: (/** @type {any} */ _, /** @type {number[]} */ ticks) => ticks.map((n) => n.toLocaleString("ru-RU")) },
      { scale: "orders", side: 1, grid: { show: false }, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500] },
    ],
    series: [
      { label: "час", value: (/** @type {any} */ _, /** @type {number|null} */ v) => (v == null ? "" : told(v)) },
      { label: "выручка, ₽", scale: "roubles", stroke: "#c8371b", fill: "#fde9df", width: 2, paths: uPlot.paths.bars({ size: [0.7, 60] }) },
      { label: "заказы", scale: "orders", stroke: "#1d7a46", width: 2, points: { show: true, size: 8 } },
    ],
  };
}

/** @param {{stats: any}} props */
function Chart({ stats }) {
  const place = useRef(/** @type {HTMLElement|null} */ (null));
  /** @type {Hour[]} */
  const hours = stats.hours;
  useEffect(() => {
    if (!place.current || !hours.length) return undefined;
    const middle = (/** @type {Hour} */ row) => at(row.hour) + (row.hour.length > 10 ? HOUR_S : DAY_S) / 2;
    const rows = [hours.map(middle), hours.map((row) => row.revenue_kopecks / 100), hours.map((row) => row.orders_paid)];
    const plot = new uPlot(chartOf(stats, place.current.clientWidth), rows, place.current);
    return () => plot.destroy();
  }, [JSON.stringify([stats.first_day, stats.last_day, hours])]);
  return html`<section class="chart"><h2>По часам</h2><div ref=${place} data-testid="chart"></div>${!hours.length && html`<p>За этот период заказов не было.</p>`}</section>`;
}

/** @param {{dishes: {item_id: string, name: string, quantity: number, revenue_kopecks: number}[]}} props */
function Dishes({ dishes }) {
  return html`<section class="dishes"><h2>Блюда</h2><table><thead><tr><th>блюдо</th><th>порций</th><th>выручка</th></tr></thead>
    <tbody>${dishes.map((row) => html`<tr key=${row.item_id}><td>${row.name}</td><td>${row.quantity}</td><td>${money(row.revenue_kopecks)}</td></tr>`)}</tbody></table></section>`;
}

render(html`<${Desk} />`, /** @type {HTMLElement} */ (document.getElementById("page")));
