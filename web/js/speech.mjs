/** The screen read aloud by the browser's own synthesiser, where it has one: headings, what has the focus, what is tapped. */

import { useEffect } from "preact/hooks";
import { usePart } from "./views/context.mjs";

const VOICES = { ru: "ru-RU", en: "en-US" };
const NAMED = "button, output, h1, h2, [role=alert], [role=status], [role=switch]";
const SETTLE_MS = 250;

/** @param {string} words @param {import("./texts.mjs").Language} language */
function say(words, language) {
  if (!words.trim()) return;
  const utterance = new SpeechSynthesisUtterance(words.replaceAll("₽", language === "ru" ? "рублей" : "roubles").replaceAll("_", " "));
  utterance.lang = VOICES[language];
  speechSynthesis.cancel();
  speechSynthesis.speak(utterance);
}

/** An element in words: its label, its text, its state. @param {Element} element */
function wordsOf(element) {
  const label = element.getAttribute("aria-label") ?? "";
  const text = element instanceof HTMLElement ? element.innerText : "";
  return element.matches("output") ? `${label}: ${text}` : label || text;
}

/** What a new screen says of itself: its heading and the sentence under it. */
function screenInWords() {
  const place = document.querySelector("dialog[open]") ?? document.querySelector("main, .menu-body");
  return [...(place?.querySelectorAll("h1, h2, .lead, .note, [role=alert]") ?? [])].slice(0, 4).map((e) => (e instanceof HTMLElement ? e.innerText : "")).join(". ");
}

/** Silent until it is switched on; switching it off stops in mid-word. */
export function Speech() {
  const { aloud, language, screen, payment, sheet, member, track, section, t } = usePart(
    ({ aloud, language, screen, payment, sheet, member, track, menu }) => ({
      aloud, language, screen, payment, sheet, member, track, section: menu?.categories[0]?.name, // a new language's menu comes later
    }));
  useEffect(() => {
    if (!aloud) return undefined;
    const told = (/** @type {Event} */ event) => {
      const named = event.target instanceof Element ? event.target.closest(NAMED) : null;
      if (named && !named.matches("h1")) say(wordsOf(named), language);
    };
    addEventListener("focusin", told);
    addEventListener("pointerdown", told);
    return () => {
      removeEventListener("focusin", told);
      removeEventListener("pointerdown", told);
      speechSynthesis.cancel();
    };
  }, [aloud, language]);
  useEffect(() => {
    if (!aloud) return undefined;
    const timer = setTimeout(() => say(screenInWords(), language), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [aloud, language, screen, payment?.phase, payment?.phase === "working" && payment.stage, sheet?.itemId, member?.step, track?.order?.status, section, t]);
  return null;
}
