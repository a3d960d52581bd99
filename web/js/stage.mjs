/** The page is drawn for one panel: other screens show it whole, scaled; the panel shows nothing but it. */

/** The narrower side of a stage: nothing is drawn for less. */
const LEAST = 800;

/**
 * The kiosk's page fills every panel: drawn for 1080 by 1920 or for the same lying down, larger panels magnify it,
 * smaller ones
 * show less at once, never smaller keys. A panel below 800 pixels is no touch panel: there everything shrinks.
 */
export function fillPanel() {
  const { style, dataset } = document.documentElement;
  const fit = () => {
    const [short, long] = [Math.min(innerWidth, innerHeight), Math.max(innerWidth, innerHeight)];
    const scale = short < LEAST ? short / LEAST : Math.max(1, Math.min(short / 1080, long / 1920));
    document.body.style.setProperty("zoom", String(scale));
    style.setProperty("--wide", `${innerWidth / scale}px`);
    style.setProperty("--high", `${innerHeight / scale}px`);
    dataset.shape = innerWidth > innerHeight ? "wide" : "tall";
    dataset.size = short / scale < 1080 ? "small" : "full";
  };
  addEventListener("resize", fit);
  fit();
}

/**
 * @param {number} width
 * @param {number} height
 */
export function fitTo(width, height) {
  const fit = () => {
    const scale = Math.min(innerWidth / width, innerHeight / height);
    document.body.style.setProperty("zoom", String(scale));
  };
  addEventListener("resize", fit);
  fit();
}

/** @param {() => void} work that nobody waits for */
export const afterPaint = (work) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(work)));

/** Puts on a sheet of styles; ends when it is there. @param {string} name @returns {Promise<unknown>} */
export function dress(name) {
  return new Promise((worn, failed) => {
    const link = Object.assign(document.createElement("link"), {
      rel: "stylesheet",
      href: `/assets/css/${name}.css`,
      onload: worn,
      onerror: failed,
    });
    document.head.append(link);
  });
}

/** A customer's finger must not open menus, drag pictures, pinch, or walk back in the history. */
export function lockTheScreen() {
  for (const kind of ["contextmenu", "dragstart", "selectstart", "gesturestart"])
    addEventListener(kind, (event) => event.preventDefault());
  // Two fingers, or a wheel with Control, would zoom; keys with Control or Alt belong to a browser nobody should meet.
  addEventListener("touchmove", (event) => event.touches.length > 1 && event.preventDefault(), { passive: false });
  addEventListener("wheel", (event) => event.ctrlKey && event.preventDefault(), { passive: false });
  addEventListener("keydown", (event) => (event.ctrlKey || event.metaKey || event.altKey) && event.preventDefault());
  history.pushState(null, "", location.href);
  addEventListener("popstate", () => history.pushState(null, "", location.href));
}

/**
 * How many of the lowest pixels the lower mode uses, where the panel hangs otherwise than most (`?reach=1100`).
 * @param {number} pixels
 */
export function reachOf(pixels) {
  if (pixels >= 800 && pixels <= 1920) document.documentElement.style.setProperty("--reach", `${pixels}px`);
}
