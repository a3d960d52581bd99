/** The page is drawn for one panel: other screens show it whole, scaled; the panel shows nothing but it. */

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

/** A customer's finger must not open menus, drag pictures, pinch, or walk back in the history. */
export function lockTheScreen() {
  addEventListener("contextmenu", (event) => event.preventDefault());
  addEventListener("dragstart", (event) => event.preventDefault());
  history.pushState(null, "", location.href);
  addEventListener("popstate", () => history.pushState(null, "", location.href));
}
