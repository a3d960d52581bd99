/** A small menu for the modules' tests, and numbers that look like chance and are the same each time. */

/** @typedef {import("../../../web/js/cart.mjs").Item} Item */
/** @typedef {import("../../../web/js/cart.mjs").Option} Option */

const NOTHING = { kcal: 0, protein_g: 0, fat_g: 0, carbohydrate_g: 0 };

/** @param {string} id @param {number} price_kopecks @param {Partial<Option>} [more] @returns {Option} */
export function option(id, price_kopecks = 0, more = {}) {
  const own = { composition: [], allergens: [], traces: [], weight_g: 0, nutrition: NOTHING };
  return { id, name: id, price_kopecks, available: true, item_id: null, ...own, ...more };
}

/** @param {string} id @param {number} price_kopecks @param {Partial<Item>} [more] @returns {Item} */
export function dish(id, price_kopecks, more = {}) {
  return {
    id,
    name: id,
    description: "",
    price_kopecks,
    available: true,
    unavailable_reason: null,
    image: `/assets/images/${id}.webp`,
    weight_g: 0,
    allergens: [],
    traces: [],
    tags: [],
    nutrition: NOTHING,
    composition: [],
    cooking: [],
    modifier_groups: [],
    yield: 1,
    saving_kopecks: 0,
    ...more,
  };
}

/** @param {string} id @param {number} least @param {number} most @param {Option[]} options */
export function group(id, least, most, options) {
  return { id, name: id, min: least, max: most, options };
}

/** Noodles with a sauce to choose and extras, tea, and a combo of both. @param {Partial<Item>} [noodles] changes */
export function menuWith(noodles = {}) {
  const egg = { composition: [{ ingredient: "egg", amount: 1, unit: "pcs" }] };
  const cheese = { composition: [{ ingredient: "cheese", amount: 30, unit: "g" }] };
  const groups = [
    group("sauce", 1, 1, [option("teriyaki"), option("chili", 2_000)]),
    group("extra", 0, 2, [option("egg", 4_050, egg), option("cheese", 6_000, cheese)]),
  ];
  const composition = [
    { ingredient: "wheat", amount: 200, unit: "g" },
    { ingredient: "chicken", amount: 100, unit: "g" },
  ];
  const tea = [{ ingredient: "leaves", amount: 250, unit: "ml" }];
  const dishes = [
    dish("udon", 35_000, { name: "Удон с курицей", modifier_groups: groups, composition, yield: 0.9, ...noodles }),
    dish("soba", 32_000, { name: "Соба с овощами", description: "Лапша из гречки" }),
    dish("ramen", 41_000, { name: "Рамен", available: true }),
  ];
  const drinks = [
    dish("tea", 9_000, { name: "Чай зелёный", composition: tea, tags: ["drink"] }),
    dish("cola", 12_000, { name: "Кола", available: false, unavailable_reason: "sold_out" }),
  ];
  const places = [
    group("main", 1, 1, [option("main-udon", 0, { item_id: "udon" }), option("main-soba", 0, { item_id: "soba" })]),
    group("drink", 1, 1, [option("drink-tea", 0, { item_id: "tea" }), option("drink-cola", 0, { item_id: "cola" })]),
  ];
  const lunch = dish("lunch", 38_000, { name: "Обед", modifier_groups: places });
  return {
    version: 1,
    categories: [
      { id: "noodles", name: "Лапша", image: "", items: dishes },
      { id: "drinks", name: "Напитки", image: "", items: drinks },
      { id: "combos", name: "Комбо", image: "", items: [lunch] },
    ],
    ingredients: [
      ingredient("wheat", "Пшеница", "plant", ["gluten"], [340, 11, 1.5, 70]),
      ingredient("chicken", "Курица", "meat", [], [165, 31, 3.6, 0]),
      { ...ingredient("egg", "Яйцо", "animal", ["egg"], [155, 13, 11, 1.1]), grams_per_unit: 50 },
      ingredient("cheese", "Сыр", "animal", ["milk"], [400, 25, 33, 1]),
      ingredient("leaves", "Чайный лист", "plant", [], [1, 0, 0, 0]),
    ],
    allergens: [
      { id: "gluten", name: "глютен" },
      { id: "milk", name: "молоко" },
      { id: "egg", name: "яйцо" },
    ],
  };
}

/**
 * @param {string} id
 * @param {string} name
 * @param {string} origin
 * @param {string[]} allergens
 * @param {number[]} of100g kilocalories, grams of protein, fat and carbohydrate
 */
function ingredient(id, name, origin, allergens, [kcal, protein_g, fat_g, carbohydrate_g]) {
  const nutrition = { kcal, protein_g, fat_g, carbohydrate_g };
  return { id, name, allergens, nutrition, grams_per_unit: 1, origin, spicy: false };
}

/**
 * A generator of Lehmer's: the same numbers at each run.
 * @param {number} [seed]
 * @returns {(below: number) => number} whole, 0 … below − 1
 */
export function chance(seed = 20_261) {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}
