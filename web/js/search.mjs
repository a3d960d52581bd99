/**
 * Finds dishes by what a customer types: by any form of a word, ё like е, э like е, one letter wrong in a long word.
 * No I/O.
 */

/** From here on a word is long enough that one wrong letter still leaves it itself. */
const LONG = 5;
/** What is left of a word without its ending. */
const STEM = 3;
/** Endings of Russian nouns and adjectives, of English plurals; the longest that leaves a stem is taken off. */
const ENDINGS = [
  "иями ями ами ими ыми его ого ему ому иях иям ией ьями ьях ьям ах ях ам ям ом ем ой ей ою ею ов ев ий",
  "ый ая яя ое ее ые ие ую юю ых их ым им ия ию ии ья ье ью а я о е и ы у ю ь й s",
]
  .join(" ")
  .split(" ")
  .sort((a, b) => b.length - a.length);

/** @param {string} text */
export function folded(text) {
  return text.toLowerCase().replaceAll("ё", "е").replaceAll("э", "е").replaceAll("ъ", "").trim();
}

/**
 * A folded word without its ending, and without a vowel that comes and goes (напиток, напитки).
 * @param {string} word
 */
export function stemOf(word) {
  const ending = ENDINGS.find((end) => word.endsWith(end) && word.length - end.length >= STEM);
  return (ending ? word.slice(0, -ending.length) : word).replace(/(..)[ое]([кц])$/, "$1$2");
}

/** @param {string} text @returns {string[]} */
const wordsOf = (text) =>
  folded(text)
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean);

/**
 * Every dish in words, kept beside its menu.
 * @type {WeakMap<import("./cart.mjs").Menu, {item: import("./cart.mjs").Item, fields: [string[], number][]}[]>}
 */
const known = new WeakMap();

/** @param {import("./cart.mjs").Menu} menu */
function entriesOf(menu) {
  const found =
    known.get(menu) ??
    menu.categories.flatMap((c) => c.items.map((item) => ({ item, fields: fieldsOf(item, c.name, menu) })));
  known.set(menu, found);
  return found;
}

/**
 * Its name, its section, and what is told of it or is in it.
 * @param {import("./cart.mjs").Item} item
 * @param {string} section
 * @param {import("./cart.mjs").Menu} menu
 * @returns {[string[], number][]}
 */
function fieldsOf(item, section, menu) {
  const inside = item.composition.flatMap(
    ({ ingredient }) => menu.ingredients.find(({ id }) => id === ingredient)?.name ?? [],
  );
  return [
    [wordsOf(item.name), 3],
    [wordsOf(section), 2],
    [wordsOf([item.description, ...inside].join(" ")), 1],
  ];
}

/**
 * Every word must be one of the dish's; names before descriptions. Wrong letters are forgiven where nothing fits as
 * typed.
 * @param {import("./cart.mjs").Menu|null} menu
 * @param {string} text
 * @returns {import("./cart.mjs").Item[]}
 */
export function dishesFor(menu, text) {
  const wanted = wordsOf(text);
  if (!menu || !wanted.length) return [];
  for (const fits of [asTyped, nearly]) {
    const found = entriesOf(menu)
      .map(({ item, fields }) => ({ item, rank: rankOf(wanted, fields, fits) }))
      .filter(({ rank }) => rank > 0);
    if (found.length) return found.sort((a, b) => b.rank - a.rank).map(({ item }) => item);
  }
  return [];
}

/**
 * @param {string[]} wanted
 * @param {[string[], number][]} fields
 * @param {(word: string, part: string) => boolean} fits
 */
function rankOf(wanted, fields, fits) {
  return Math.min(
    ...wanted.map((word) =>
      Math.max(0, ...fields.map(([words, rank]) => (words.some((part) => fits(word, part)) ? rank : 0))),
    ),
  );
}

/** A word's beginning, or another form of it. @param {string} word @param {string} part */
function asTyped(word, part) {
  return part.startsWith(word) || (word.length > STEM && stemOf(part) === stemOf(word));
}

/** One letter is wrong, missing, too many, or two have changed places. @param {string} word @param {string} part */
function nearly(word, part) {
  if (asTyped(word, part)) return true;
  if (word.length < LONG) return false;
  const stem = stemOf(word);
  return (
    [part.slice(0, word.length - 1), part.slice(0, word.length), part.slice(0, word.length + 1)].some((start) =>
      isNear(word, start),
    ) ||
    (stem.length >= LONG - 1 && isNear(stem, stemOf(part)))
  );
}

/** Whether one step of Damerau's leads from one to the other. @param {string} a @param {string} b */
function isNear(a, b) {
  if (Math.abs(a.length - b.length) > 1) return false;
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  const [restA, restB] = [a.slice(at), b.slice(at)];
  return (
    restA.slice(1) === restB ||
    restA === restB.slice(1) ||
    restA.slice(1) === restB.slice(1) ||
    (restA[0] === restB[1] && restA[1] === restB[0] && restA.slice(2) === restB.slice(2))
  );
}
