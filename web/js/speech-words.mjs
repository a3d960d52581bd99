/** What is only said and never shown: kinds and states of things, units in full, how the keys work. */

import { pluralEn, pluralRu } from "./format.mjs";

/**
 * @typedef {{button: string, image: string, chosen: string, ticked: string, notTicked: string, on: string, off: string,
 *   disabled: string, open: string, folded: string, empty: string, nothingHere: string, top: string, intro: string,
 *   minus: string, plus: string, about: string, number: string, equals: string, upTo: (from: string,
 *   to: string) => string, portions: (n: number) => string, endsWith: (digits: string) => string, now: (list: string,
 *   step: string) => string, kopecks: Unit, rouble: string, units: Record<string, Unit>}} SpeechWords
 * @typedef {(n: number) => string} Unit the noun for so many, whole or not
 */

/** @param {[string, string, string]} forms one, few, many @returns {Unit} */
const ru =
  (...forms) =>
  (n) =>
    pluralRu(n, forms);
/** @param {[string, string]} forms one, many @returns {Unit} */
const en =
  (...forms) =>
  (n) =>
    pluralEn(n, forms);

/** @type {Record<import("./texts.mjs").Language, SpeechWords>} */
export const speechWords = {
  ru: {
    button: "кнопка",
    image: "изображение",
    chosen: "выбрано",
    ticked: "отмечено",
    notTicked: "не отмечено",
    on: "включено",
    off: "выключено",
    disabled: "недоступно",
    open: "раскрыто",
    folded: "свёрнуто",
    empty: "пусто",
    nothingHere: "Здесь ничего нет.",
    top: "Начало экрана.",
    intro:
      "Чтение вслух включено. Клавиши: вниз — дальше, вверх — назад, ввод — выбрать, эф один — повторить. Пальцем: первое касание читает, второе выбирает.",
    minus: "минус",
    plus: "плюс",
    about: "примерно",
    number: "номер",
    equals: "— это",
    upTo: (from, to) => `от ${from} до ${to}`,
    portions: (n) => `${n} ${pluralRu(n, ["порция", "порции", "порций"])}:`,
    endsWith: (digits) => `номер, который кончается на ${digits}`,
    now: (list, step) => `${list}: сейчас ${step}`,
    kopecks: ru("копейка", "копейки", "копеек"),
    rouble: "рубли",
    units: {
      "₽": ru("рубль", "рубля", "рублей"),
      г: ru("грамм", "грамма", "граммов"),
      мл: ru("миллилитр", "миллилитра", "миллилитров"),
      ккал: ru("килокалория", "килокалории", "килокалорий"),
      "шт.": ru("штука", "штуки", "штук"),
      "%": ru("процент", "процента", "процентов"),
      // Times answer "how long, in how long": 1 минуту.
      мин: ru("минуту", "минуты", "минут"),
      с: ru("секунду", "секунды", "секунд"),
    },
  },
  en: {
    button: "button",
    image: "image",
    chosen: "chosen",
    ticked: "ticked",
    notTicked: "not ticked",
    on: "on",
    off: "off",
    disabled: "not available",
    open: "open",
    folded: "folded",
    empty: "empty",
    nothingHere: "There is nothing here.",
    top: "Top of the screen.",
    intro:
      "Reading aloud is on. Keys: down for next, up for back, Enter to choose, F 1 to repeat. By finger: the first touch reads, the second one chooses.",
    minus: "minus",
    plus: "plus",
    about: "about",
    number: "number",
    equals: "is",
    upTo: (from, to) => `${from} to ${to}`,
    portions: (n) => `${n} ${pluralEn(n, ["portion", "portions"])} of`,
    endsWith: (digits) => `the number ending in ${digits}`,
    now: (list, step) => `${list}: now ${step}`,
    kopecks: en("kopeck", "kopecks"),
    rouble: "roubles",
    units: {
      "₽": en("rouble", "roubles"),
      g: en("gram", "grams"),
      ml: en("millilitre", "millilitres"),
      kcal: en("kilocalorie", "kilocalories"),
      pcs: en("piece", "pieces"),
      "%": en("per cent", "per cent"),
      min: en("minute", "minutes"),
      s: en("second", "seconds"),
    },
  },
};
