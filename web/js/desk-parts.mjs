/** The sections of the technician's page: each shows what the server told and asks before it changes anything. */

import { Asked, Twice } from "./desk-buttons.mjs";
import { actorWords, detailWords, lightName, lightWords, moveWords } from "./desk-words.mjs";
import { money } from "./format.mjs";
import { html } from "./html.mjs";
import { FEW_PORTIONS } from "./sections.mjs";
import { useWho } from "./staff.mjs";
import { useWords } from "./staff-language.mjs";
import { endOf } from "./stop-spans.mjs";

/**
 * What was asked, and how; what became of it, nothing where another act was under way.
 * @typedef {(words: string, path: string, body?: unknown, method?: string) =>
 *   Promise<import("./staff.mjs").Answer|undefined>} Act
 */

/** @param {{told: any, act: Act}} props */
export function Sales({ told, act }) {
  const { language, t: texts } = useWords();
  const t = texts.sales;
  const open = told.sales_open;
  return html`<section class=${open ? "sales open" : "sales"} data-testid="sales">
    <b>${open ? t.open : t.paused(told.says?.[language] ?? told.reason)}</b>
    ${told.paused_for && html`<span data-testid="paused-for">${t.pausedFor(told.paused_for)}</span>`}
    <${Asked} id="pause" words=${t.pause} label=${t.reason} sure=${t.pauseSure}
      go=${(/** @type {string} */ reason) => act(t.pause, "sales", { open: false, reason })} />
    <button type="button" class=${open ? "quiet" : ""} data-testid="resume"
      onClick=${() => act(t.resumeAct, "sales", { open: true })}>${t.resume}</button>
    ${
      told.lights.some((/** @type {any} */ light) => light.word === "robot_estop") &&
      html`<${Twice} id="acknowledge" words=${t.stop} sure=${t.stopSure}
        go=${() => act(t.stopAct, "robot/acknowledge")} />`
    }
  </section>`;
}

const SIGNS = /** @type {Record<string, string>} */ ({ good: "✓", warn: "!", bad: "✕", unknown: "?" });

const WIDE = new Set(["archive", "complex"]);

/** @param {{lights: import("./desk-words.mjs").Light[]}} props */
export function Lights({ lights }) {
  const { t } = useWords();
  return html`<section class="lights" aria-label=${t.lights.title}>
    ${lights.map((light) => html`<${Lamp} key=${light.name} light=${light} />`)}
  </section>`;
}

/** @param {{light: import("./desk-words.mjs").Light}} props */
function Lamp({ light }) {
  const { language, t: texts } = useWords();
  const t = texts.lights;
  const more = lightWords(light, t, language);
  const wide = ["ofd", "temperature", "lot_"].some((kind) => light.name.startsWith(kind)) || WIDE.has(light.name);
  return html`<div class=${`light ${light.level} ${wide ? "wide" : ""}`}
    data-testid=${`light-${light.name}`} data-level=${light.level}>
    <i aria-hidden="true">${SIGNS[light.level]}</i>
    <div><b>${lightName(light.name, t)}</b>
      <span>${t.levels[light.level]}
        ${more && ` · ${more}`} ${light.own && html`<small class="own">${light.own}</small>`}
      </span></div></div>`;
}

/** @param {{rows: any[], act: Act}} props */
export function Stuck({ rows, act }) {
  const { language, t: texts } = useWords();
  const t = texts.stuck;
  const { decides } = useWho();
  const facts = (/** @type {any} */ row) =>
    [row.number, row.amount_kopecks && money(row.amount_kopecks), t.money[row.money]].filter(Boolean).join(" · ");
  return html`<section class="card" data-testid="stuck">
    <h2>${t.title} ${rows.length > 0 && html`<mark>${rows.length}</mark>`}</h2>
    ${!rows.length && html`<p class="calm">${t.none}</p>`}
    ${rows.map(
      (row) => html`<article class="stuck" key=${row.stuck_id}>
        <div><b>${row.says?.[language] ?? row.kind}</b>
          <p>${facts(row)} <small class="own">${row.detail}</small></p></div>
        ${row.moves
          .filter(decides)
          .map((/** @type {string} */ move) => html`<${Decision} key=${move} row=${row} move=${move} act=${act} />`)}
      </article>`,
    )}
  </section>`;
}

/** @param {{row: any, move: string, act: Act}} props */
function Decision({ row, move, act }) {
  const t = useWords().t.stuck;
  const words = moveWords(row, move, t);
  const go = (/** @type {object} */ more) => act(words, `stuck/${encodeURIComponent(row.stuck_id)}`, { move, ...more });
  if (move !== "adopt")
    return html`<${Twice} id=${`move-${move}`} words=${words} sure=${t.sure(words)} quiet go=${() => go({})} />`;
  return html`<${Asked} id="move-adopt" words=${words} label=${t.document} sure=${t.documentSure} digits
    go=${(/** @type {string} */ text) => go({ document: Number(text) })} />`;
}

/** The card reader's day, where it has one. @param {{lights: import("./desk-words.mjs").Light[], act: Act}} props */
export function ReaderDay({ lights, act }) {
  const { language, t: texts } = useWords();
  const t = texts.readerDay;
  const light = lights.find(({ name }) => name === "settlement");
  if (!light) return null;
  return html`<section class="card row" data-testid="reader-day">
    <div><h2>${t.title}</h2><p>${lightWords(light, texts.lights, language) || light.own || t.never}</p></div>
    <${Twice} id="settle" words=${t.settle} sure=${t.settleSure} go=${() => act(t.settle, "terminal/settle")} />
  </section>`;
}

const HOLDS_FOOD = new Set(["filled", "forgotten", "open"]);
/** Thrown away in the books, or its money went back: staff takes it out, no guest gets it. @param {any} row */
const isLockedFood = (row) => row.state === "locked" && row.reason && row.reason !== "mixed";
/** Staff can act: also where some of it is the guest's, which they hand out. @param {any} row */
const isTended = (row) => HOLDS_FOOD.has(row.state) || isLockedFood(row) || row.reason === "mixed";

/** What each cell holds. @param {{cells: any[]|null, act: Act}} props */
export function Cells({ cells, act }) {
  const t = useWords().t.cells;
  const { may } = useWho();
  const tends = may("POST /api/service/cells/{cell}");
  return html`<section class="card" data-testid="cells"><h2>${t.title}</h2>
    ${cells === null && html`<p class="trouble">${t.unknown}</p>`}
    <ul class="cell-list">${cells?.map(
      (row) => html`<li key=${row.cell} class=${`cell ${row.state}`} data-testid=${`cell-${row.cell}`}
        data-state=${row.state}>
        <div><b>${row.cell}</b> <span>${cellWords(row, t)}</span></div>
        ${tends && isTended(row) && html`<${CellActs} row=${row} act=${act} />`}
        ${
          tends &&
          row.order_id &&
          !isLockedFood(row) &&
          html`<${Twice} id=${`code-${row.cell}`} words=${t.newCode} sure=${t.newCodeSure} quiet
            go=${() => act(t.newCode, `orders/${row.order_id}/pickup-code`)} />`
        }
      </li>`,
    )}</ul></section>`;
}

/** @param {any} row @param {import("./staff-language.mjs").StaffTexts["cells"]} t */
function cellWords({ state, number, since, until, reason, portions, coming, size }, t) {
  const words = (reason && t.reasons[reason]) || t.states[state] || state;
  const many = size > 1 && portions + coming > 0 && t.portions(portions, size, coming);
  const times = [since && t.since(timeOf(since)), until && t.until(timeOf(until))];
  return [words, number, many, ...times].filter(Boolean).join(" · ");
}

/** @param {{row: any, act: Act}} props */
function CellActs({ row, act }) {
  const t = useWords().t.cells;
  const go = (/** @type {string} */ words, /** @type {string} */ action, reason = "") =>
    act(t.act(row.cell, words), `cells/${row.cell}`, { action, reason });
  return html`<${Twice} id=${`open-${row.cell}`} words=${t.open.word} sure=${t.open.sure} quiet
    go=${() => go(t.open.act, "open")} />
  ${
    !isLockedFood(row) &&
    html`<${Twice} id=${`hand-out-${row.cell}`} words=${t.handOut.word} sure=${t.handOut.sure} quiet
      go=${() => go(t.handOut.act, "hand_out")} />`
  }
  <${Asked} id=${`write-off-${row.cell}`} words=${t.writeOff.word} label=${t.writeOff.label} sure=${t.writeOff.sure}
    go=${(/** @type {string} */ reason) => go(t.writeOff.act, "write_off", reason)} />`;
}

/** @param {string} at */
function timeOf(at) {
  return new Date(at).toLocaleTimeString("ru-RU", { hour: "2-digit", minute: "2-digit" });
}

/** @param {{bins: any[], until: string, act: Act}} props `until`: for how long a product is stopped */
export function Bins({ bins, until, act }) {
  const t = useWords().t.bins;
  return html`<section class="card"><h2>${t.title}</h2>
    <table><thead><tr>${t.columns.map((column) => html`<th key=${column}>${column}</th>`)}</tr></thead>
      <tbody>${bins.map((row) => html`<${Bin} key=${row.bin} row=${row} until=${until} act=${act} />`)}</tbody>
    </table></section>`;
}

/** @param {{row: any, until: string, act: Act}} props */
function Bin({ row, until, act }) {
  const t = useWords().t.bins;
  const { bin, name, ingredient, capacity, level, unit, portions_left: portions, stopped } = row;
  const stops = useWho().may("POST /api/service/stop-list");
  const flip = () => {
    const how = stopped ? { stopped: false } : { until: endOf(until, new Date()) };
    return act(stopped ? t.resumeAct(name) : t.stopAct(name), "stop-list", { ingredient, ...how });
  };
  return html`<tr class=${portions !== null && portions < FEW_PORTIONS ? "short" : ""}>
    <td>${bin}</td><td>${name || ingredient || "—"}</td>
    <td><meter aria-label=${name} min="0" max=${capacity} low=${capacity * 0.15} value=${level}></meter> ${t.level(
      level,
      capacity,
      t.units[unit] ?? unit,
    )}</td>
    <td data-testid=${`portions-${bin}`}>${portions ?? "—"}</td>
    <td><${Twice} id=${`refill-${bin}`} words=${t.full} sure=${t.fullSure(capacity)} quiet
        go=${() => act(t.act(bin), "refill", { bin, amount: capacity })} /></td>
    <td>${
      ingredient &&
      stops &&
      html`<button type="button" class=${stopped ? "" : "quiet"} role="switch" aria-checked=${stopped}
        data-testid=${`stop-ingredient-${ingredient}`} onClick=${flip}>${stopped ? t.stopped : t.stop}</button>`
    }</td></tr>`;
}

/** @param {{rows: any[], act: Act}} props */
export function Webhooks({ rows, act }) {
  const t = useWords().t.webhooks;
  const wakes = useWho().may("POST /api/service/webhooks");
  if (!rows.length) return null;
  return html`<section class="card"><h2>${t.title}</h2><table><tbody>${rows.map(
    (row) => html`<tr key=${row.url}>
      <td>${row.url}</td><td>${t.lag(t.states[row.state] ?? row.state, row.lag)}</td><td>${row.last_error ?? ""}</td>
      <td>${
        wakes &&
        html`<button type="button" class="quiet" onClick=${() => act(t.act, "webhooks", { url: row.url })}>
          ${t.wake}</button>
        <${Asked} id=${`replay-${row.sequence}`} words=${t.replay} label=${t.from} sure=${t.replay} digits
          go=${(/** @type {string} */ from) =>
            act(t.replayAct, "webhooks", { url: row.url, sequence: Number(from) })} />`
      }</td></tr>`,
  )}</tbody></table></section>`;
}

/** @param {{rows: any[], dishes: any[]}} props */
export function Journal({ rows, dishes }) {
  const t = useWords().t.journal;
  return html`<section class="card"><h2>${t.title}</h2><table data-testid="journal"><tbody>${rows.map(
    (row, i) => html`<tr key=${i}>
      <td>${new Date(row.at).toLocaleString("ru-RU")}</td><td>${actorWords(row.actor, t)}</td>
      <td>${t.actions[row.action] ?? row.action}</td><td>${detailWords(row, dishes, t)}</td></tr>`,
  )}</tbody></table></section>`;
}
