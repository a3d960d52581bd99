/** What goes over the lines to registrars and robot, in hex: for ten minutes, to whoever services them. */

import { useTold } from "./desk-lots.mjs";
import { html } from "./html.mjs";
import { useWords } from "./staff-language.mjs";

const REFRESH_MS = 2_000;
const SHOWN = 100;
const SECONDS = 60;

/** @param {{token: string, last: unknown, act: import("./desk-parts.mjs").Act}} props */
export function Traffic({ token, last, act }) {
  const t = useWords().t.traffic;
  const told = useTold(token, "traffic", last, REFRESH_MS);
  return html`<section class="card" data-testid="traffic"><h2>${t.title}</h2><p>${t.lead}</p>
    ${told?.lines.map(
      (/** @type {any} */ line) => html`<div key=${line.device}><div class="person-acts"><b>${line.device}</b>
          <button type="button" class="quiet" data-testid=${`listen-${line.device}`}
            onClick=${() => act(t.act(line.device), "traffic", { device: line.device, on: !line.left_s })}>${
              line.left_s ? t.off(Math.ceil(line.left_s / SECONDS)) : t.on
            }</button></div>
        ${
          line.pieces.length > 0 &&
          html`<ol class="log-lines" data-testid=${`heard-${line.device}`}>${line.pieces
            .slice(-SHOWN)
            .reverse()
            .map(
              (/** @type {any} */ piece, /** @type {number} */ i) => html`<li key=${i}>
                <b>${piece.at.slice("2026-11-30T".length, -1)} ${piece.sent ? "→" : "←"}</b> ${piece.hex}</li>`,
            )}</ol>`
        }</div>`,
    )}</section>`;
}
