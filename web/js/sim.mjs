/** The training panel: breaks simulated devices on purpose, in plain words. It exists only while a device is simulated. */

import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { html } from "./html.mjs";
import { staffCall, staffToken } from "./staff.mjs";

const REFRESH_MS = 3_000;
const DEVICES = /** @type {Record<string, string>} */ ({ bank: "Банк", fiscal: "Касса", robot: "Робот", sms: "SMS-шлюз", push: "Push-шлюз", ofd: "ОФД" });
const HTTP = { down: ["Не отвечает", "соединение не открывается"], slow: ["Отвечает медленно", "каждый ответ через 10 секунд"], hold: ["Держит ответы", "каждый запрос ждёт, пока это включено"], lose_answer: ["Теряет ответ", "следующий запрос исполнит, но промолчит"] };
const WORDS = /** @type {Record<string, Record<string, string[]>>} */ ({
  bank: { ...HTTP, forget_keys: ["Забыл ключи", "как через сутки: помнит операции, но не ключи запросов"] }, sms: HTTP, push: HTTP,
  fiscal: {
    paper_out: ["Кончилась бумага", "чеки не печатаются, продажи встанут"], cover_open: ["Открыта крышка", "чеки не печатаются"],
    drive_full: ["Накопитель заполнен", "нужен новый фискальный накопитель"], off: ["Выключена", "ни на что не отвечает"],
    link_lost: ["Кабель отошёл", "связи нет, касса работает"], noise: ["Помехи в линии", "портится каждый двадцатый байт"],
    lose_answer: ["Теряет ответ на закрытие чека", "чек напечатан, а ответ пропал"], slow: ["Думает долго", "каждая команда по 3 секунды"],
    refuse_tag: ["Не принимает номер заказа", "отказывает в реквизите 1192"],
    paper_low: ["Бумага на исходе", "чеки ещё печатаются"], printer_fault: ["Неисправен принтер", "чеки не печатаются"],
    cutter_fault: ["Заклинил отрезчик", "бумага не отрезается"],
    drive_expires: ["Кончается накопитель", "осталось 20 дней"], unknown_command: ["Старая прошивка", "не знает чтения документа из архива"],
  },
  ofd: {
    away: ["Не отвечает", "соединение не открывается, документы ждут в накопителе"], refuse: ["Обрывает связь", "документ не принят"],
    silent: ["Молчит", "документ принят, квитанции нет"], slow: ["Отвечает медленно", "квитанция через 10 секунд"],
    garbage: ["Отвечает мусором", "документ принят, вместо квитанции шум"], half_answer: ["Обрывает квитанцию", "один раз, на середине"],
    wrong_ticket: ["Чужая квитанция", "для другого накопителя"], too_long: ["Шлёт без конца", "квитанция длиннее возможной"],
  },
  robot: {
    estop: ["Нажат аварийный стоп", "все станции стоят"], door_open: ["Открыта дверца", "робот ждёт, пока закроют"],
    bin_empty: ["Опустел бункер", "бункер 23, чай"], cells_full: ["Все ячейки заняты", "готовое некуда ставить"],
    nobody_comes: ["Никто не приходит", "еду берут только из открытой ячейки"],
    jam: ["Затор на станции", "станция 1"], off: ["Выключен", "ни на что не отвечает"], link_lost: ["Кабель отошёл", "связи нет, робот работает"],
    noise: ["Помехи в линии", "портится каждый двадцатый байт"], power_cut: ["Моргнёт свет", "сразу после записи задания"],
  },
});
/** What each fault is switched on with. */
const PARAMETERS = /** @type {Record<string, Record<string, string|number>>} */ ({
  noise: { rate: 0.05 }, refuse_tag: { tag: 1192 }, bin_empty: { bin: 23 }, jam: { station: 1 }, power_cut: { at: "after_store" },
  drive_expires: { days: 20 }, wrong_ticket: { of: "drive" }, unknown_command: { code: "FF3A" },
});

/** @param {string} device @param {string} fault */
function parametersOf(device, fault) {
  if (fault === "slow") return { seconds: device === "fiscal" ? 3 : 10 };
  if (fault === "lose_answer") return device === "fiscal" ? { after: "FF45" } : {};
  return PARAMETERS[fault] ?? {};
}

function Panel() {
  const [devices, setDevices] = useState(/** @type {any[]} */ ([]));
  const [trouble, setTrouble] = useState("");
  const take = (/** @type {{ok: boolean, body: any}} */ answer) => {
    if (answer.status === 401) return setTrouble("Часть устройств настоящая: войдите на /service и откройте эту страницу в той же вкладке");
    if (answer.ok) setDevices(answer.body.devices);
    setTrouble(answer.ok ? "" : (answer.body?.errors?.[0]?.message ?? answer.body?.title ?? "не вышло"));
  };
  useEffect(() => {
    const load = async () => take(await staffCall(staffToken(), "GET", "/api/sim"));
    void load();
    const timer = setInterval(load, REFRESH_MS);
    return () => clearInterval(timer);
  }, []);
  const flip = async (/** @type {string} */ device, /** @type {any} */ fault) =>
    take(await staffCall(staffToken(), "POST", "/api/sim", { device, fault: fault.name, on: !fault.on, parameters: fault.on ? {} : parametersOf(device, fault.name) }));
  const mend = async () => {
    for (const { device, faults } of devices) for (const fault of faults) if (fault.on) await flip(device, fault);
  };
  return html`<main class="desk sim"><header><h1>Учебные устройства</h1><a class="quiet" href="/service">Сервис</a>
      <button type="button" data-testid="mend" onClick=${mend}>Починить всё</button></header>
    <p class="said">Имитация: здесь нет ни настоящих денег, ни настоящих чеков. Сломайте что-нибудь и посмотрите, что увидят гость и техник.</p>
    <p class="trouble" role="alert">${trouble}</p>
    ${devices.map(({ device, faults }) => html`<section class="card" key=${device}><h2>${DEVICES[device] ?? device}</h2><div class="faults">
      ${faults.map((/** @type {any} */ fault) => {
        const [name, hint] = WORDS[device]?.[fault.name] ?? [fault.name, ""];
        return html`<button type="button" key=${fault.name} class=${fault.on ? "fault on" : "fault"} role="switch" aria-checked=${fault.on} data-testid=${`fault-${device}-${fault.name}`} onClick=${() => flip(device, fault)}><b>${name}</b><small>${fault.on ? "сломано, нажмите, чтобы починить" : hint}</small></button>`;
      })}</div></section>`)}
  </main>`;
}

render(html`<${Panel} />`, /** @type {HTMLElement} */ (document.getElementById("page")));
