/** The words of the panel at the cells, in both languages. */

import { pluralEn, pluralRu } from "./format.mjs";

export const words = {
  ru: {
    title: "Заберите заказ",
    lead: "Введите номер заказа и код из четырёх цифр.",
    forgot:
      "Код на талоне с чеком и в SMS. Забыли — его покажет «Мой заказ» на экране заказа, по чеку. Или подойдите к сотруднику.",
    open: "Открыть ячейку",
    clear: "Начать сначала",
    opened: (/** @type {number} */ n) => (n > 1 ? "Ячейки открыты" : "Ячейка открыта"),
    take: "Заберите еду. Приятного аппетита!",
    done: "Готово",
    backIn: (/** @type {number} */ s) => `Экран очистится через ${s}\u00a0с`,
    wrong: "Номер и код не подходят. Введите код ещё раз.",
    wrongLeft: (/** @type {number} */ n) =>
      `Номер и код не подходят. Введите код ещё раз: без ожидания ${pluralRu(n, ["осталась", "осталось", "осталось"])} ${n}\u00a0${pluralRu(n, ["попытка", "попытки", "попыток"])}.`,
    wrongWait: (/** @type {number} */ s) =>
      `Номер и код не подходят. Следующая попытка через ${s}\u00a0${pluralRu(s, ["секунду", "секунды", "секунд"])}.`,
    wait: (/** @type {number} */ s) =>
      `Слишком много попыток. Подождите ${s}\u00a0${pluralRu(s, ["секунду", "секунды", "секунд"])}.`,
    offline: "Связи нет. Попробуйте ещё раз через минуту или подойдите к сотруднику.",
    stuck: "Ячейка не открылась. Подойдите, пожалуйста, к сотруднику.",
    states: /** @type {Record<string, string>} */ ({
      paid: "Заказ ещё готовится. Когда он будет готов, номер станет зелёным на табло.",
      cooking: "Заказ ещё готовится. Когда он будет готов, номер станет зелёным на табло.",
      ready: "Сейчас забрать нечего. Подойдите, пожалуйста, к сотруднику.",
      completed: "Заказ уже выдан. Если его взяли не вы, подойдите к сотруднику.",
      refunded: "Деньги за этот заказ возвращаются.",
      other: "Этот заказ не оплачен.",
    }),
  },
  en: {
    title: "Collect your order",
    lead: "Enter your order number and the four-digit code.",
    forgot:
      'The code is on the slip with the receipt and in the SMS. Forgotten? "My order" on the ordering screen shows it against the receipt. Or see the staff.',
    open: "Open the cell",
    clear: "Start again",
    opened: (/** @type {number} */ n) => (n > 1 ? "The cells are open" : "The cell is open"),
    take: "Take your food. Enjoy your meal!",
    done: "Done",
    backIn: (/** @type {number} */ s) => `The screen clears in ${s}\u00a0s`,
    wrong: "Number and code do not match. Enter the code again.",
    wrongLeft: (/** @type {number} */ n) =>
      `Number and code do not match. Enter the code again: ${n}\u00a0${pluralEn(n, ["try", "tries"])} left without a wait.`,
    wrongWait: (/** @type {number} */ s) =>
      `Number and code do not match. The next try is possible in ${s}\u00a0${pluralEn(s, ["second", "seconds"])}.`,
    wait: (/** @type {number} */ s) => `Too many tries. Wait ${s}\u00a0${pluralEn(s, ["second", "seconds"])}.`,
    offline: "No connection. Try again in a minute or see the staff.",
    stuck: "The cell did not open. Please see the staff.",
    states: /** @type {Record<string, string>} */ ({
      paid: "The order is still cooking. When it is ready, its number turns green on the board.",
      cooking: "The order is still cooking. When it is ready, its number turns green on the board.",
      ready: "There is nothing to take now. Please see the staff.",
      completed: "The order has been taken. If it was not you, see the staff.",
      refunded: "The money for this order is on its way back.",
      other: "This order is not paid.",
    }),
  },
};

/** @typedef {typeof words.ru} PickupWords */

/**
 * @param {import("./store.mjs").Trouble & {orderStatus?: string}} trouble
 * @param {PickupWords} t
 * @param {number} left seconds still to wait
 */
export function troubleText(trouble, t, left) {
  if (trouble.code === "wrong_code")
    return left > 0 ? t.wrongWait(left) : trouble.attemptsLeft ? t.wrongLeft(trouble.attemptsLeft) : t.wrong;
  if (trouble.code === "too_many_requests") return left > 0 ? t.wait(left) : "";
  if (trouble.code === "order_state") return t.states[trouble.orderStatus ?? ""] ?? t.states.other;
  return trouble.code === "offline" ? t.offline : t.stuck;
}
