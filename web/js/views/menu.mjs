/** The menu: sections on the left, dishes in two columns, the order's sum below. */

import { useContext, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { count, itemsById, MAX_QUANTITY, quantityOfItem, total } from "../cart.mjs";
import { isCombo, picturesOf } from "../combo.mjs";
import { minutes, money } from "../format.mjs";
import { html } from "../html.mjs";
import { dishesFor } from "../search.mjs";
import { afterPaint } from "../stage.mjs";
import { pausedText, reasonText } from "../texts.mjs";
import { KioskContext, useKiosk, usePart, useTexts } from "./context.mjs";
import { Alphabet } from "./keys.mjs";
import { Heading, Picture, stepper } from "./parts.mjs";

const FILTERS = /** @type {const} */ (["spicy", "no_meat", "no_lactose"]);

const SEARCH_LENGTH = 24;
/** Two screens of cards. */
const AT_ONCE = 12;

export function Menu() {
  const { menu, category, search, t } = usePart(({ language, menu, category, search }) => ({ language, menu, category, search }));
  const shown = menu?.categories.find((c) => c.id === category) ?? menu?.categories[0];
  if (!menu || !shown) return html`<main class="sheet"><p class="lead" role="status">${t.menuLoading}</p></main>`;
  if (search !== null) return html`<${Search} text=${search} />`;
  return html`<div class="menu-body"><${Rail} categories=${menu.categories} shown=${shown.id} /><${Dishes} category=${shown} key=${shown.id} /></div>
    <${SalesNote} /><${Bar} />`;
}

/** @param {{categories: import("../cart.mjs").Category[], shown: string}} props */
function Rail({ categories, shown }) {
  const { actions, t } = useTexts();
  return html`<nav class="rail" aria-label=${t.categories}>
    ${categories.map((c) => html`<button type="button" key=${c.id} class=${c.id === shown ? "on" : ""} aria-current=${c.id === shown}
      data-testid=${`category-${c.id}`} onClick=${() => actions.chooseCategory(c.id)}>
      <${Picture} src=${c.image ?? c.items[0]?.image} size=${76} />${c.name}
    </button>`)}
  </nav>`;
}

/** @param {{category: import("../cart.mjs").Category}} props */
function Dishes({ category }) {
  const { filter, t } = usePart(({ language, filter }) => ({ language, filter }));
  const list = useRef(/** @type {HTMLElement|null} */ (null));
  useEffect(() => list.current?.scrollTo(0, 0), [filter]);
  const items = category.items.filter((item) => !filter || item.tags?.includes(filter));
  const drawn = useGrowing(items.length);
  return html`<main class="grid" ref=${list}>
    <${Heading}>${category.name}<//>
    <${Filters} />
    ${items.slice(0, drawn).map((item) => html`<${Dish} key=${item.id} item=${item} />`)}
    ${!items.length && html`<p class="lead nothing" role="status">${t.nothingFits}</p>`}
  </main>`;
}

/** How many cards of a long section are drawn: those in sight with the section, the others frame by frame after it. @param {number} all */
function useGrowing(all) {
  const [drawn, setDrawn] = useState(AT_ONCE);
  useEffect(() => {
    if (drawn < all) afterPaint(() => setDrawn(drawn + AT_ONCE));
  }, [drawn, all]);
  return drawn;
}

function Filters() {
  const { filter, actions, t } = usePart(({ language, filter }) => ({ language, filter }));
  return html`<div class="filters" role="group" aria-label=${t.filters}>
    ${FILTERS.map((tag) => html`<button type="button" key=${tag} class=${filter === tag ? "chip on" : "chip"}
      aria-pressed=${filter === tag} data-testid=${`filter-${tag}`} onClick=${() => actions.switchFilter(tag)}>${t.tags[tag]}</button>`)}
    <button type="button" class="chip search-open" data-testid="search" aria-label=${t.searchFor} onClick=${() => actions.search("")}><i class="glass" aria-hidden="true"></i></button>
  </div>`;
}

/** All dishes that fit what is typed, above the keys. @param {{text: string}} props */
function Search({ text }) {
  const { menu, actions, t } = usePart(({ language, menu }) => ({ language, menu }));
  const found = dishesFor(menu, text);
  const close = () => actions.search(null);
  return html`<main class="grid searching">
      <${Heading} class="unseen">${t.searchFor}<//>
      <div class="search-line"><output class="field" aria-label=${t.searchFor} data-testid="search-text">${text || html`<span class="hint">${t.searchHint}</span>`}</output>
        <button type="button" class="chip" aria-label=${t.close} data-testid="search-close" onClick=${close}>×</button></div>
      <p class="unseen" role="status">${text && t.found(found.length)}</p>
      ${found.map((item) => html`<${Dish} key=${item.id} item=${item} />`)}
      ${text && !found.length && html`<p class="lead nothing">${t.nothingFound}</p>`}
    </main>
    <${Alphabet} press=${(/** @type {string} */ key) => actions.typeSearch(key, SEARCH_LENGTH)} erase=${actions.eraseSearch} done=${close} />
    <${Bar} />`;
}

/**
 * One card, drawn anew only when its own dish or number changes: there may be sixty on the screen.
 * @param {{item: import("../cart.mjs").Item}} props
 */
function Dish({ item }) {
  const { store } = useContext(KioskContext);
  const { quantity, actions, t } = usePart(({ language, lines }) => ({ language, quantity: quantityOfItem(lines, item.id) }));
  return useMemo(() => card(item, quantity, t, actions, picturesOf(item, itemsById(store.get().menu))), [item, quantity, t]);
}

/**
 * @param {import("../cart.mjs").Item} item
 * @param {number} quantity
 * @param {import("../texts.mjs").Texts} t
 * @param {import("../kiosk.mjs").Kiosk["actions"]} actions
 * @param {string[]} pictures
 */
function card(item, quantity, t, actions, pictures) {
  const name = !item.available ? "dish gone" : quantity ? "dish picked" : "dish";
  return html`<article class=${name}>
    ${!item.available ? html`<span class="badge off">${reasonText(t.unavailable, item.unavailable_reason, t.soldOut)}</span>`
      : item.saving_kopecks > 0 && html`<span class="badge good">${t.saving(money(item.saving_kopecks))}</span>`}
    <button type="button" class="dish-open" data-testid=${`dish-${item.id}`} aria-haspopup="dialog" onClick=${() => actions.openSheet(item.id)}>
      <span class=${pictures.length > 1 ? "pic several" : "pic"}>${pictures.map((src) => html`<${Picture} key=${src} src=${src} size=${pictures.length > 1 ? 132 : 196} />`)}</span>
      <b>${item.name}</b><small>${facts(item, t)}</small>
    </button>
    <div class="foot"><div class="row"><span class="price">${money(item.price_kopecks)}</span>${amount(item, quantity, t, actions)}</div></div>
  </article>`;
}

/**
 * @param {import("../cart.mjs").Item} item
 * @param {number} quantity
 * @param {import("../texts.mjs").Texts} t
 * @param {import("../kiosk.mjs").Kiosk["actions"]} actions
 */
function amount(item, quantity, t, actions) {
  if (!quantity && !item.available) return null;
  const { id, name } = item;
  const less = (/** @type {any} */ { currentTarget: button }) => {
    if (quantity === 1) button.parentElement.lastElementChild.focus(); // «−» goes away with the last one
    actions.takeOne(id);
  };
  return stepper({ t, id, name, quantity, less, more: () => actions.addOne(id), atMost: !item.available || quantity >= MAX_QUANTITY });
}

/** @param {import("../cart.mjs").Item} item @param {import("../texts.mjs").Texts} t */
export function facts(item, t) {
  if (isCombo(item)) return [t.dishesInCombo(item.modifier_groups.length), t.kcal(item.nutrition.kcal)].join(" · ");
  const amount = item.tags?.includes("drink") ? t.millilitres(item.weight_g) : t.grams(item.weight_g);
  const tags = Object.entries(t.tagsShown).filter(([tag]) => item.tags?.includes(tag) && !item.tags.includes("drink"));
  return [amount, t.kcal(item.nutrition.kcal), ...tags.map(([, word]) => word)].join(" · ");
}

export function SalesNote() {
  const { language, restaurant, t } = usePart(({ language, restaurant }) => ({ language, restaurant }));
  if (!restaurant || restaurant.sales.open) return null;
  return html`<p class="strip" role="alert"><b>${t.closedTitle}.</b> ${pausedText(t, language, restaurant)}</p>`;
}

function Bar() {
  const { state, actions, t } = useKiosk();
  const { lines, restaurant } = state;
  const sum = total(lines, itemsById(state.menu));
  const wait = restaurant?.wait_s > 0 ? ` · ${t.wait(minutes(restaurant.wait_s))}` : "";
  return html`<footer class="bar"><div class="bar-line">
    <div class="sum" role="status">
      ${lines.length
        ? html`<b data-testid="cart-total">${money(sum)}</b><span>${t.dishes(count(lines))}${wait}</span>`
        : html`<span class="empty">${t.cartEmpty}</span><span>${t.cartEmptyHint}</span>`}
    </div>
    <button type="button" class="go ghost" data-testid="cancel" onClick=${actions.reset}>${t.cancel}</button>
    <button type="button" class="go" data-testid="cart-open" disabled=${!lines.length} onClick=${() => actions.open("cart")}>${t.toCart} →</button>
  </div></footer>`;
}
