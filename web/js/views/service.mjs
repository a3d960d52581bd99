/** In the hall or take away: two equal targets. */

import { html } from "../html.mjs";
import { useKiosk } from "./context.mjs";
import { Heading, Picture } from "./parts.mjs";

export function Service() {
  const { state, actions, t } = useKiosk();
  return html`<main class="sheet service">
    <${Heading}>${t.serviceTitle}<//>
    <div class="service-two">
      <${Way} id="service-dine-in" image="plate" name=${t.dineIn} hint=${t.dineInHint}
        choose=${() => actions.chooseService("dine_in")} />
      <${Way} id="service-take-away" image="bags" name=${t.takeAway} hint=${t.takeAwayHint}
        choose=${() => actions.chooseService("take_away")} />
    </div>
    ${
      state.restaurant?.points &&
      html`<button type="button" class="chip wide" data-testid="own-orders-open"
        onClick=${actions.toHistory}>${t.repeatEarlier}</button>`
    }
    <button type="button" class="go ghost" data-testid="service-back"
      onClick=${state.lines.length ? () => actions.open("menu") : actions.reset}>${t.back}</button>
  </main>`;
}

/** @param {{id: string, image: string, name: string, hint: string, choose: () => void}} props */
function Way({ id, image, name, hint, choose }) {
  return html`<button type="button" class="way" data-testid=${id} onClick=${choose}>
    <${Picture} src=${`/assets/images/${image}.webp`} size=${240} /><b>${name}</b><small>${hint}</small>
  </button>`;
}
