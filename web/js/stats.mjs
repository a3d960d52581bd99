/** The manager's page: a PIN, a period, the sums, revenue by hour and what was sold. */

import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { money } from "./format.mjs";
import { html } from "./html.mjs";
import { chartOf, rowsOf } from "./stats-chart.mjs";
import { Door, endSession, staffCall, useStaff } from "./staff.mjs";

const REFRESH_MS = 10_000;
const REVERSED = "Начало периода позже конца: поменяйте дни местами.";

function Desk() {
  const [token, setToken] = useStaff();
  return token ? html`<${Report} token=${token} leave=${() => setToken("")} />` : html`<${Door} title="Статистика" enter=${setToken} />`;
}

/** @param {{token: string, leave: () => void}} props */
function Report({ token, leave }) {
  const [period, setPeriod] = useState({ from: "", to: "" }); // empty: today by the restaurant's clock, not the browser's
  const [stats, setStats] = useState(/** @type {any} */ (null));
  const [trouble, setTrouble] = useState("");
  const today = useRef("");
  const shown = { from: period.from || today.current, to: period.to || today.current };
  const reversed = Boolean(shown.from && shown.to && shown.from > shown.to);
  useEffect(() => {
    setStats(null); // figures of another period are no figures of this one
    setTrouble(reversed ? REVERSED : "");
    if (reversed) return undefined;
    let over = false;
    const load = async () => {
      const query = new URLSearchParams(Object.entries(period).filter(([, day]) => day));
      const answer = await staffCall(token, "GET", `/api/service/stats?${query}`);
      if (over) return;
      if (answer.status === 401) return leave();
      setTrouble(answer.ok ? "" : answer.status ? (answer.body?.detail ?? answer.body?.title ?? "Не получилось") : "Киоск не отвечает: цифры могли устареть.");
      if (!answer.ok) return;
      if (!period.from && !period.to) today.current = answer.body.first_day;
      setStats(answer.body);
    };
    load();
    const timer = setInterval(load, REFRESH_MS);
    return () => { over = true; clearInterval(timer); };
  }, [token, period.from, period.to]);
  const set = (/** @type {string} */ name) => (/** @type {any} */ event) => event.target.value && setPeriod({ ...shown, [name]: event.target.value });
  return html`<main class="desk">
    <header><h1>Статистика</h1>
      <form><label>с<input type="date" value=${shown.from} onChange=${set("from")} data-testid="from" /></label>
        <label>по<input type="date" value=${shown.to} onChange=${set("to")} data-testid="to" /></label>
        <button type="button" data-testid="leave" onClick=${() => { endSession(); leave(); }}>Выйти</button></form></header>
    <p class="trouble" role="alert" data-testid="trouble">${trouble}</p>
    ${stats && html`<${Sums} stats=${stats} /><${Chart} stats=${stats} />
      <${Table} id="dishes" title="Блюда" unit="порций" rows=${stats.dishes} by="item_id" />
      <${Table} id="combos" title="Комбо" unit="комбо" rows=${stats.combos} by="combo_id" note="Деньги за комбо входят и в выручку его блюд." />
      <${Table} id="options" title="Добавки и выбор" unit="раз" rows=${stats.options} by="option_id" note="Выручка: насколько добавка подняла цену блюда." />`}
  </main>`;
}

/** @param {{stats: any}} props */
function Sums({ stats }) {
  const tiles = [
    [money(stats.revenue_kopecks), "выручка", "revenue"],
    [whole(stats.orders), "оплачено заказов", "orders"],
    [money(stats.average_kopecks), "средний чек", "average"],
    [whole(stats.orders_completed), "выдано", "completed"],
    [money(stats.refunded_kopecks), "возвраты", "refunded"],
    [whole(stats.bonus_earned), "баллов начислено", "earned"],
    [whole(stats.bonus_spent), "баллов списано", "bonus"],
    [whole(stats.bonus_returned), "баллов возвращено гостям", "returned"],
    [whole(stats.bonus_taken_back), "начисленных баллов снято при возвратах", "taken-back"],
    [whole(stats.bonus_outstanding), "баллов у гостей сейчас", "outstanding"],
  ];
  return html`<section class="tiles">${tiles.map(([value, name, id]) => html`<div class="tile" key=${id}>
    <b data-testid=${id} style=${{ "--signs": String(value).length }}>${value}</b><span>${name}</span></div>`)}</section>`;
}

/** @param {number} n */
const whole = (n) => n.toLocaleString("ru-RU");

/** @param {{stats: any}} props */
function Chart({ stats }) {
  const place = useRef(/** @type {HTMLElement|null} */ (null));
  const { hours, timezone } = stats;
  const byDay = hours.length > 0 && hours[0].hour.length <= 10;
  useEffect(() => {
    const box = place.current;
    if (!box || !hours.length) return undefined;
    const plot = new uPlot(chartOf(stats, box.clientWidth), rowsOf(hours), box);
    const seen = new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height: 320 }));
    seen.observe(box);
    return () => { seen.disconnect(); plot.destroy(); };
  }, [JSON.stringify([stats.first_day, stats.last_day, hours])]);
  return html`<section class="chart"><h2>${byDay ? "По дням" : "По часам"} <small>${timezone && `время ресторана, ${timezone}`}</small></h2>
    <div ref=${place} data-testid="chart"></div>${!hours.length && html`<p>За этот период заказов не было.</p>`}</section>`;
}

/** @param {{id: string, title: string, unit: string, rows: any[], by: string, note?: string}} props */
function Table({ id, title, unit, rows, by, note = "" }) {
  if (!rows.length) return null;
  return html`<section class="dishes" data-testid=${id}><h2>${title}</h2>${note && html`<p class="note">${note}</p>`}
    <div class="wide"><table><thead><tr><th>название</th><th>${unit}</th><th>выручка</th><th>доля выручки</th></tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${row[by]}><td>${row.name}</td><td>${whole(row.quantity)}</td><td>${money(row.revenue_kopecks)}</td><td>${share(row.revenue_share)}</td></tr>`)}</tbody></table></div></section>`;
}

/** @param {number} part 0…1 */
const share = (part) => part.toLocaleString("ru-RU", { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });

render(html`<${Desk} />`, /** @type {HTMLElement} */ (document.getElementById("page")));
