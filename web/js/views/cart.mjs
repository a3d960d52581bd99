/** The order before payment: lines, one suggestion, the sum; what sold out meanwhile is marked. */

import {
  chosenOptions,
  count,
  defaultOptions,
  estimateOf,
  goneLines,
  isGone,
  itemsById,
  keyOf,
  MAX_QUANTITY,
  sellable,
  substituteFor,
  total,
  unitPrice,
} from "../cart.mjs";
import { dishesOf, portionOf } from "../contents.mjs";
import { broken, fittingOptions } from "../filters.mjs";
import { minutes, money } from "../format.mjs";
import { html } from "../html.mjs";
import { failureText, whyNot } from "../texts.mjs";
import { ReceiptLine } from "./contact.mjs";
import { useKiosk } from "./context.mjs";
import { SalesNote } from "./menu.mjs";
import { Heading, Picture, stepper } from "./parts.mjs";

const SUGGESTED = 3;

export function Cart() {
  const { state, actions, t } = useKiosk();
  const { lines } = state;
  const items = itemsById(state.menu);
  if (!lines.length) return html`<${Hollow} />`;
  return html`<main class="cart">
    <${Heading}>${t.cartTitle}<//>
    <${Notice} items=${items} />
    <ul class="lines">${lines.map(
      (line) => html`<${CartLine} key=${keyOf(line)} line=${line}
        item=${items.get(line.itemId)} />`,
    )}</ul>
    <button type="button" class="chip wide" data-testid="add-more"
      onClick=${() => actions.open("menu")}>+ ${t.addMore}</button>
    <${Suggestion} items=${items} />
    <${ReceiptLine} />
  </main>
  <${SalesNote} /><${PayBar} items=${items} />`;
}

function Hollow() {
  const { actions, t } = useKiosk();
  return html`<main class="sheet"><div class="spring"></div><${Picture} class="hero" src="/assets/images/plate.webp"
      size=${300} />
    <${Heading}>${t.cartHollow}<//><div class="spring"></div><button type="button" class="go" data-testid="to-menu"
      onClick=${() => actions.open("menu")}>${t.toMenu}</button></main>`;
}

/** @param {{items: Map<string, import("../cart.mjs").Item>}} props */
function Notice({ items }) {
  const { state, actions, t } = useKiosk();
  const { notice, lines } = state;
  const gone = goneLines(lines, items);
  if (gone.length) {
    return html`<div class="notice" role="alert" data-testid="notice"><p>${t.somethingGone}</p>
      <button type="button" class="chip" data-testid="drop-gone" onClick=${actions.dropGone}>
        ${t.dropGone}</button></div>`;
  }
  if (!notice) return null;
  const [title, next] = failureText(t, notice.code);
  const detail = notice.says ?? (notice.retryAfterS ? t.retryIn(notice.retryAfterS) : "");
  return html`<div class="notice" role="alert" data-testid="notice"><p><b>${title}.</b> ${detail} ${next}</p></div>`;
}

/** @param {{line: import("../cart.mjs").Line, item?: import("../cart.mjs").Item}} props */
function CartLine({ line, item }) {
  const { state, actions, t } = useKiosk();
  const key = keyOf(line);
  const gone = isGone(line, item);
  const short = state.notice?.itemIds?.includes(line.itemId);
  const unfit = item && state.menu && broken(portionOf(item, line.options, state.menu), state.filters).length > 0;
  const words = item ? chosenOptions(item, line.options).map((o) => o.name) : [];
  return html`<li class=${gone ? "line gone" : "line"} data-testid=${`line-${line.itemId}`}>
    <${Picture} src=${item?.image ?? "/assets/images/plate.webp"} size=${120} />
    <div class="line-words"><b>${item?.name ?? line.wasName ?? line.itemId}</b>
      ${words.length > 0 && html`<small>${words.join(" · ")}</small>`}
      ${unfit && !gone && html`<small class="gone-word">${t.doesNotFitShort}</small>`}
      ${short && !gone && html`<small class="gone-word">${t.lineShort}</small>`}
      <${LinePrice} line=${line} item=${item} gone=${gone} />
      ${
        item?.available &&
        item.modifier_groups.length > 0 &&
        html`<button type="button" class="link"
          data-testid=${`edit-${line.itemId}`} onClick=${() => actions.openSheet(line.itemId, key)}>
          ${t.change}</button>`
      }
    </div>
    ${
      gone
        ? html`<button type="button" class="chip" aria-label=${t.remove(item?.name ?? line.itemId)}
          onClick=${() => actions.removeLine(key)}>×</button>`
        : stepper({
            t,
            id: line.itemId,
            name: item?.name ?? "",
            quantity: line.quantity,
            atMost: false,
            full: line.quantity >= MAX_QUANTITY,
            less: () => actions.step(key, -1),
            more: () => actions.step(key, 1),
          })
    }
    ${gone && html`<${Substitute} line=${line} />`}
  </li>`;
}

/** What a line costs, what it was when it was chosen, or why it cannot be had. @param {any} props */
function LinePrice({ line, item, gone }) {
  const { t } = useKiosk();
  if (gone) {
    return html`<small class="gone-word">${item?.available_from ? t.lineLater(whyNot(t, item)) : t.lineGone}</small>`;
  }
  const was = line.wasKopecks;
  return html`<span class="line-price">${item && money(unitPrice(item, line.options) * line.quantity)}</span>
    ${
      was !== undefined &&
      html`<small class="gone-word" role="status" data-testid=${`was-${line.itemId}`}>
        ${t.linePriceWas(money(was * line.quantity))}</small>`
    }`;
}

/** Another dish instead of one that is gone. @param {{line: import("../cart.mjs").Line}} props */
function Substitute({ line }) {
  const { state, actions, t } = useKiosk();
  const { lines, menu, filters } = state;
  const other = menu && substituteFor(line, lines, menu, (item) => fittingOptions(item, filters, menu) !== null);
  if (!menu || !other) return null;
  const options = fittingOptions(other, filters, menu) ?? defaultOptions(other);
  return html`<button type="button" class="option substitute" data-testid=${`instead-of-${line.itemId}`}
    onClick=${() => actions.replaceLine(keyOf(line), { itemId: other.id, options, quantity: line.quantity })}>
    <${Picture} src=${other.image} size=${72} /><span>${t.instead(other.name)}</span><b>
      ${money(unitPrice(other, options) * line.quantity)}</b></button>`;
}

/**
 * At most one strip, of a section the customer has nothing from.
 * @param {{items: Map<string, import("../cart.mjs").Item>}} props
 */
function Suggestion({ items }) {
  const { state, actions, t } = useKiosk();
  const drinks = [...items.values()].filter((item) => item.tags?.includes("drink"));
  if (state.upsellRefused || state.lines.some((line) => isDrink(line, items.get(line.itemId), items))) return null;
  const offered = drinks.filter((drink) => drink.available).slice(0, SUGGESTED);
  if (!offered.length) return null;
  return html`<section class="suggestion"><header><h2>${t.withThis}</h2>
      <button type="button" class="link" data-testid="suggest-none" onClick=${actions.refuseUpsell}>
        ${t.noThanks}</button></header><div class="suggestion-row">
      ${offered.map(
        (item) => html`<button type="button" key=${item.id} data-testid=${`suggest-${item.id}`}
          onClick=${() => actions.addOne(item.id)}>
          <${Picture} src=${item.image} size=${96} /><span>${item.name}
            <b>+ ${money(unitPrice(item, defaultOptions(item)))}</b></span></button>`,
      )}
    </div></section>`;
}

/**
 * A drink, or a combo with one in it.
 * @param {import("../cart.mjs").Line} line
 * @param {import("../cart.mjs").Item|undefined} item
 * @param {Map<string, import("../cart.mjs").Item>} items
 */
function isDrink(line, item, items) {
  return item ? [item, ...dishesOf(item, line.options, items)].some((dish) => dish.tags?.includes("drink")) : false;
}

/** @param {{items: Map<string, import("../cart.mjs").Item>}} props */
function PayBar({ items }) {
  const { state, actions, t } = useKiosk();
  const { lines, restaurant, busy } = state;
  const estimate = estimateOf(state);
  const blocked = busy || goneLines(lines, items).length > 0 || (restaurant && !restaurant.sales.open);
  return html`<footer class="bar"><div class="bar-line">
      <div class="sum" role="status"><b data-testid="cart-total">${money(total(lines, items))}</b>
        <span>${t.dishes(count(sellable(lines, items)))}
          ${
            estimate &&
            html` · <span data-testid="cart-wait">
              ${t.wait(minutes(estimate.ready_in_s))}</span>`
          }</span></div>
      <button type="button" class="go ghost" data-testid="cart-back" onClick=${() => actions.open("menu")}>
        ${t.back}</button>
      <button type="button" class="go" data-testid="pay" disabled=${blocked} aria-busy=${busy}
        onClick=${actions.toPoints}>${busy ? t.preparing : t.pay}</button>
    </div></footer>`;
}
