/** The sections of the technician's page: each shows what the server told and asks before it changes anything. */

import { useEffect, useRef, useState } from "preact/hooks";
import { Refund } from "./desk-refund.mjs";
import { ACTIONS, CELL_STATES, ENDPOINT_STATES, LEVELS, actorWords, detailWords, lightName, lightWords, MONEY, moveWords, ORDER_STATES, UNITS } from "./desk-words.mjs";
import { money } from "./format.mjs";
import { html } from "./html.mjs";

/** @typedef {(words: string, path: string, body?: unknown) => Promise<void>} Act */

/** A tap opens the field that it needs. @param {{words: string, label: string, id: string, sure: string, go: (text: string) => void, digits?: boolean}} props */
function Asked({ words, label, id, sure, go, digits = false }) {
  const [open, setOpen] = useState(false);
  const [text, setText] = useState("");
  const field = useRef(/** @type {HTMLInputElement|null} */ (null));
  useEffect(() => { if (open) field.current?.focus(); }, [open]);
  if (!open) return html`<button type="button" class="quiet" data-testid=${id} onClick=${() => setOpen(true)}>${words}</button>`;
  const done = (/** @type {Event} */ event) => { event.preventDefault(); if (!text.trim()) return; setOpen(false); setText(""); go(text.trim()); };
  return html`<form class="asked" onSubmit=${done}><label>${label}<input ref=${field} required maxlength="200" autocomplete="off" inputmode=${digits ? "numeric" : "text"} pattern=${digits ? "[0-9]+" : undefined} value=${text} data-testid=${`${id}-text`} onInput=${(/** @type {any} */ e) => setText(e.target.value)} /></label>
    <button data-testid=${`${id}-sure`}>${sure}</button><button type="button" class="quiet" data-testid=${`${id}-no`} onClick=${() => setOpen(false)}>Нет</button></form>`;
}

/** Two taps: the second one says what it does. @param {{words: string, sure: string, id: string, go: () => void, quiet?: boolean, disabled?: boolean}} props */
export function Twice({ words, sure, id, go, quiet = false, disabled = false }) {
  const [asked, setAsked] = useState(false);
  if (!asked) return html`<button type="button" class=${quiet ? "quiet" : ""} data-testid=${id} disabled=${disabled} onClick=${() => setAsked(true)}>${words}</button>`;
  return html`<span class="twice"><button type="button" data-testid=${`${id}-sure`} onClick=${() => { setAsked(false); go(); }}>${sure}</button>
    <button type="button" class="quiet" data-testid=${`${id}-no`} onClick=${() => setAsked(false)}>Нет</button></span>`;
}

/** @param {{told: any, act: Act}} props */
export function Sales({ told, act }) {
  return html`<section class=${told.sales_open ? "sales open" : "sales"} data-testid="sales"><b>${told.sales_open ? "✓ Продажи идут" : `✕ Продажи стоят: ${told.says?.ru ?? told.reason}`}</b>
    <${Twice} id="pause" words="Пауза продаж" sure="Да, остановить продажи" quiet go=${() => act("Пауза продаж", "sales", { open: false })} />
    <button type="button" class=${told.sales_open ? "quiet" : ""} data-testid="resume" onClick=${() => act("Открыть продажи", "sales", { open: true })}>Продолжить</button>
    ${told.lights.some((/** @type {any} */ light) => light.word === "robot_estop") && html`<${Twice} id="acknowledge" words="Аварийный стоп: робот осмотрен" sure="Осмотрел, кнопка отпущена" go=${() => act("Снять аварийный стоп", "robot/acknowledge")} />`}</section>`;
}

const SIGNS = /** @type {Record<string, string>} */ ({ good: "✓", warn: "!", bad: "✕", unknown: "?" });

/** @param {{lights: {name: string, level: string, value: number|null, word: string|null, own?: string}[]}} props */
export function Lights({ lights }) {
  return html`<section class="lights" aria-label="Состояние">${lights.map((light) => html`<div key=${light.name} class=${`light ${light.level} ${light.name.startsWith("ofd") ? "wide" : ""}`} data-testid=${`light-${light.name}`} data-level=${light.level}>
    <i aria-hidden="true">${SIGNS[light.level]}</i><div><b>${lightName(light.name)}</b><span>${LEVELS[light.level]}${lightWords(light) && ` · ${lightWords(light)}`} ${light.own && html`<small class="own">${light.own}</small>`}</span></div></div>`)}</section>`;
}

/** @param {{rows: any[], act: Act}} props */
export function Stuck({ rows, act }) {
  return html`<section class="card" data-testid="stuck"><h2>Требует решения ${rows.length > 0 && html`<mark>${rows.length}</mark>`}</h2>
    ${!rows.length && html`<p class="calm">Ничего не ждёт человека.</p>`}
    ${rows.map((row) => html`<article class="stuck" key=${row.stuck_id}><div><b>${row.says?.ru ?? row.kind}</b>
      <p>${[row.number, row.amount_kopecks && money(row.amount_kopecks), MONEY[row.money]].filter(Boolean).join(" · ")} <small class="own">${row.detail}</small></p></div>
      ${row.moves.map((/** @type {string} */ move) => html`<${Decision} key=${move} row=${row} move=${move} act=${act} />`)}</article>`)}
  </section>`;
}

/** @param {{row: any, move: string, act: Act}} props */
function Decision({ row, move, act }) {
  const words = moveWords(row, move);
  const go = (/** @type {object} */ more) => act(words, `stuck/${encodeURIComponent(row.stuck_id)}`, { move, ...more });
  if (move === "adopt") return html`<${Asked} id="move-adopt" words=${words} label="Номер фискального документа" sure="Да, это он" digits go=${(/** @type {string} */ text) => go({ document: Number(text) })} />`;
  return html`<${Twice} id=${`move-${move}`} words=${words} sure=${`Да: ${words}`} quiet go=${() => go({})} />`;
}

/** @param {{shift: any, act: Act}} props */
export function Shift({ shift, act }) {
  return html`<section class="card row"><div><h2>Смена</h2><p data-testid="shift">${shift ? `№ ${shift.number}, ${shift.open ? "открыта" : "закрыта"}, последний документ ${shift.last_document}` : "касса не отвечает"}</p></div>
    <button type="button" class="quiet" data-testid="x-report" onClick=${() => act("X-отчёт", "x-report")}>X-отчёт</button>
    ${shift?.open
      ? html`<${Twice} id="shift-close" words="Закрыть смену" sure="Да, Z-отчёт, продажи встанут" go=${() => act("Закрыть смену", "shift", { open: false })} />`
      : html`<button type="button" data-testid="shift-open" onClick=${() => act("Открыть смену", "shift", { open: true })}>Открыть смену</button>`}</section>`;
}

/** @param {{orders: any[], act: Act, ask: import("./desk-refund.mjs").Ask}} props */
export function Orders({ orders, act, ask }) {
  const [word, setWord] = useState("");
  return html`<section class="card"><h2>Заказы в работе</h2>
    ${!orders.length && html`<p class="calm">Сейчас ничего не готовится.</p>`}
    <ul class="chips">${orders.map((order) => html`<li key=${order.order_id}><button type="button" class="quiet" data-testid=${`order-${order.number}`} onClick=${() => setWord(order.number)}><b>${order.number}</b> ${order.failed ? "сбой" : (ORDER_STATES[order.status] ?? order.status)}</button></li>`)}</ul>
    <${Refund} word=${word} setWord=${setWord} ask=${ask} act=${act} /></section>`;
}

/** What each cell holds. @param {{cells: any[]|null, act: Act}} props */
export function Cells({ cells, act }) {
  return html`<section class="card" data-testid="cells"><h2>Ячейки</h2>
    ${cells === null && html`<p class="trouble">Робот не отвечает: что в ячейках, неизвестно.</p>`}
    <ul class="cell-list">${cells?.map((row) => html`<li key=${row.cell} class=${`cell ${row.state}`} data-testid=${`cell-${row.cell}`} data-state=${row.state}>
      <div><b>${row.cell}</b> <span>${CELL_STATES[row.state] ?? row.state}${row.number ? ` · ${row.number}` : ""}${row.since ? ` · с ${timeOf(row.since)}` : ""}</span></div>
      ${HOLDS_FOOD.has(row.state) && html`<${CellActs} row=${row} act=${act} />`}
      ${row.order_id && html`<${Twice} id=${`code-${row.cell}`} words="Новый код" sure="Да, старый код больше не подойдёт" quiet go=${() => act("Новый код", `orders/${row.order_id}/pickup-code`)} />`}</li>`)}</ul></section>`;
}

const HOLDS_FOOD = new Set(["filled", "forgotten", "open"]);

/** @param {{row: any, act: Act}} props */
function CellActs({ row, act }) {
  const go = (/** @type {string} */ words, /** @type {string} */ action, reason = "") => act(`Ячейка ${row.cell}: ${words}`, `cells/${row.cell}`, { action, reason });
  return html`<${Twice} id=${`open-${row.cell}`} words="Открыть" sure="Да, открыть дверцу" quiet go=${() => go("открыть", "open")} />
    <${Twice} id=${`hand-out-${row.cell}`} words="Отдать гостю" sure="Отдаю сам, заказ выдан" quiet go=${() => go("выдать", "hand_out")} />
    <${Asked} id=${`write-off-${row.cell}`} words="Списать…" label="Почему списываем?" sure="Списать" go=${(/** @type {string} */ reason) => go("списать", "write_off", reason)} />`;
}

/** @param {string} at */
function timeOf(at) {
  return new Date(at).toLocaleTimeString("ru-RU", { hour: "2-digit", minute: "2-digit" });
}

/** @param {{bins: any[], act: Act}} props */
export function Bins({ bins, act }) {
  return html`<section class="card"><h2>Бункеры</h2><table><thead><tr><th>№</th><th>что</th><th>осталось</th><th>порций</th><th>пополнить до полного</th><th>продажа</th></tr></thead>
    <tbody>${bins.map((row) => html`<tr key=${row.bin} class=${row.portions_left !== null && row.portions_left < 5 ? "short" : ""}><td>${row.bin}</td><td>${row.name || row.ingredient || "—"}</td>
      <td><meter aria-label=${row.name} min="0" max=${row.capacity} low=${row.capacity * 0.15} value=${row.level}></meter> ${row.level} из ${row.capacity} ${UNITS[row.unit] ?? row.unit}</td>
      <td data-testid=${`portions-${row.bin}`}>${row.portions_left ?? "—"}</td>
      <td><${Twice} id=${`refill-${row.bin}`} words="Полный" sure=${`Засыпано до ${row.capacity}`} quiet go=${() => act(`Бункер ${row.bin}`, "refill", { bin: row.bin, amount: row.capacity })} /></td>
      <td>${row.ingredient && html`<button type="button" class=${row.stopped ? "" : "quiet"} role="switch" aria-checked=${row.stopped} data-testid=${`stop-ingredient-${row.ingredient}`} onClick=${() => act(row.stopped ? `Вернуть: ${row.name}` : `Снять все блюда: ${row.name}`, "stop-list", { ingredient: row.ingredient, stopped: !row.stopped })}>${row.stopped ? "✕ Снято" : "Снять"}</button>`}</td></tr>`)}</tbody></table></section>`;
}

/** @param {{dishes: any[], act: Act}} props */
export function StopList({ dishes, act }) {
  return html`<section class="card"><h2>Стоп-лист</h2><ul class="chips">${dishes.map((dish) => html`<li key=${dish.item_id}><button type="button" class=${dish.stopped ? "" : "quiet"} role="switch" aria-checked=${dish.stopped} data-testid=${`stop-${dish.item_id}`}
    onClick=${() => act(dish.stopped ? `Вернуть: ${dish.name}` : `Снять: ${dish.name}`, "stop-list", { item_id: dish.item_id, stopped: !dish.stopped })}>${dish.stopped ? "✕ " : ""}${dish.name}</button></li>`)}</ul></section>`;
}

/** @param {{rows: any[], act: Act}} props */
export function Webhooks({ rows, act }) {
  if (!rows.length) return null;
  return html`<section class="card"><h2>Вебхуки</h2><table><tbody>${rows.map((row) => html`<tr key=${row.url}><td>${row.url}</td><td>${ENDPOINT_STATES[row.state] ?? row.state}, не доставлено событий: ${row.lag}</td><td>${row.last_error ?? ""}</td>
    <td><button type="button" class="quiet" onClick=${() => act("Вебхук", "webhooks", { url: row.url })}>Разбудить</button></td></tr>`)}</tbody></table></section>`;
}

/** @param {{rows: any[], dishes: any[]}} props */
export function Journal({ rows, dishes }) {
  return html`<section class="card"><h2>Журнал действий</h2><table data-testid="journal"><tbody>${rows.map((row, i) => html`<tr key=${i}><td>${new Date(row.at).toLocaleString("ru-RU")}</td><td>${actorWords(row.actor)}</td><td>${ACTIONS[row.action] ?? row.action}</td><td>${detailWords(row, dishes)}</td></tr>`)}</tbody></table></section>`;
}
