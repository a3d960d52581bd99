/** Plain words for what the server says to the technician. No I/O. */

const LIGHTS = /** @type {Record<string, string>} */ ({
  robot: "Робот", fiscal: "Касса", paper: "Бумага", drive: "Фискальный накопитель", ofd: "Очередь ОФД", clock: "Часы кассы",
  bank: "Банк", receipts: "Чеки", sms: "Очередь SMS", disk: "Диск", pages: "Экраны",
});
export const LEVELS = /** @type {Record<string, string>} */ ({ good: "в порядке", warn: "внимание", bad: "беда", unknown: "неизвестно" });
const PAPER = /** @type {Record<string, string>} */ ({ present: "есть", low: "кончается", out: "нет" });

/** @param {string} name a light's */
export function lightName(name) {
  if (name.startsWith("station_")) return `Станция ${name.slice("station_".length)}`;
  return name.startsWith("ofd:") ? `${LIGHTS.ofd}, касса ${name.slice("ofd:".length)}` : (LIGHTS[name] ?? name);
}

/** @param {{name: string, value: number|null, word: string|null, says?: {ru: string}|null}} light */
export function lightWords({ name, value, word, says }) {
  if (says) return says.ru;
  if (name === "paper") return PAPER[word ?? ""] ?? "нет связи";
  if (name === "drive" && value !== null) return `${value} дн.`;
  if (name === "clock" && value !== null) return `расходятся на ${value} с`;
  if (name === "sms" && value !== null) return `ждут: ${value}`;
  if (name === "disk" && value !== null) return `свободно ${(value / 1024).toFixed(1).replace(".", ",")} ГБ`;
  if (name === "pages" && value) return `молчат: ${value}`;
  return "";
}

export const MONEY = /** @type {Record<string, string>} */ ({ unknown: "деньги: неизвестно", charged: "деньги: списаны", returning: "деньги: возвращаются", none: "" });
const MOVES = /** @type {Record<string, string>} */ ({
  retry: "Повторить сейчас", refund: "Вернуть деньги", issue: "Чека нет: напечатать", adopt: "Этот чек наш", accept: "Всё как должно быть",
});
const WRITTEN_OFF = "written_off:";

/** Of food that staff threw away the money stays or goes: what is right there has words of its own. @param {{detail: string}} row @param {string} move */
export function moveWords({ detail }, move) {
  return move === "accept" && detail.startsWith(WRITTEN_OFF) ? "Деньги не возвращать" : (MOVES[move] ?? move);
}

export const ACTIONS = /** @type {Record<string, string>} */ ({
  sales_pause: "пауза продаж", sales_resume: "продажи открыты", refill: "бункер пополнен", stop_list: "стоп-лист", refund: "возврат",
  shift_open: "смена открыта", shift_close: "смена закрыта", x_report: "X-отчёт", webhooks: "вебхуки", order_status: "статус заказа", backup: "копия базы", robot_acknowledge: "аварийный стоп снят",
  cell_open: "ячейка открыта", cell_hand_out: "еда отдана гостю", cell_write_off: "еда списана", pickup_code: "новый код выдачи",
});
export const CELL_STATES = /** @type {Record<string, string>} */ ({
  free: "свободна", reserved: "ждёт готовое", filled: "с едой", open: "открыта", forgotten: "еду не забрали", locked: "неисправна или закрыта",
});
export const ORDER_STATES = /** @type {Record<string, string>} */ ({
  paid: "ждёт робота", cooking: "готовится", ready: "готов, ждёт гостя",
});
export const ENDPOINT_STATES = /** @type {Record<string, string>} */ ({ active: "работает", suspended: "не отвечает, пробуем снова", disabled: "отключён получателем" });
export const UNITS = /** @type {Record<string, string>} */ ({ g: "г", ml: "мл", pcs: "шт." });

const SWITCHED = /** @type {Record<string, string>} */ ({ stopped: "снято с продажи", resumed: "снова в продаже" });

/** What an act was about; a dish by its name. @param {{action: string, detail: string}} line @param {{item_id: string, name: string}[]} dishes */
export function detailWords({ action, detail }, dishes) {
  if (action !== "stop_list") return detail;
  const [id, state] = detail.split(" ");
  return `${dishes.find((dish) => dish.item_id === id)?.name ?? id}: ${SWITCHED[state] ?? state}`;
}

/** Who acted: the name given at the door, else the account on this computer. @param {string} actor */
export function actorWords(actor) {
  const [kind, name] = actor.split(":");
  return kind === "pin" ? (name || "персонал") : kind === "peer" ? `учётная запись ${name}` : actor;
}
