/** The manager's page: a PIN, a period, the sums, revenue by hour and what was sold. */

import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { actorWords } from "./desk-words.mjs";
import { money, share, whole } from "./format.mjs";
import { html } from "./html.mjs";
import { Door, SignedIn, staffCall, useForgotten, useStaff, useWho, WhoAmI } from "./staff.mjs";
import { InStaffLanguage, Languages, useWords } from "./staff-language.mjs";
import { chartOf, rowsOf } from "./stats-chart.mjs";

const REFRESH_MS = 10_000;
/** As long as the server's own session: figures are looked at, not touched. */
const FORGOTTEN_MS = 1_800_000;

function Desk() {
  const { t } = useWords();
  const [token, setToken] = useStaff();
  const leave = () => setToken("");
  useForgotten(Boolean(token), FORGOTTEN_MS, leave);
  return token
    ? html`<${SignedIn} token=${token} leave=${leave}><${Allowed} token=${token} leave=${leave} /><//>`
    : html`<${Door} title=${t.titles.stats} enter=${setToken} />`;
}

/** Figures are not everybody's. @param {{token: string, leave: () => void}} props */
function Allowed({ token, leave }) {
  const { t } = useWords();
  if (useWho().may("GET /api/service/stats")) return html`<${Report} token=${token} leave=${leave} />`;
  return html`<main class="desk"><header><h1>${t.titles.stats}</h1><${Languages} /><${WhoAmI} leave=${leave} /></header>
    <p class="trouble" role="alert" data-testid="not-yours">${t.who.notYours}</p></main>`;
}

/** @param {{token: string, leave: () => void}} props */
function Report({ token, leave }) {
  const { language, t } = useWords();
  const [period, setPeriod] = useState({ from: "", to: "" }); // empty: today by the restaurant's clock, no browser's
  const [stats, setStats] = useState(/** @type {any} */ (null));
  const [trouble, setTrouble] = useState("");
  const today = useRef("");
  const shown = { from: period.from || today.current, to: period.to || today.current };
  const reversed = Boolean(shown.from && shown.to && shown.from > shown.to);
  useEffect(() => {
    setStats(null); // figures of another period are no figures of this one
    setTrouble(reversed ? t.stats.reversed : "");
    if (reversed) return undefined;
    let over = false;
    const load = async () => {
      const query = new URLSearchParams(Object.entries(period).filter(([, day]) => day));
      const answer = await staffCall(token, "GET", `/api/service/stats?${query}`);
      if (over) return;
      if (answer.status === 401) return leave();
      setTrouble(troubleOf(answer, t));
      if (!answer.ok) return;
      if (!period.from && !period.to) today.current = answer.body.first_day;
      setStats(answer.body);
    };
    load();
    const timer = setInterval(load, REFRESH_MS);
    return () => {
      over = true;
      clearInterval(timer);
    };
  }, [token, period.from, period.to, language]);
  const set = (/** @type {string} */ name) => (/** @type {any} */ event) =>
    event.target.value && setPeriod({ ...shown, [name]: event.target.value });
  return html`<main class="desk">
    <header><h1>${t.titles.stats}</h1><${Languages} /><${WhoAmI} leave=${leave} />
      <form><label>${t.stats.from}<input type="date" value=${shown.from} onChange=${set("from")}
            data-testid="from" /></label>
        <label>${t.stats.to}<input type="date" value=${shown.to} onChange=${set("to")} data-testid="to" /></label>
      </form></header>
    <p class="trouble" role="alert" data-testid="trouble">${trouble}</p>
    ${
      stats &&
      html`<${Sums} stats=${stats} /><${Chart} stats=${stats} /><${Promises} rows=${stats.promises} />
      <${Table} id="dishes" rows=${stats.dishes} by="item_id" words=${t.stats.dishes} />
      <${Table} id="combos" rows=${stats.combos} by="combo_id" words=${t.stats.combos} />
      <${Table} id="options" rows=${stats.options} by="option_id" words=${t.stats.options} />
      <${Refunds} rows=${stats.refunds} />`
    }
  </main>`;
}

/** @param {import("./staff.mjs").Answer} answer @param {import("./staff-language.mjs").StaffTexts} t */
function troubleOf({ ok, status, body }, t) {
  if (ok) return "";
  return status ? (body?.detail ?? body?.title ?? t.failed) : t.stats.silent;
}

/** @param {{stats: any}} props */
function Sums({ stats }) {
  const t = useWords().t.stats;
  const tiles = [
    [money(stats.revenue_kopecks), t.revenue, "revenue"],
    [whole(stats.orders), t.orders, "orders"],
    [money(stats.average_kopecks), t.average, "average"],
    [whole(stats.orders_completed), t.completed, "completed"],
    [money(stats.refunded_kopecks), t.refunded, "refunded"],
    [whole(stats.bonus_earned), t.earned, "earned"],
    [whole(stats.bonus_spent), t.spent, "bonus"],
    [whole(stats.bonus_returned), t.returned, "returned"],
    [whole(stats.bonus_taken_back), t.takenBack, "taken-back"],
    [whole(stats.bonus_outstanding), t.outstanding, "outstanding"],
  ];
  return html`<section class="tiles">${tiles.map(
    ([value, name, id]) => html`<div class="tile" key=${id}>
      <b data-testid=${id} style=${{ "--signs": String(value).length }}>${value}</b><span>${name}</span></div>`,
  )}</section>`;
}

/** @param {{stats: any}} props */
function Chart({ stats }) {
  const { language, t } = useWords();
  const place = useRef(/** @type {HTMLElement|null} */ (null));
  const { hours, timezone } = stats;
  const byDay = hours.length > 0 && hours[0].hour.length <= 10;
  useEffect(() => {
    const box = place.current;
    if (!box || !hours.length) return undefined;
    const plot = new uPlot(chartOf(stats, box.clientWidth, t.stats.chart), rowsOf(hours), box);
    const seen = new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height: 320 }));
    seen.observe(box);
    return () => {
      seen.disconnect();
      plot.destroy();
    };
  }, [JSON.stringify([stats.first_day, stats.last_day, hours, language])]);
  return html`<section class="chart"><h2>${byDay ? t.stats.byDay : t.stats.byHour} <small>
        ${timezone && t.stats.clock(timezone)}</small></h2>
    <div ref=${place} data-testid="chart"></div>
    ${!hours.length && html`<p>${t.stats.noOrders}</p>`}</section>`;
}

/** Minutes promised and kept, by day. @param {{rows: any[]}} props */
function Promises({ rows }) {
  const t = useWords().t.stats.promises;
  if (!rows.length) return null;
  const minutes = (/** @type {number} */ seconds) => t.minutes((seconds / 60).toFixed(1));
  return html`<section class="dishes" data-testid="promises"><h2>${t.title}</h2><p class="note">${t.note}</p>
    <div class="wide"><table>
        <thead><tr>${t.columns.map((column) => html`<th key=${column}>${column}</th>`)}</tr></thead>
        <tbody>${rows.map(
          (row) => html`<tr key=${row.day}><td>${dayOf(row.day)}</td><td>${whole(row.orders)}</td>
            <td>${minutes(row.promised_s)}</td><td>${minutes(row.actual_s)}</td><td>${share(row.coverage)}</td></tr>`,
        )}</tbody></table></div></section>`;
}

/** @param {string} day as `2026-11-22` */
function dayOf(day) {
  return day.split("-").reverse().join(".");
}

/** Money back by reason and by who gave it. @param {{rows: any[]}} props */
function Refunds({ rows }) {
  const { t: texts } = useWords();
  const t = texts.stats.refunds;
  if (!rows.length) return null;
  return html`<section class="dishes" data-testid="refund-reasons"><h2>${t.title}</h2>
    <div class="wide"><table>
        <thead><tr>${t.columns.map((column) => html`<th key=${column}>${column}</th>`)}</tr></thead>
        <tbody>${rows.map(
          (row) => html`<tr key=${row.reason + row.person}><td>${t.reasons[row.reason] ?? row.reason}</td>
            <td>${row.person === "kiosk" ? t.itself : actorWords(row.person, texts.journal)}</td>
            <td>${whole(row.count)}</td><td>${money(row.amount_kopecks)}</td></tr>`,
        )}</tbody></table></div></section>`;
}

/** @param {{id: string, rows: any[], by: string, words: {title: string, unit: string, note: string}}} props */
function Table({ id, rows, by, words }) {
  const { columns } = useWords().t.stats;
  if (!rows.length) return null;
  return html`<section class="dishes" data-testid=${id}><h2>${words.title}</h2>
    ${words.note && html`<p class="note">${words.note}</p>`}
    <div class="wide"><table><thead><tr><th>${columns.name}</th><th>${words.unit}</th><th>${columns.revenue}</th>
            <th>${columns.share}</th></tr></thead>
        <tbody>${rows.map(
          (row) => html`<tr key=${row[by]}><td>${row.name}</td><td>${whole(row.quantity)}</td><td>
              ${money(row.revenue_kopecks)}</td><td>${share(row.revenue_share)}</td></tr>`,
        )}</tbody></table></div></section>`;
}

render(
  html`<${InStaffLanguage} page="stats"><${Desk} /><//>`,
  /** @type {HTMLElement} */ (document.getElementById("page")),
);
