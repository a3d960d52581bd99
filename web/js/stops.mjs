/** The screen as a list of stops, in the order in which it is read: what each says, and what of it can be chosen. */

import { speechWords } from "./speech-words.mjs";
import { spelled, spoken } from "./spoken.mjs";

/**
 * `parts` are said together; `own`: of the screen itself, not of the strips around it, which are the same on every
 * screen.
 * @typedef {{element: Element, parts: Node[], label: string, own: boolean}} Stop
 */

/** One stop each, whatever is in it. */
const WHOLE =
  "button, output, h1, h2, h3, p, legend, li:not(:has(button)), dl > div, ol:has([aria-current=step]), [role=img]";
const STRIPS = ".top, .tools";

/** @param {Element} element */
export function isUnheard(element) {
  return element.getAttribute("aria-hidden") === "true" || !element.checkVisibility({ visibilityProperty: true });
}

/** What is read now: the uppermost dialog, else the page. @returns {Element|null} */
export function scopeNow() {
  return [...document.querySelectorAll("dialog[open]")].at(-1) ?? document.querySelector(".app");
}

/** @param {Element} scope @returns {Stop[]} those that say something */
export function stopsOf(scope) {
  const described = new Set([...scope.querySelectorAll("[aria-describedby]")].flatMap(describing));
  const children = [...scope.children];
  const [own, strips] = [
    children.filter((child) => !child.matches(STRIPS)),
    children.filter((child) => child.matches(STRIPS)),
  ];
  /** @type {Stop[]} */
  const found = [];
  for (const child of own) collect(child, found, described, true);
  for (const child of strips) collect(child, found, described, false);
  return found.filter(saysSomething);
}

/** An element by itself as stops. @param {Element} element @returns {Stop[]} */
export function stopsIn(element) {
  /** @type {Stop[]} */
  const found = [];
  collect(element, found, new Set(), true);
  return found.filter(saysSomething);
}

/** @param {Stop} stop */
function saysSomething({ element, parts }) {
  return element.hasAttribute("aria-label") || parts.some((part) => written(part).trim());
}

/** @param {Element} element @param {Stop[]} found @param {Set<Element>} described @param {boolean} own */
function collect(element, found, described, own) {
  if (isUnheard(element) || described.has(element)) return;
  const before = found.length;
  if (isOne(element)) found.push({ element, parts: [element], label: "", own });
  else collectInside(element, found, described, own);
  const label = element.matches(WHOLE) ? "" : element.getAttribute("aria-label");
  if (label && found[before]) found[before].label ||= label;
}

/** @param {Element} element */
function isOne(element) {
  return element.matches(WHOLE) || !element.querySelector(WHOLE);
}

/**
 * Neighbours with nothing to choose in them are said in one breath.
 * @param {Element} element
 * @param {Stop[]} found
 * @param {Set<Element>} described
 * @param {boolean} own
 */
function collectInside(element, found, described, own) {
  /** @type {Node[]} */
  let run = [];
  const end = () => {
    const first = run.find((node) => node instanceof Element) ?? element;
    if (run.length) found.push({ element: /** @type {Element} */ (first), parts: run, label: "", own });
    run = [];
  };
  for (const node of element.childNodes) {
    if (!(node instanceof Element)) {
      if (node.textContent?.trim()) run.push(node);
    } else if (isUnheard(node) || described.has(node)) continue;
    else if (!node.matches(WHOLE) && !node.querySelector(WHOLE)) run.push(node);
    else {
      end();
      collect(node, found, described, own);
    }
  }
  end();
}

/** The elements that say more about a button. @param {Element} element */
function describing(element) {
  return (element.getAttribute("aria-describedby") ?? "").split(" ").flatMap((id) => document.getElementById(id) ?? []);
}

/** The language of a stop: its own or the page's. @param {Element} element @returns {import("./texts.mjs").Language} */
export function languageOf(element) {
  return element.closest("[lang]")?.getAttribute("lang") === "en" ? "en" : "ru";
}

/** A stop in words: its label, its text, its state and kind. @param {Stop} stop */
export function wordsOf({ element, parts, label }) {
  const language = languageOf(element);
  const text =
    parts.length === 1 && parts[0] === element
      ? elementInWords(element, language)
      : sentence(parts.map(written).join("\n"), language);
  return label && !text.includes(spoken(label, language)) ? `${spoken(label, language)}: ${text}` : text;
}

/** @param {Element} element @param {import("./texts.mjs").Language} language */
function elementInWords(element, language) {
  const words = speechWords[language];
  const label = element.getAttribute("aria-label") ?? "";
  const text = sentence(written(element), language);
  if (element.matches("ol"))
    return words.now(label, sentence(element.querySelector("[aria-current=step]")?.textContent ?? "", language));
  if (element.matches("output"))
    return label.includes(text) && text
      ? spoken(label, language)
      : `${spoken(label, language)}: ${text || words.empty}`;
  if (element.matches("[role=img]")) return `${spoken(label, language)}, ${words.image}`;
  if (!element.matches("button")) return text;
  const more = describing(element).map((told) => sentence(written(told), language));
  return [label ? sentence(label, language) : text, ...more, ...statesOf(element, words)].filter(Boolean).join(", ");
}

/** @param {Element} button @param {import("./speech-words.mjs").SpeechWords} words */
function statesOf(button, words) {
  const is = (/** @type {string} */ name, value = "true") => button.getAttribute(name) === value;
  const role = button.getAttribute("role");
  const checked = is("aria-checked");
  return [
    (is("aria-pressed") || is("aria-current")) && words.chosen,
    role === "switch" && (checked ? words.on : words.off),
    role === "checkbox" && (checked ? words.ticked : words.notTicked),
    is("aria-expanded") && words.open,
    is("aria-expanded", "false") && words.folded,
    !button.matches(".key") && words.button,
    button.matches(":disabled") && words.disabled,
  ];
}

/** The text of what can be seen; a line break stands where a box ends. @param {Node} node @returns {string} */
function written(node) {
  if (node instanceof Text) return node.data.replace(/\s*\n\s*/g, " ");
  if (!(node instanceof Element) || isUnheard(node)) return "";
  if (node.matches("br")) return "\n";
  if (node.matches("[role=img]")) return node.getAttribute("aria-label") ?? "";
  const inside =
    node instanceof HTMLElement && node.dataset.say === "signs"
      ? spelled(node.textContent ?? "")
      : [...node.childNodes].map(written).join("");
  if (node.matches("dt")) return `\n${inside}:`;
  return getComputedStyle(node).display.startsWith("inline") ? inside : `\n${inside}\n`;
}

/** Lines as sentences, read out. @param {string} lines @param {import("./texts.mjs").Language} language */
function sentence(lines, language) {
  const said = lines
    .split("\n")
    .map((line) => spoken(line, language))
    .filter((line) => /[\p{L}\p{N}]/u.test(line));
  return said.join(". ").replace(/([.!?…:;,])\. /g, "$1 ");
}
