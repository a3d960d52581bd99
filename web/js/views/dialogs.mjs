/** What comes above a screen: the dish, "are you still here", lost connection, short notes about the cart. */

import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { itemsById, keyOf, MAX_LINES, MAX_PORTIONS, MAX_QUANTITY } from "../cart.mjs";
import { html } from "../html.mjs";
import { usePart, useTexts } from "./context.mjs";
import { Picture } from "./parts.mjs";

const TOAST_MS = 6_000;
const LIMITS = { kind: MAX_QUANTITY, portions: MAX_PORTIONS, lines: MAX_LINES };

/** A modal of the browser's own: the rest of the page is inert, Escape closes. @param {any} props */
export function Dialog({ children, class: name = "", label, close, role = "dialog", live }) {
  const box = useRef(/** @type {HTMLDialogElement|null} */ (null));
  // With the drawing: a finger that is faster than the next frame must not reach what lies behind.
  useLayoutEffect(() => {
    const before = document.activeElement;
    const dialog = box.current;
    dialog?.showModal();
    return () => {
      dialog?.close(); // while it is open, nothing behind it can take the focus
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  const cancelled = (/** @type {Event} */ event) => {
    event.preventDefault();
    close?.();
  };
  // A tap on the dimmed page around the dialog reaches the dialog element itself.
  const tapped = (/** @type {MouseEvent} */ event) => event.target === box.current && close?.();
  return html`<dialog ref=${box} class=${`dialog ${name}`} role=${role} aria-label=${label} aria-live=${live}
    onCancel=${cancelled} onClick=${tapped}>
    <div class="dialog-body">${children}</div>
  </dialog>`;
}

/** @param {{left: number, stay: () => void, leave: () => void}} props */
export function IdleDialog({ left, stay, leave }) {
  const { t } = useTexts();
  return html`<${Dialog} class="notice-dialog" role="alertdialog" label=${t.idleTitle} close=${stay}>
    <${Picture} class="hero" src="/assets/images/wave.webp" size=${220} />
    <h2>${t.idleTitle}</h2>
    <p class="lead" role="timer" data-testid="idle-left">${t.idleLead(left)}</p>
    <div class="two"><button type="button" class="go" data-testid="idle-stay" onClick=${stay}>${t.idleStay}</button>
      <button type="button" class="go ghost" data-testid="idle-leave" onClick=${leave}>${t.idleLeave}</button></div>
  <//>`;
}

/** A full cart is not thrown away by one tap. @param {{stay: () => void, leave: () => void}} props */
export function CancelDialog({ stay, leave }) {
  const { t } = useTexts();
  return html`<${Dialog} class="notice-dialog" role="alertdialog" label=${t.cancelTitle} close=${stay}>
    <h2>${t.cancelTitle}</h2><p class="lead">${t.cancelLead}</p>
    <div class="two"><button type="button" class="go" data-testid="cancel-stay" onClick=${stay}>${t.cancelStay}</button>
      <button type="button" class="go ghost" data-testid="cancel-leave" onClick=${leave}>${t.cancelLeave}</button></div>
  <//>`;
}

/** The number needs no server: while it is read, nothing may lie over it. */
export function Offline() {
  const { screen, offline, t } = usePart((state) => ({
    language: state.language,
    screen: state.screen,
    offline: state.offline,
  }));
  if (!offline || screen === "done") return null;
  return html`<${Dialog} class="offline" role="alertdialog" label=${t.offlineTitle}>
    <div data-testid="offline"><${Picture} class="hero sway" src="/assets/images/plug.webp" size=${260} />
      <h2>${t.offlineTitle}</h2><p class="lead" role="status">
        ${screen === "payment" ? t.offlinePaying : t.offlineLead}</p></div>
  <//>`;
}

export function Toast() {
  const { toast, menu, actions, t } = usePart(({ language, toast, menu }) => ({ language, toast, menu }));
  useEffect(() => {
    if (!toast) return undefined;
    const timer = setTimeout(actions.hideToast, TOAST_MS);
    return () => clearTimeout(timer);
  }, [toast]);
  const item = toast && itemsById(menu).get(toast.line.itemId);
  if (!toast || !item) return null;
  const words = toast.line.options.flatMap((id) =>
    item.modifier_groups.flatMap((g) => g.options.filter((o) => o.id === id).map((o) => o.name)),
  );
  if (toast.text === "full") {
    return html`<div class="toast" role="alert" data-testid="full"><span>
        ${t.full[toast.why ?? "portions"](LIMITS[toast.why ?? "portions"], item.name)}</span>
      <button type="button" data-testid="toast-hide" onClick=${actions.hideToast}>${t.clear}</button></div>`;
  }
  const added = toast.text === "added";
  return html`<div class="toast" role="status">
    <span>${added ? t.added([item.name, ...words].join(" · ")) : t.removed(item.name)}</span>
    <button type="button" data-testid=${added ? "toast-change" : "toast-undo"}
      onClick=${() => (added ? actions.openSheet(item.id, keyOf(toast.line)) : actions.undoRemove(toast.line))}>
      ${added ? t.change : t.undo}</button>
  </div>`;
}
