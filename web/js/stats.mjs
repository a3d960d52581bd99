/** The manager's page: a PIN, a period, the sums, revenue by hour and what was sold. */

import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { saveFile } from "./csv.mjs";
import { money, share, tenths, whole } from "./format.mjs";
import { html } from "./html.mjs";
import { Door, SignedIn, staffCall, staffFile, useForgotten, useStaff, useWho, WhoAmI } from "./staff.mjs";
import { InStaffLanguage, Languages, useWords } from "./staff-language.mjs";
import { chartOf, rowsOf } from "./stats-chart.mjs";
import { changeOf, dayOf, PRESETS, periodOf } from "./stats-periods.mjs";
import { Tables } from "./stats-tables.mjs";

/** Empty: today by the restaurant's clock, no browser's. */
const TODAY = { from: "", to: "", preset: "today" };
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
  const [period, setPeriod] = useState(TODAY);
  const [told, setTold] = useState(/** @type {{stats: any, tables: any[]}|null} */ (null));
  const [trouble, setTrouble] = useState("");
  const today = useRef("");
  const shown = { from: period.from || today.current, to: period.to || today.current };
  const reversed = Boolean(shown.from && shown.to && shown.from > shown.to);
  const days = { from: period.from, to: period.to };
  const query = `${new URLSearchParams(Object.entries(days).filter(([, day]) => day))}`;
  useEffect(() => {
    setTold(null); // figures of another period are no figures of this one
    setTrouble(reversed ? t.stats.reversed : "");
    if (reversed) return undefined;
    let over = false;
    const load = async () => {
      const answer = await staffCall(token, "GET", `/api/service/stats/tables?${query}`);
      if (over) return;
      if (answer.status === 401) return leave();
      setTrouble(troubleOf(answer, t));
      if (!answer.ok) return;
      if (!query) today.current = answer.body.stats.first_day;
      setTold(answer.body);
    };
    load();
    const timer = setInterval(load, REFRESH_MS);
    return () => {
      over = true;
      clearInterval(timer);
    };
  }, [token, query, language]);
  const set = (/** @type {string} */ name) => (/** @type {any} */ event) =>
    event.target.value && setPeriod({ ...shown, preset: "", [name]: event.target.value });
  return html`<main class="desk">
    <header><h1>${t.titles.stats}</h1><${Languages} /><${WhoAmI} leave=${leave} />
      <${Presets} today=${today.current} chosen=${period.preset} choose=${setPeriod} />
      <form><label>${t.stats.from}<input type="date" value=${shown.from} onChange=${set("from")}
            data-testid="from" /></label>
        <label>${t.stats.to}<input type="date" value=${shown.to} onChange=${set("to")} data-testid="to" /></label>
      </form><${Files} token=${token} query=${query} name=${`${shown.from}-${shown.to}`} fail=${setTrouble} /></header>
    <p class="trouble" role="alert" data-testid="trouble">${trouble}</p>
    ${
      told &&
      html`<${Sums} stats=${told.stats} /><${Chart} stats=${told.stats} />
      <${Tables} tables=${told.tables} />`
    }
  </main>`;
}

/** @param {{today: string, chosen: string, choose: (period: typeof TODAY) => void}} props */
function Presets({ today, chosen, choose }) {
  const t = useWords().t.stats;
  if (!today) return null;
  return html`<nav class="presets" aria-label=${t.periods}>${PRESETS.map((preset) => {
    const period = preset === "today" ? TODAY : { ...periodOf(preset, today), preset };
    return html`<button type="button" key=${preset} aria-pressed=${preset === chosen} data-testid=${`preset-${preset}`}
      onClick=${() => choose(period)}>${t.presets[preset]}</button>`;
  })}</nav>`;
}

/** The tables of the period as a file. @param {{token: string, query: string, name: string,
 *   fail: (words: string) => void}} props */
function Files({ token, query, name, fail }) {
  const { t } = useWords();
  const save = async (/** @type {"csv"|"xlsx"} */ kind) => {
    const file = await staffFile(token, "GET", `/api/service/stats/${kind}?${query}`);
    if (file) saveFile(`kiosk-${name}.${kind}`, file.type, file);
    else fail(t.failed);
  };
  return html`<div class="files"><button type="button" onClick=${() => save("csv")} data-testid="csv">CSV</button>
    <button type="button" onClick=${() => save("xlsx")} data-testid="xlsx">XLSX</button></div>`;
}

/** @param {import("./staff.mjs").Answer} answer @param {import("./staff-language.mjs").StaffTexts} t */
function troubleOf({ ok, status, body }, t) {
  if (ok) return "";
  return status ? (body?.detail ?? body?.title ?? t.failed) : t.stats.silent;
}

/** @param {{stats: any}} props */
function Sums({ stats }) {
  const t = useWords().t.stats;
  const { before } = stats;
  /** @type {[string, string, string, (figure: number) => string][]} */
  const tiles = [
    ["revenue_kopecks", t.revenue, "revenue", money],
    ["orders", t.orders, "orders", whole],
    ["average_kopecks", t.average, "average", money],
    ["orders_completed", t.completed, "completed", whole],
    ["refunded_kopecks", t.refunded, "refunded", money],
    ["bonus_earned", t.earned, "earned", whole],
    ["bonus_spent", t.spent, "bonus", whole],
    ["bonus_returned", t.returned, "returned", whole],
    ["bonus_taken_back", t.takenBack, "taken-back", whole],
    ["bonus_outstanding", t.outstanding, "outstanding", whole],
  ];
  const kept = stats.minutes?.kept_share;
  return html`${before && html`<p class="before" data-testid="before">${beforeWords(before, t)}</p>`}
    <section class="tiles">${tiles.map(([member, name, id, written]) => {
      const value = written(stats[member]);
      return html`<div class="tile" key=${id}>
        <b data-testid=${id} style=${{ "--signs": value.length }}>${value}</b><span>${name}</span>
        <${Change} value=${stats[member]} before=${before?.[member]} written=${written} id=${id} /></div>`;
    })}${
      typeof kept === "number" &&
      html`<div class="tile"><b data-testid="kept">${share(kept)}</b><span>${t.kept}</span></div>`
    }</section>`;
}

/** @param {any} before @param {import("./staff-language.mjs").StaffTexts["stats"]} t */
function beforeWords({ first_day: first, last_day: last, until }, t) {
  const days = first === last ? dayOf(first) : `${dayOf(first)}–${dayOf(last)}`;
  return t.before(days, until);
}

/** Against the period before. @param {{value: number, before: number|undefined, written: (figure: number) => string,
 *   id: string}} props */
function Change({ value, before, written, id }) {
  const change = changeOf(value, before);
  if (change === null || before === undefined) return null;
  const sign = change > 0 ? "+" : change < 0 ? "−" : "";
  const words = `${sign}${tenths(Math.abs(change))}\u00a0% · ${written(before)}`;
  return html`<small data-testid=${`${id}-change`}>${words}</small>`;
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

render(
  html`<${InStaffLanguage} page="stats"><${Desk} /><//>`,
  /** @type {HTMLElement} */ (document.getElementById("page")),
);
