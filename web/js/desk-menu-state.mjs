/** What the menu's section knows: what is sold, the draft, who else changes it, and what is typed but not saved. */

import { useEffect, useRef, useState } from "preact/hooks";
import { changedBetween } from "./menu-words.mjs";
import { staffCall } from "./staff.mjs";

const REFRESH_MS = 20_000;

/**
 * @typedef {{by: string, changed_at: string, changed: import("./menu-words.mjs").Difference[],
 *   undone: import("./menu-words.mjs").Difference[], gone: boolean}} Foreign what another did to the draft in sight
 * @typedef {import("./menu-fields.mjs").Typed} Typed
 * @typedef {ReturnType<typeof useMenu>} MenuState
 */

/**
 * Asked again when `last` changes, which every act of anybody does.
 * @param {string} token
 * @param {unknown} last
 */
export function useMenu(token, last) {
  const [sold, setSold] = useState(/** @type {any} */ (null));
  const [draft, setDraft] = useState(/** @type {any} */ (null));
  const [foreign, setForeign] = useState(/** @type {Foreign|null} */ (null));
  const [published, setPublished] = useState(/** @type {any} */ (null)); // what has just become of the draft
  const [typed, setTyped] = useState(/** @type {Record<string, Typed>} */ ({}));
  /** @type {[Record<string, "mine"|"theirs">, any]} whose value stands, by place, where a newer menu changed it too */
  const [choices, setChoices] = useState({});
  const seen = useRef(/** @type {{draft: any, revision: number}} */ ({ draft: null, revision: 0 }));
  const turn = useRef(0); // of the newest question: an older one's answer says nothing any more

  /** @param {any} view @param {number} revision */
  const keep = (view, revision) => {
    seen.current = { draft: view, revision };
    setDraft(view);
  };
  /** Nothing where the answer is not wanted any more. @param {string} path @param {number} mine */
  const ask = async (path, mine) => {
    const answer = await staffCall(token, "GET", `/api/service/menu/${path}`);
    return mine === turn.current && answer.ok ? answer.body : null;
  };
  const load = async () => {
    turn.current += 1;
    const mine = turn.current;
    const document = await ask("document", mine);
    if (!document) return;
    const { draft: head, revision } = document;
    const before = seen.current.draft;
    const known = head?.edit === before?.edit && revision === seen.current.revision;
    const view = known ? before : head && (await ask("draft", mine));
    if (head && !view) return;
    if (view?.newer?.revision !== before?.newer?.revision) setChoices({});
    if (before && view?.edit !== before.edit) setForeign(foreignOf(before, view));
    setSold(document);
    keep(view, revision);
  };
  useEffect(() => {
    void load();
    const timer = setInterval(load, REFRESH_MS);
    return () => {
      turn.current += 1;
      clearInterval(timer);
    };
  }, [token, last]);

  return {
    sold,
    draft,
    foreign,
    typed,
    published,
    choices,
    load,
    forget: () => setForeign(null),
    /** Our own act made the draft so; null: it is no more. @param {any} view */
    take: (view) => {
      turn.current += 1;
      setForeign(null);
      keep(view, seen.current.revision);
      if (!view) void load();
    },
    /** @param {string} key of a row @param {Typed|null} fresh null: it is saved or dropped */
    type: (key, fresh) => setTyped(({ [key]: _, ...others }) => (fresh ? { ...others, [key]: fresh } : others)),
    /** @param {string|null} key of a place; null: of none any more @param {"mine"|"theirs"} [side] */
    choose: (key, side) => setChoices((/** @type {any} */ others) => (key === null ? {} : { ...others, [key]: side })),
    /** @param {string[]} keys of places @param {"mine"|"theirs"} side */
    chooseAll: (keys, side) => setChoices(Object.fromEntries(keys.map((key) => [key, side]))),
    /** @param {any} revision */
    tell: (revision) => setPublished(revision),
    dropAll: () => setTyped({}),
  };
}

/** @param {any} before @param {any} after null: there is none any more @returns {Foreign} */
function foreignOf(before, after) {
  if (!after) return { by: "", changed_at: "", changed: [], undone: [], gone: true };
  return { by: after.by, changed_at: after.changed_at, gone: false, ...changedBetween(before, after) };
}
