/**
 * Points before the payment: a number, a code, how many to spend; "without a number" stands beside every step, as
 * large.
 */

import { useState } from "preact/hooks";
import { itemsById, total } from "../cart.mjs";
import { money } from "../format.mjs";
import { html } from "../html.mjs";
import { countryOf, earned, phoneMasked, phoneShown, pointsToSpend, spendable, stepped } from "../points.mjs";
import { useKiosk, useNow } from "./context.mjs";
import { CountryChoice } from "./countries.mjs";
import { Dialog } from "./dialogs.mjs";
import { Numpad } from "./keys.mjs";
import { Heading, Picture } from "./parts.mjs";

const CODE_DIGITS = 6;

export function Points() {
  const { member } = useKiosk().state;
  if (member?.step === "code") return html`<${Code} key="code" member=${member} />`;
  if (member?.step === "account") return html`<${Account} key="account" member=${member} />`;
  return member && html`<${Phone} key="phone" member=${member} />`;
}

/** The cart's sum, or the order's where one exists already. */
function useSum() {
  const { state } = useKiosk();
  return state.order?.amount_kopecks ?? total(state.lines, itemsById(state.menu));
}

/** @param {{member: import("../store.mjs").Member}} props */
function Phone({ member }) {
  const { state, actions, t } = useKiosk();
  const rules = state.restaurant?.points;
  const { digits, busy } = member;
  const country = countryOf(state.restaurant, member.country);
  return html`<main class="sheet keyed">
    <div class="keyed-words"><${Heading}>${t.pointsTitle}<//>
      <p class="lead">${member.onward === "history" ? t.ownOrdersLead : t.pointsLead(earned(rules, useSum()))}</p>
      ${
        state.restaurant?.sms_says &&
        html`<p class="strip" role="alert" data-testid="no-sms">
          ${state.restaurant.sms_says[state.language]}</p>`
      }
      <output class="field" aria-label=${t.phoneField} data-testid="phone">${phoneShown(digits, country)}</output>
      <${CountryChoice} code=${country.code}
        choose=${(/** @type {string} */ code) => actions.memberIs({ country: code, digits: "", trouble: null })} />
      ${rules?.consent_version && html`<${Consent} given=${member.consent} />`}
      <${Trouble} trouble=${member.trouble} /></div>
    <${Numpad} press=${(/** @type {string} */ key) => actions.typeMember("digits", key, country.most)}
      erase=${() => actions.eraseMember("digits")} />
    <div class="two even"><button type="button" class="go" data-testid="sign-in"
        disabled=${digits.length < country.least || busy} aria-busy=${busy} onClick=${actions.signIn}>${t.next}</button>
      <${WithoutNumber} /></div>
    <${Back} />
  </main>`;
}

function Back() {
  const { state, actions, t } = useKiosk();
  if (state.member?.onward === "history") return null; // "without a number" is the way back there
  return html`<button type="button" class="chip back" data-testid="points-back" disabled=${state.busy}
    onClick=${actions.leavePoints}>${t.backToOrder}</button>`;
}

function WithoutNumber() {
  const { state, actions, t } = useKiosk();
  if (state.member?.onward === "history")
    return html`<button type="button" class="go dark" data-testid="points-back" onClick=${actions.leavePoints}>
      ${t.back}</button>`;
  // An order that exists keeps its number: here the way on is to pay it without points.
  const leave = state.order ? actions.payWithoutPoints : actions.withoutNumber;
  return html`<button type="button" class="go dark" data-testid="without-number" disabled=${state.busy}
    onClick=${leave}>
    ${state.busy ? t.preparing : state.order ? t.withoutPoints : t.withoutNumber}</button>`;
}

/** @param {{given: boolean}} props */
function Consent({ given }) {
  const { actions, t } = useKiosk();
  const [reading, setReading] = useState(false);
  return html`<div class="consent">
    <button type="button" class=${given ? "option on" : "option"} role="checkbox" aria-checked=${given}
      data-testid="consent" onClick=${() => actions.memberIs({ consent: !given, trouble: null })}>
      <i class="mark" aria-hidden="true">${given ? "✓" : ""}</i><span>${t.consent}</span></button>
    <button type="button" class="chip" data-testid="consent-read" aria-haspopup="dialog"
      onClick=${() => setReading(true)}>${t.consentRead}</button>
    ${reading && html`<${ConsentText} close=${() => setReading(false)} />`}
  </div>`;
}

/** @param {{close: () => void}} props */
function ConsentText({ close }) {
  const { state, t } = useKiosk();
  const { restaurant } = state;
  return html`<${Dialog} class="text-dialog" label=${t.consentTitle} close=${close}>
    <div class="sheet-scroll" tabindex="0"><h2>${t.consentTitle}</h2>
      ${t.consentText(restaurant).map((words) => html`<p class="lead" key=${words}>${words}</p>`)}
      <p class="lead"><small>${t.consentVersion(restaurant.points.consent_version)}</small></p></div>
    <footer class="sheet-foot"><button type="button" class="go" data-testid="consent-close" onClick=${close}>
        ${t.close}</button></footer><//>`;
}

/** @param {{member: import("../store.mjs").Member}} props */
function Code({ member }) {
  const { state, actions, t } = useKiosk();
  const { code, busy } = member;
  const wait = Math.ceil(((member.resendAt ?? 0) - useNow()) / 1000);
  return html`<main class="sheet keyed">
    <div class="keyed-words"><${Heading}>${t.codeTitle}<//>
      <p class="lead">${t.codeLead(phoneMasked(member.digits, countryOf(state.restaurant, member.country)))}</p>
      ${member.onward === "history" && member.stepUp && html`<p class="lead" data-testid="code-why">${t.codeWhy}</p>`}
      <output class="field spaced" data-say="signs" aria-label=${t.codeField} data-testid="code">
        ${code.padEnd(CODE_DIGITS, "_")}</output>
      <${Trouble} trouble=${member.trouble} />
      <div class="pair"><button type="button" class="chip" data-testid="code-resend" disabled=${wait > 0 || busy}
          onClick=${actions.resendCode}>${wait > 0 ? t.resendIn(wait) : t.resend}</button>
        ${
          member.onward !== "payment" &&
          html`<button type="button" class="chip" data-testid="other-number"
            onClick=${() => actions.memberIs({ step: "phone", code: "", trouble: null })}>
            ${t.otherNumber}</button>`
        }</div></div>
    <${Numpad} press=${(/** @type {string} */ key) => actions.typeMember("code", key, CODE_DIGITS)}
      erase=${() => actions.eraseMember("code")} />
    <div class="two even"><button type="button" class="go" data-testid="confirm-code"
        disabled=${code.length < CODE_DIGITS || busy} aria-busy=${busy} onClick=${actions.confirmCode}>
        ${t.confirm}</button>
      <${WithoutNumber} /></div>
    <${Back} />
  </main>`;
}

/** @param {{member: import("../store.mjs").Member}} props */
function Account({ member }) {
  const { state, actions, t } = useKiosk();
  const rules = state.restaurant?.points;
  const sum = useSum();
  const spent = pointsToSpend(state, sum);
  return html`<main class="sheet account">
    <div class="spring"></div>
    <${Picture} class="hero" src="/assets/images/wave.webp" size=${180} />
    <${Heading}>${t.helloTitle}<//>
    <p class="lead">${phoneMasked(member.digits, countryOf(state.restaurant, member.country))}</p>
    <button type="button" class="chip" data-testid="own-orders-open" onClick=${actions.toHistory}>
      ${t.ownOrders}</button>
    ${member.points === null ? html`<${Locked} member=${member} />` : html`<${Balance} member=${member} sum=${sum} />`}
    <p class="note">${t.willEarn(earned(rules, sum - spent * 100))}</p>
    <${Trouble} trouble=${member.trouble} />
    <div class="spring"></div>
    <p class="price-mid" data-testid="to-pay">${t.toPay(money(sum - spent * 100))}</p>
    <div class="two even"><button type="button" class="go" data-testid="go-pay" disabled=${state.busy}
        aria-busy=${state.busy} onClick=${actions.checkout}>${state.busy ? t.preparing : t.goPay}</button>
      <${WithoutNumber} /></div>
    <${Back} />
  </main>`;
}

/** @param {{member: import("../store.mjs").Member, sum: number}} props */
function Balance({ member, sum }) {
  const { state, actions, t } = useKiosk();
  const rules = state.restaurant?.points;
  const most = spendable(rules, sum, member.points ?? 0);
  const spent = pointsToSpend(state, sum);
  const choose = (/** @type {number} */ points) => actions.memberIs({ spend: points, atMost: undefined });
  return html`<div class="panel balance"><div><small>${t.yourPoints}</small><b class="code" data-testid="balance">
        ${member.points}</b></div>
    ${
      most > 0
        ? html`<div class="spending" role="group" aria-label=${t.spendLabel}>
          <button type="button" class="key" data-testid="spend-less" aria-label=${t.spendLess} disabled=${spent === 0}
            onClick=${() => choose(stepped(spent, most, -1))}>−</button>
          <output class="code" data-testid="spent" aria-label=${t.spendPoints(spent)}>${spent}</output>
          <button type="button" class="key" data-testid="spend-more" aria-label=${t.spendMore}
            disabled=${spent === most} onClick=${() => choose(stepped(spent, most, 1))}>+</button>
          <button type="button" class=${spent === most ? "chip on" : "chip"} aria-pressed=${spent === most}
            data-testid="spend" onClick=${() => choose(most)}>${t.spendAll(most)}</button>
          <button type="button" class=${spent === 0 ? "chip on" : "chip"} aria-pressed=${spent === 0}
            data-testid="spend-none" onClick=${() => choose(0)}>${t.spendNone}</button></div>`
        : html`<p class="lead">${t.nothingToSpend}</p>`
    }</div>
  ${most > 0 && html`<p class="lead">${t.spendLimit(Math.round((rules?.max_share ?? 0) * 100))}</p>`}`;
}

/**
 * Points of a number that anyone may type stay hidden until its owner shows a code.
 * @param {{member: import("../store.mjs").Member}} props
 */
function Locked({ member }) {
  const { actions, t } = useKiosk();
  return html`<div class="panel balance"><p class="lead">${t.spendNeedsCode}</p>
    <button type="button" class="option" data-testid="ask-code" disabled=${member.busy} onClick=${actions.askForCode}>
      <span>${t.spendByCode}</span></button></div>`;
}

/** @param {{trouble: import("../store.mjs").Trouble|null}} props */
export function Trouble({ trouble }) {
  const { t } = useKiosk();
  const known = /** @type {Record<string, string>} */ (t.signTroubles);
  const words = !trouble
    ? ""
    : trouble.attemptsLeft
      ? t.attemptsLeft(trouble.attemptsLeft)
      : (known[trouble.code] ?? known.unknown);
  const wait = trouble?.retryAfterS ? ` ${t.retryIn(trouble.retryAfterS)}.` : "";
  return html`<p class="trouble" role="alert" data-testid="trouble">${words}${wait}</p>`;
}
