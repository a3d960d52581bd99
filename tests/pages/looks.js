// Everything in one turn of the page, so that no clock ticks between two modes. Words count as seen where they stand, or
// after their own scrollers were moved, inside everything that clips them and the panel, and on top at both ends and in the middle.
async ([modes, asTheyAre]) => {
    const drawn = () => new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(next, 30))));
    const app = document.querySelector(".app");
    const flip = async (wanted) => {
        for (const mode of ["low", "large"])
            if (app.classList.contains(mode) !== wanted.includes(mode)) document.querySelector(`[data-testid=${mode}]`).click();
        await drawn();
    };
    const scope = () => [...document.querySelectorAll("dialog[open]")].at(-1) ?? app;
    const inkOf = (node) => { const range = document.createRange(); range.selectNodeContents(node); return [...range.getClientRects()]; };
    const fits = (e) => { for (let up = e; up && up !== scope(); up = up.parentElement) {
        const { overflowY } = getComputedStyle(up);
        if (/auto|scroll/.test(overflowY) && up.scrollHeight > up.clientHeight) {
            const box = up.getBoundingClientRect(), mine = e.getBoundingClientRect();
            up.scrollTop += mine.top + mine.height / 2 - box.top - box.height / 2;
        } } };
    let clipping = new Map();
    const clippers = (e) => { const found = [];
        for (let up = e; up; up = up.matches("dialog") ? null : up.parentElement) {
            if (clipping.has(up)) return [...found, ...clipping.get(up)];
            const { overflowX, overflowY } = getComputedStyle(up);
            if (overflowX !== "visible" || overflowY !== "visible") found.push(up);
        }
        return found; };
    const frames = (e) => { if (!clipping.has(e)) clipping.set(e, clippers(e));
        return [{left: 0, top: 0, right: innerWidth, bottom: innerHeight}, ...clipping.get(e).map((up) => up.getBoundingClientRect())]; };
    // Scrollers are moved only for what does not stand in sight already: each move is a layout of the whole page.
    const seen = (node) => isInSight(node) || (fits(node.parentElement), isInSight(node));
    const isInSight = (node) => { const e = node.parentElement;
        const boxes = frames(e);
        return inkOf(node).every((ink) => {
            if (boxes.some((b) => ink.left < b.left - 3 || ink.right > b.right + 3 || ink.top < b.top - 8 || ink.bottom > b.bottom + 8)) return false;
            const y = (ink.top + ink.bottom) / 2;
            return [ink.left + 2, (ink.left + ink.right) / 2, ink.right - 2].every((x) => {
                const top = document.elementFromPoint(x, y);
                return top && (top.contains(e) || e.contains(top) || top.closest(".toast"));
            }); }); };
    const words = () => { const walker = document.createTreeWalker(scope(), NodeFilter.SHOW_TEXT), found = [];
        while (walker.nextNode()) { const node = walker.currentNode, e = node.parentElement;
            if (node.data.trim() && !e.closest("[aria-hidden=true], .unseen") && e.checkVisibility({visibilityProperty: true})) found.push(node); }
        return found; };
    const sizes = new Map(), told = [];
    // What lets fingers through covers words all the same.
    const solid = new CSSStyleSheet(), sheets = document.adoptedStyleSheets;
    solid.replaceSync(".app *, dialog * { pointer-events: auto !important; }");
    document.adoptedStyleSheets = [...sheets, solid];
    for (const mode of modes) {
        await flip(mode);
        clipping = new Map();
        const found = words();
        const sizeOf = new Map(found.map((node) => [node, parseFloat(getComputedStyle(node.parentElement).fontSize)]));
        sizes.set(mode.join(), sizeOf);
        const small = mode.includes("large") ? sizes.get(mode.filter((name) => name !== "large").join()) : null;
        const growth = small ? found.filter((node) => small.has(node) && !node.parentElement.closest(asTheyAre.join()))
            .map((node) => [node.data.trim(), sizeOf.get(node) / small.get(node)]) : [];
        const wide = [...scope().querySelectorAll("*")].filter((e) => e.checkVisibility() && e.scrollWidth > e.clientWidth + 4 && !e.closest(".unseen, svg")
            && /auto|scroll|hidden/.test(getComputedStyle(e).overflowX)).map((e) => e.className || e.tagName);
        const buttons = [...scope().querySelectorAll("button")].filter((b) => b.checkVisibility()).map((b) => [b.dataset.testid ?? b.textContent, b.getBoundingClientRect()])
            .filter(([, box]) => Math.min(box.width, box.height) < 79.5).map(([name]) => name);
        told.push({mode, words: found.map((node) => [node.data.trim(), seen(node)]), growth, wide, buttons});
    }
    document.adoptedStyleSheets = sheets;
    await flip([]);
    return told;
}
