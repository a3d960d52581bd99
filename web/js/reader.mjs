/**
 * Reads the screen to whoever cannot see it: a new screen from its heading to its end, a change when it happens; four
 * keys walk
 * over it, and nothing is chosen that was not said first. It looks at the page only, so every screen is read alike.
 */

import { speechWords } from "./speech-words.mjs";
import { languageOf, scopeNow, stopsIn, stopsOf, wordsOf } from "./stops.mjs";
import { createVoice } from "./voice.mjs";

/** @typedef {import("./stops.mjs").Stop} Stop */

/** The accessible keypad's keys; the last one also begins the reading (`speech.mjs`). */
const KEYS = /** @type {const} */ ({
  ArrowDown: "next",
  ArrowRight: "next",
  ArrowUp: "back",
  ArrowLeft: "back",
  Enter: "choose",
  F1: "repeat",
});
const SETTLE_MS = 120;
const LIVE = "[role=alert], [role=status], output";
const WATCHED = ["aria-pressed", "aria-checked", "aria-current", "aria-expanded", "disabled", "open"];

/** Starts at once. @returns {() => void} ends it, in mid-word if need be */
export function readAloud() {
  const voice = createVoice();
  /**
   * Where each screen and dialog was left.
   * @type {WeakMap<Element, {title: string, at: Element|null, index: number, words: string,
   *   live: Map<Element, string>}>}
   */
  const places = new WeakMap();
  /** @type {Element|null} */
  let here = null;
  let shown = "";
  /** The stop that the customer came to by himself and has heard named: it may be chosen. @type {Element|null} */
  let armed = null;
  /** Said after the present phrase. @type {[string, Element][]} */
  let pending = [];
  let readingOn = false;
  let acted = false;
  let tabbing = false;
  let settling = 0;

  const place = () => (here && places.get(here)) ?? null;
  const list = () => {
    const scope = scopeNow();
    return scope ? stopsOf(scope) : [];
  };

  /** @param {string} words @param {Element} element whose language they are in */
  function say(words, element) {
    voice.say(words, languageOf(element), goOn);
  }

  /** After a phrase: what has waited, then the rest of the screen. */
  function goOn() {
    const waiting = pending.shift();
    if (waiting) return say(...waiting);
    if (!readingOn) return;
    const stops = list();
    const next = stops[indexOf(stops) + 1];
    if (next?.own) return visit(next, stops);
    readingOn = false;
  }

  /** Where the customer is among the stops; if that one is gone, where it was. @param {Stop[]} stops */
  function indexOf(stops) {
    const now = place();
    const found = stops.findIndex(({ element }) => element === now?.at);
    return found >= 0 ? found : Math.min(now?.index ?? 0, stops.length - 1);
  }

  /** @param {Stop} stop @param {Stop[]} stops @param {string} before */
  function visit(stop, stops, before = "") {
    const now = place();
    const words = wordsOf(stop);
    now?.at?.removeAttribute("data-heard");
    if (now) Object.assign(now, { at: stop.element, index: stops.indexOf(stop), words });
    stop.element.setAttribute("data-heard", "");
    stop.element.scrollIntoView({ block: "nearest" });
    if (stop.element instanceof HTMLButtonElement && !stop.element.disabled)
      stop.element.focus({ preventScroll: true });
    say(before + words, stop.element);
  }

  /** A move of the customer's own. @param {Stop|undefined} stop @param {Stop[]} stops @param {string} before */
  function come(stop, stops, before = "") {
    if (!stop) return;
    readingOn = false;
    pending = [];
    armed = stop.element;
    visit(stop, stops, before);
  }

  const moves = {
    next: () => {
      const stops = list();
      const at = indexOf(stops) + 1;
      const over = at >= stops.length;
      come(stops[over ? 0 : at], stops, over && stops[0] ? `${speechWords[languageOf(stops[0].element)].top} ` : "");
    },
    back: () => {
      const stops = list();
      const at = indexOf(stops);
      come(stops[at > 0 ? at - 1 : stops.length - 1], stops);
    },
    repeat: () => {
      const stops = list();
      come(stops[Math.max(0, indexOf(stops))], stops);
    },
    choose: () => {
      const stops = list();
      const stop = stops[Math.max(0, indexOf(stops))];
      if (!stop || stop.element !== armed || !(stop.element instanceof HTMLButtonElement) || stop.element.disabled)
        return come(stop, stops);
      readingOn = false;
      acted = true;
      stop.element.click();
    },
  };

  /** @param {KeyboardEvent} event */
  function pressed(event) {
    tabbing = event.key === "Tab";
    const move = KEYS[/** @type {keyof typeof KEYS} */ (event.key)];
    if (!move || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    moves[move]();
  }

  /** A finger: what it has touched is said; once more, and it acts. @param {Event} event */
  function touched(event) {
    if (!event.isTrusted || !(event.target instanceof Element)) return;
    const stops = list();
    const stop = stopUnder(event.target, stops);
    const acts = stop && stop.element === armed;
    acted = acted || Boolean(acts);
    if (acts) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (stop) return come(stop, stops);
    readingOn = false;
    say(speechWords[languageOf(event.target)].nothingHere, event.target);
  }

  /** The Tab of a full keyboard moves as well. @param {Event} event */
  function focused({ target }) {
    if (!tabbing || !(target instanceof Element)) return;
    tabbing = false;
    const stops = list();
    come(
      stops.find(({ element }) => element === target),
      stops,
    );
  }

  /** The page was drawn anew: another screen is read, what has changed on this one is said. */
  function settled() {
    settling = 0;
    const scope = scopeNow();
    const screen = scope?.matches("dialog") ? scope : scope?.querySelector("main");
    if (!scope || !screen) return;
    const title = titleOf(screen);
    const known = places.get(screen);
    if (known?.title !== title) return open(scope, screen, title);
    const told = changes(scope, known.live, acted);
    if (screen !== here) return comeBack(screen, told);
    tell(told);
  }

  /** @param {Element} scope @param {Element} screen @param {string} title @param {string} before said first */
  function open(scope, screen, title, before = "") {
    const first = firstOf(stopsOf(scope), screenName() !== shown);
    place()?.at?.removeAttribute("data-heard");
    places.set(screen, { title, at: null, index: first - 1, words: "", live: new Map(liveIn(scope)) });
    here = screen;
    shown = screenName();
    armed = null;
    acted = false;
    pending = [];
    readingOn = true;
    if (before) say(before, screen);
    else goOn();
  }

  /**
   * A dialog has closed: what it has changed, then the place that was left for it.
   * @param {Element} screen
   * @param {Told[]} told
   */
  function comeBack(screen, told) {
    here = screen;
    armed = null;
    acted = false;
    readingOn = false;
    const stops = list();
    const stop = stops[indexOf(stops)];
    pending = told.map(({ words, element }) => [words, element]);
    if (pending.length && stop) pending.push([wordsOf(stop), stop.element]);
    const now = pending.shift();
    if (now) say(...now);
    else if (stop) visit(stop, stops);
  }

  /** @param {Told[]} told */
  function tell(told) {
    const urgent = told.some(({ isAlert }) => isAlert);
    if (told.length) acted = false;
    else if (acted) return tellOfChosen();
    pending.push(...told.map(({ words, element }) => /** @type {[string, Element]} */ ([words, element])));
    if (urgent) {
      readingOn = false;
      voice.stop();
    }
    if (pending.length && !voice.isSpeaking()) goOn();
  }

  /** Nothing else was said of it: the chosen thing says how it stands now. */
  function tellOfChosen() {
    const stops = list();
    const stop = stops[indexOf(stops)];
    if (!stop || wordsOf(stop) === place()?.words) return;
    acted = false;
    come(stop, stops);
  }

  const watch = new MutationObserver(() => {
    settling ||= setTimeout(settled, SETTLE_MS);
  });
  addEventListener("keydown", pressed, true);
  addEventListener("click", touched, true);
  addEventListener("focusin", focused);
  watch.observe(document.body, {
    childList: true,
    subtree: true,
    characterData: true,
    attributes: true,
    attributeFilter: WATCHED,
  });
  const scope = scopeNow();
  const screen = scope?.querySelector("main") ?? scope;
  if (scope && screen) open(scope, screen, titleOf(screen), speechWords[languageOf(screen)].intro);

  return () => {
    watch.disconnect();
    clearTimeout(settling);
    removeEventListener("keydown", pressed, true);
    removeEventListener("click", touched, true);
    removeEventListener("focusin", focused);
    place()?.at?.removeAttribute("data-heard");
    voice.stop();
  };
}

/** @typedef {{words: string, element: Element, isAlert: boolean}} Told */

const screenName = () => document.querySelector("[data-screen]")?.getAttribute("data-screen") ?? "";

/** @param {Element} screen */
function titleOf(screen) {
  return screen.querySelector("h1, h2")?.textContent ?? screen.getAttribute("aria-label") ?? "";
}

/**
 * Where the reading begins: at the heading; on another screen at the sections that stand before it.
 * @param {Stop[]} stops
 * @param {boolean} another
 */
function firstOf(stops, another) {
  const sections = another ? stops.findIndex(({ element, own }) => own && element.closest("nav")) : -1;
  const heading = stops.findIndex(({ element }) => element.matches("h1, h2"));
  const first = Math.max(0, sections >= 0 ? sections : heading);
  // The first screen's button says its heading itself.
  const next = stops[first + 1];
  return next && wordsOf(next).startsWith(wordsOf(stops[first])) ? first + 1 : first;
}

/** What speaks up by itself, with its present words. @param {Element} scope @returns {[Element, string][]} */
function liveIn(scope) {
  return [...scope.querySelectorAll(LIVE)].map((element) => [element, textIn(element)]);
}

/** What is told of an element: its words without its buttons. @param {Element} element */
function textIn(element) {
  return stopsIn(element)
    .filter((stop) => !stop.element.matches("button"))
    .map(wordsOf)
    .join(". ");
}

/**
 * @param {Element} scope @param {Map<Element, string>} live brought up to date
 * @param {boolean} acted fields are only told of when the customer has changed them
 * @returns {Told[]}
 */
function changes(scope, live, acted) {
  return liveIn(scope).flatMap(([element, words]) => {
    const before = live.get(element) ?? "";
    live.set(element, words);
    if (!words || words === before || (element.matches("output") && !acted)) return [];
    const more = before && words.startsWith(before) ? words.slice(before.length).replace(/^[\s.,]+/, "") : words;
    return more ? [{ words: more, element, isAlert: element.matches("[role=alert]") }] : [];
  });
}

/** @param {Element} target @param {Stop[]} stops */
function stopUnder(target, stops) {
  return stops.find(({ parts }) => parts.some((part) => part.contains(target))) ?? describedBy(target, stops);
}

/** The price under a dish is said with the dish. @param {Element} target @param {Stop[]} stops */
function describedBy(target, stops) {
  const told = target.closest("[id]");
  return told
    ? stops.find(({ element }) => element.getAttribute("aria-describedby")?.split(" ").includes(told.id))
    : undefined;
}
