/** Plain words for what the server says to the technician. No I/O. */

const LIGHTS = /** @type {Record<string, string>} */ ({
  robot: "Робот", fiscal: "Касса", paper: "Бумага", drive: "Фискальный накопитель", ofd: "Очередь ОФД", clock: "Часы кассы",
  bank: "Банк", receipts: "Чеки", sms: "Очередь SMS", disk: "Диск", pages: "Экраны",
});
export const LEVELS = /** @type {Record<string, string>} */ ({ good: "в порядке", warn: "внимание", bad: "беда", unknown: "неизвестно" });
const PAPER = /** @type {Record<string, string>} */ ({ present: "есть", low: "кончается", out: "нет" });

/** @param {string} name a light's */
export function lightName(name) {
  return name.startsWith("station_") ? `Станция ${name.slice("station_".length)}` : (LIGHTS[name] ?? name);
}

/** @param {{name: string, value: number|null, word: string|null, says?: string|null}} light */
export function lightWords({ name, value, word, says }) {
  if (says) return says;
  if (name === "paper") return PAPER[word ?? ""] ?? "нет связи";
  if (name === "drive" && value !== null) return `${value} дн.`;
  if (name === "ofd" && value !== null) return `не передано: ${value}`;
  if (name === "clock" && value !== null) return `расходятся на ${value} с`;
  if (name === "sms" && value !== null) return `ждут: ${value}`;
  if (name === "disk" && value !== null) return `свободно ${(value / 1024).toFixed(1).replace(".", ",")} ГБ`;
  if (name === "pages" && value) return `молчат: ${value}`;
  return word ?? "";
}

export const KINDS = /** @type {Record<string, string>} */ ({
  charge_unknown: "Банк не сказал, списаны ли деньги", receipt_held: "Оплачено, чека нет, не готовим", receipt_owed: "Оплачено и готовится, чек не напечатан",
  void_pending: "Банк не принимает отмену оплаты", refund_pending: "Возврат не прошёл до конца", refund_uncertain: "Возврат в банке под вопросом",
  correction_pending: "Чек исправлен не до конца",
  set_aside: "Программа не справилась, отложено: позовите поддержку",
  device_tripped: "Устройство не работает, продажа закрыта", portion_lost: "Порция не приготовлена, деньги не возвращены", finding: "Записи расходятся",
});
export const MONEY = /** @type {Record<string, string>} */ ({ unknown: "деньги: неизвестно", charged: "деньги: списаны", returning: "деньги: возвращаются", none: "" });
export const MOVES = /** @type {Record<string, string>} */ ({
  retry: "Повторить сейчас", refund: "Вернуть деньги", issue: "Чека нет: напечатать", adopt: "Этот чек наш", accept: "Всё как должно быть",
});
const WRITTEN_OFF = "written_off: ";

/** Food that staff threw away is a lost portion too, with words of its own. @param {{kind: string, detail: string}} row */
export function stuckWords({ kind, detail }) {
  if (kind !== "portion_lost" || !detail.startsWith(WRITTEN_OFF)) return { title: KINDS[kind] ?? kind, detail, moves: MOVES };
  return { title: "Готовая порция списана: вернуть ли деньги?", detail: detail.slice(WRITTEN_OFF.length), moves: { ...MOVES, accept: "Деньги не возвращать" } };
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
