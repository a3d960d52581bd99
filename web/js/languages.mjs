/** The languages that a guest may choose: what they call themselves, and whether this machine can show them. */

const LETTERS = 3;
const NO_LETTER = "\u{10ffff}";
const INK_SIDE = 32;

/** @type {Map<string, boolean>} */
const drawable = new Map();

/**
 * Whether a font of this machine has the letters in which a language names itself: one that nobody could read is not
 * offered. A letter that no font has looks as one that cannot be there. @param {string} code
 */
export function isReadable(code) {
  const known = drawable.get(code);
  if (known !== undefined) return known;
  const found =
    code === "ru" || code === "en" || [...calledBy(code).word].every((letter) => ink(letter) !== ink(NO_LETTER));
  drawable.set(code, found);
  return found;
}

/** The points of a letter. @param {string} letter */
function ink(letter) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = INK_SIDE;
  const pen = canvas.getContext("2d");
  if (!pen) return letter;
  pen.font = `${INK_SIDE / 2}px Onest, sans-serif`;
  pen.fillText(letter, 2, INK_SIDE * 0.7);
  return pen.getImageData(0, 0, INK_SIDE, INK_SIDE).data.join();
}

/** What a language calls itself, and the short form of it. @param {string} code */
export function calledBy(code) {
  const name = new Intl.DisplayNames([code], { type: "language" }).of(code) ?? code;
  const [first, ...rest] = name;
  const capital = first.toLocaleUpperCase(code);
  return { name: capital + rest.join(""), word: capital + rest.slice(0, LETTERS - 1).join("") };
}
