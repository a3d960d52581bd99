/** The menu: sections on the left, dishes in two columns, the order's sum below. */

import { useContext, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { count, defaultOptions, estimateOf, itemsById, MAX_QUANTITY, quantityOfItem, total } from "../cart.mjs";
import { picturesOf, savingOf } from "../combo.mjs";
import { isCombo, portionOf } from "../contents.mjs";
import { fitting, fittingOptions, leftOut, TAG_FILTERS, without } from "../filters.mjs";
import { minutes, money } from "../format.mjs";
import { html } from "../html.mjs";
import { dishesFor } from "../search.mjs";
import { afterPaint } from "../stage.mjs";
import { pausedText, pausedTitle, staffText, whyNot } from "../texts.mjs";
import { KioskContext, useKiosk, usePart } from "./context.mjs";
import { CancelDialog } from "./dialogs.mjs";
import { Alphabet } from "./keys.mjs";
import { Heading, Picture, stepper } from "./parts.mjs";

const SEARCH_LENGTH = 24;
/** Two screens of cards. */
const AT_ONCE = 12;

export function Menu() {
  const { menu, category, search, t } = usePart(({ language, menu, category, search }) => ({
    language,
    menu,
    category,
    search,
  }));
  const shown = menu?.categories.find((c) => c.id === category) ?? menu?.categories[0];
  if (!menu || !shown)
    return html`<main class="sheet" data-testid="menu-loading"><div class="spring"></div><div role="status"><h1>
          ${t.menuLoading}</h1></div><div class="spring"></div></main>`;
  if (search !== null) return html`<${Search} text=${search} />`;
  return html`<div class="menu-body"><${Rail} categories=${menu.categories} shown=${shown.id} />
    <${Dishes} category=${shown} key=${shown.id} /></div>
  <${SalesNote} /><${Bar} />`;
}

/** @param {{categories: import("../cart.mjs").Category[], shown: string}} props */
function Rail({ categories, shown }) {
  const { menu, filters, actions, t } = usePart(({ language, menu, filters }) => ({ language, menu, filters }));
  const hasSome = (/** @type {import("../cart.mjs").Category} */ c) =>
    !menu || fitting(c.items, filters, menu).length > 0;
  return html`<nav class="rail" aria-label=${t.categories}>
    ${categories.map(
      (c) => html`<button type="button" key=${c.id} class=${c.id === shown ? "on" : hasSome(c) ? "" : "none"}
        aria-current=${c.id === shown}
        data-testid=${`category-${c.id}`} onClick=${() => actions.chooseCategory(c.id)}>
        <${Picture} src=${c.image ?? c.items[0]?.image} size=${76} />${c.name}
      </button>`,
    )}
  </nav>`;
}

/**
 * The section's dishes; while something is filtered, those of all other sections that fit come after them.
 * @param {{category: import("../cart.mjs").Category}} props
 */
function Dishes({ category }) {
  const { menu, filters, t } = usePart(({ language, menu, filters }) => ({ language, menu, filters }));
  const list = useRef(/** @type {HTMLElement|null} */ (null));
  useLayoutEffect(() => list.current?.scrollTo(0, 0), [filters]); // before a finger aims at what is about to move
  const sections = filters.length && menu ? [category, ...menu.categories.filter((c) => c !== category)] : [category];
  const found = sections.map((c) => ({
    name: c.name,
    id: c.id,
    items: menu ? fitting(c.items, filters, menu) : c.items,
  }));
  const drawn = useGrowing(found.reduce((all, { items }) => all + items.length, 0));
  const before = (/** @type {number} */ n) => found.slice(0, n).reduce((all, { items }) => all + items.length, 0);
  return html`<main class="grid" ref=${list}>
    <${Heading}>${category.name}<//>
    <${Filters} />
    ${
      !found[0].items.length &&
      html`<p class="lead nothing" role="status">
        ${before(found.length) ? t.nothingFits : t.nothingAnywhere}</p>`
    }
    ${found.map(
      ({ name, id, items }, n) =>
        items.length > 0 &&
        before(n) < drawn &&
        html`
        ${n > 0 && html`<h2 class="section" key=${`section-${id}`}>${name}</h2>`}
        ${items.slice(0, drawn - before(n)).map((item) => html`<${Dish} key=${item.id} item=${item} />`)}`,
    )}
  </main>`;
}

/**
 * How many cards of a long section are drawn: those in sight with the section, the others frame by frame after it.
 * @param {number} all
 */
function useGrowing(all) {
  const [drawn, setDrawn] = useState(AT_ONCE);
  useEffect(() => {
    if (drawn < all) afterPaint(() => setDrawn(drawn + AT_ONCE));
  }, [drawn, all]);
  return drawn;
}

function Filters() {
  const { menu, filters, actions, t } = usePart(({ language, menu, filters }) => ({ language, menu, filters }));
  const [open, setOpen] = useState(false);
  const left = leftOut(filters).flatMap((id) => menu?.allergens.filter((allergen) => allergen.id === id) ?? []);
  const chip = (
    /** @type {string} */ filter,
    /** @type {string} */ word,
    label = word,
  ) => html`<button type="button" key=${filter} class=${filters.includes(filter) ? "chip on" : "chip"}
    aria-label=${label} aria-pressed=${filters.includes(filter)} data-testid=${`filter-${filter}`}
    onClick=${() => actions.switchFilter(filter)}>${word}</button>`;
  return html`<div class="filters" role="group" aria-label=${t.filters}>
    ${TAG_FILTERS.map((tag) => chip(tag, t.tags[tag]))}
    <button type="button" class=${left.length ? "chip on" : "chip"} aria-expanded=${open} data-testid="filter-allergens"
      onClick=${() => setOpen(!open)}>
      ${left.length ? t.without(left.map(({ name }) => name).join(", ")) : t.allergenFilter}</button>
    <button type="button" class="chip search-open" data-testid="search" aria-label=${t.searchFor}
      onClick=${() => actions.search("")}><i class="glass" aria-hidden="true"></i></button>
    ${
      open &&
      html`<div class="filters more" role="group" aria-label=${t.allergenFilter}>
        ${menu?.allergens.map(({ id, name }) => chip(without(id), name, t.without(name)))}
        ${
          filters.length > 0 &&
          html`<button type="button" class="chip" data-testid="filter-none"
            onClick=${actions.clearFilters}>${t.showAll}</button>`
        }</div>`
    }
  </div>`;
}

/** All dishes that fit what is typed, above the keys. @param {{text: string}} props */
function Search({ text }) {
  const { menu, filters, actions, t } = usePart(({ language, menu, filters }) => ({ language, menu, filters }));
  const found = menu ? fitting(dishesFor(menu, text), filters, menu) : [];
  const close = () => actions.search(null);
  const sections = menu?.categories.filter((c) => fitting(c.items, filters, menu).length) ?? [];
  return html`<main class="grid searching">
    <${Heading} class="unseen">${t.searchFor}<//>
    <div class="search-line"><output class="field" aria-label=${t.searchFor} data-testid="search-text">
        ${text || html`<span class="hint">${t.searchHint}</span>`}</output>
      <button type="button" class="chip" aria-label=${t.close} data-testid="search-close"
        onClick=${close}>×</button></div>
    <p class="unseen" role="status">${text && t.found(found.length)}</p>
    ${found.map((item) => html`<${Dish} key=${item.id} item=${item} />`)}
    ${
      text &&
      !found.length &&
      html`<p class="lead nothing">${t.nothingFound}</p><div class="filters" role="group" aria-label=${t.categories}>
        ${sections.map(
          ({ id, name }) => html`<button type="button" key=${id} class="chip"
            data-testid=${`found-category-${id}`} onClick=${() => actions.chooseCategory(id)}>${name}</button>`,
        )}</div>`
    }
  </main>
  <${Alphabet} press=${(/** @type {string} */ key) => actions.typeSearch(key, SEARCH_LENGTH)}
    erase=${actions.eraseSearch} done=${close} />
  <${Bar} />`;
}

/**
 * One card, drawn anew only when its own dish or number changes: there may be sixty on the screen.
 * @param {{item: import("../cart.mjs").Item}} props
 */
function Dish({ item }) {
  const { store } = useContext(KioskContext);
  const { quantity, wait, filters, actions, t } = usePart(({ language, lines, minutes, filters }) => ({
    language,
    filters,
    quantity: quantityOfItem(lines, item.id),
    wait: minutes[item.id],
  }));
  return useMemo(() => {
    const { menu } = store.get();
    if (!menu) return null;
    const options = fittingOptions(item, filters, menu) ?? defaultOptions(item);
    return card({ item, options, quantity, wait, menu, t, actions });
  }, [item, quantity, wait, filters, t]);
}

/**
 * The dish with the options «+» would put into the cart: its price and figures are theirs.
 * @param {{item: import("../cart.mjs").Item, options: string[], quantity: number, wait: number|undefined,
 *   menu: import("../cart.mjs").Menu, t: import("../texts.mjs").Texts,
 *   actions: import("../kiosk.mjs").Kiosk["actions"]}} what
 */
function card({ item, options, quantity, wait, menu, t, actions }) {
  const name = !item.available ? "dish gone" : quantity ? "dish picked" : "dish";
  const items = itemsById(menu);
  const portion = portionOf(item, options, menu);
  const pictures = picturesOf(item, options, items);
  const saving = isCombo(item) ? savingOf(item, options, items) : 0;
  return html`<article class=${name}>
    ${
      !item.available
        ? html`<span class="badge off" id=${`badge-${item.id}`}>
          ${whyNot(t, item)}</span>`
        : saving > 0 && html`<span class="badge good" id=${`badge-${item.id}`}>${t.saving(money(saving))}</span>`
    }
    <button type="button" class="dish-open" data-testid=${`dish-${item.id}`}
      aria-describedby=${`price-${item.id} badge-${item.id}`} aria-haspopup="dialog"
      onClick=${() => actions.openSheet(item.id)}>
      <span class=${pictures.length > 1 ? "pic several" : "pic"}>
        ${pictures.map(
          (src) => html`<${Picture} key=${src} src=${src}
            size=${pictures.length > 1 ? 132 : 196} />`,
        )}</span>
      <b>${item.name}</b><small>${facts(item, portion, wait, t)}</small>
    </button>
    <div class="foot"><div class="row"><span class="price" id=${`price-${item.id}`}>
          ${money(portion.price_kopecks)}</span>${amount(item, options, quantity, t, actions)}</div></div>
  </article>`;
}

/**
 * @param {import("../cart.mjs").Item} item
 * @param {string[]} options
 * @param {number} quantity
 * @param {import("../texts.mjs").Texts} t
 * @param {import("../kiosk.mjs").Kiosk["actions"]} actions
 */
function amount(item, options, quantity, t, actions) {
  if (!quantity && !item.available) return null;
  const { id, name } = item;
  const less = (/** @type {any} */ { currentTarget: button }) => {
    if (quantity === 1) button.parentElement.lastElementChild.focus(); // «−» goes away with the last one
    actions.takeOne(id);
  };
  return stepper({
    t,
    id,
    name,
    quantity,
    less,
    more: () => actions.addOne(id, options),
    atMost: !item.available,
    full: quantity >= MAX_QUANTITY,
  });
}

/**
 * @param {import("../cart.mjs").Item} item
 * @param {import("../contents.mjs").Portion} portion
 * @param {number|undefined} wait minutes of this dish alone
 * @param {import("../texts.mjs").Texts} t
 */
function facts(item, portion, wait, t) {
  const tags = Object.entries(t.tagsShown).filter(
    ([tag]) => portion.tags.includes(tag) && !item.tags.includes("drink") && !isCombo(item),
  );
  const amount = isCombo(item) ? t.dishesInCombo(item.modifier_groups.length) : weightOf(portion, t);
  return [
    amount,
    t.kcal(portion.nutrition.kcal),
    ...tags.map(([, word]) => word),
    ...(wait ? [t.inMinutes(wait)] : []),
  ].join(" · ");
}

/** @param {import("../contents.mjs").Portion} portion */
export function isPoured({ composition }) {
  return composition.length > 0 && composition.every(({ unit }) => unit === "ml");
}

/**
 * What is only poured is told by its volume.
 * @param {import("../contents.mjs").Portion} portion
 * @param {import("../texts.mjs").Texts} t
 */
export function weightOf(portion, t) {
  return isPoured(portion)
    ? t.millilitres(portion.composition.reduce((all, { amount }) => all + amount, 0))
    : t.grams(portion.weight_g);
}

export function SalesNote() {
  const { language, restaurant, t } = usePart(({ language, restaurant }) => ({ language, restaurant }));
  if (!restaurant || restaurant.sales.open) return null;
  return html`<p class="strip" role="alert"><b>
      ${pausedTitle(t, restaurant)}.</b> ${pausedText(t, language, restaurant)}
    ${staffText(t, restaurant)}</p>`;
}

function Bar() {
  const { state, actions, t } = useKiosk();
  const { lines } = state;
  const sum = total(lines, itemsById(state.menu));
  const estimate = estimateOf(state);
  const wait = estimate ? ` · ${t.wait(minutes(estimate.ready_in_s))}` : "";
  const [asking, setAsking] = useState(false);
  return html`<footer class="bar"><div class="bar-line">
      <div class="sum" role="status">
        ${
          lines.length
            ? html`<b data-testid="cart-total">${money(sum)}</b><span>${t.dishes(count(lines))}${wait}</span>`
            : html`<span class="empty">${t.cartEmpty}</span><span>${t.cartEmptyHint}</span>`
        }
      </div>
      <button type="button" class="go ghost" data-testid="cancel"
        onClick=${lines.length ? () => setAsking(true) : actions.reset}>${t.cancel}</button>
      <button type="button" class="go" data-testid="cart-open" disabled=${!lines.length}
        onClick=${() => actions.open("cart")}>${t.toCart} →</button>
    </div>${asking && html`<${CancelDialog} stay=${() => setAsking(false)} leave=${actions.reset} />`}</footer>`;
}
