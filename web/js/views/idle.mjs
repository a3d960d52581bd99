/** Notices that nobody touches the screen: a warning with a countdown, then everything is forgotten. */

import { useEffect, useRef, useState } from "preact/hooks";
import { chirp } from "../chime.mjs";
import { useHeard } from "../heard.mjs";
import { html } from "../html.mjs";
import { useNow, usePart } from "./context.mjs";
import { IdleDialog } from "./dialogs.mjs";

const MENU_MS = 45_000;
/** Reading about allergens takes longer than tapping. */
const SHEET_MS = 90_000;
const UNHURRIED = new Set(["points", "seller", "history"]);
const WARNING_MS = 20_000;
/** Who listens hears the warning first. */
const WARNING_ALOUD_MS = 60_000;

/**
 * Where silence means that the customer has left; a payment in flight and the number have their own clocks.
 * @param {import("../store.mjs").State} state
 */
function watched({ screen, payment, offline, busy }) {
  if (offline || busy) return false;
  return (
    ["service", "menu", "cart", "points", "track", "seller", "history"].includes(screen) ||
    (screen === "payment" && payment?.phase === "failed")
  );
}

export function Idle() {
  const { on, screen, phase, step, unhurried, aloud, actions } = usePart((state) => ({
    language: state.language,
    on: watched(state),
    screen: state.screen,
    phase: state.payment?.phase,
    step: state.member?.step,
    aloud: state.aloud,
    unhurried: state.sheet !== null || UNHURRIED.has(state.screen),
  }));
  const now = useNow(on);
  const touched = useLastTouch();
  const [, redraw] = useState(0);
  const limit = unhurried ? SHEET_MS : MENU_MS;
  const warning = aloud ? WARNING_ALOUD_MS : WARNING_MS;
  useEffect(() => {
    touched.current = Date.now();
  }, [on, screen, phase, step]);
  const idle = now - touched.current - limit;
  const warned = on && idle >= 0;
  const over = on && idle >= warning;
  useEffect(() => {
    if (warned) chirp();
  }, [warned]);
  useEffect(() => {
    if (over) void actions.abandon();
  }, [over]);
  if (!warned || over) return null;
  const stay = () => {
    touched.current = Date.now();
    redraw(touched.current);
  };
  return html`<${IdleDialog} left=${Math.ceil((warning - idle) / 1000)} stay=${stay} leave=${actions.abandon} />`;
}

/** When the customer last did something.  */
function useLastTouch() {
  const touched = useRef(Date.now());
  useHeard(() => {
    // The warning's own words are no answer to it.
    if (!document.querySelector(".notice-dialog")) touched.current = Date.now();
  });
  useEffect(() => {
    const mark = (/** @type {Event} */ event) => {
      // The warning's own buttons say what they mean: a finger on "start over" must not close it first.
      if (event.target instanceof Element && event.target.closest(".notice-dialog")) return;
      touched.current = Date.now();
    };
    const kinds = ["pointerdown", "keydown", "wheel"];
    for (const kind of kinds) addEventListener(kind, mark, { passive: true });
    return () => {
      for (const kind of kinds) removeEventListener(kind, mark);
    };
  }, []);
  return touched;
}
