/** Signing in by phone: number, code, points. Every trouble leaves the way "without a number" open. */

import { newKey, Problem, Unreachable } from "./api.mjs";
import { countryOf, phoneWhole } from "./points.mjs";

/** Refusals of the code itself. */
const WRONG = new Set(["wrong_password", "attempts_exhausted", "password_expired", "no_pending_confirmation"]);

/** @param {import("./kiosk.mjs").Parts} kiosk */
export function createSigning({ api, store, session }) {
  /** What comes after signing in on the way to one's own orders. */
  let afterwards = () => {};

  /** @param {object} change */
  const tell = (change) => store.dispatch({ type: "member_changed", change });
  const member = () => store.get().member;

  /** One call at a time; a refusal becomes the trouble shown under the field. @param {() => Promise<void>} work */
  async function trying(work) {
    if (member()?.busy) return;
    const visit = newKey();
    tell({ busy: true, trouble: null, visit });
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
      if (member()?.visit === visit) tell({ ...anew(error), trouble: troubleOf(error) });
    }
    if (member()?.visit === visit) tell({ busy: false });
  }

  /** A wrong code is typed anew; one that only met silence stays. @param {Problem|Unreachable} error */
  function anew(error) {
    const wrong = error instanceof Problem && member()?.step === "code" && WRONG.has(error.code);
    return wrong ? { code: "" } : {};
  }

  const phone = () => phoneWhole(member()?.digits ?? "", countryOf(store.get().restaurant, member()?.country));

  async function askByNumber() {
    const { consent = false } = member() ?? {};
    const version = store.get().restaurant?.points?.consent_version;
    const body = { phone: phone(), ...(version && consent ? { consent: version } : {}) };
    const answer = await api.quickAuth(await session.fresh(), body);
    if (!member()) return;
    if (answer.status === 201) return pending(answer.body, false);
    await session.adopt(answer.body);
    await showAccount(false);
  }

  /** @param {any} told @param {boolean} stepUp */
  function pending(told, stepUp) {
    tell({
      step: "code",
      stepUp,
      code: "",
      temporaryToken: told.temporary_token,
      resendAt: Date.now() + (told.resend_in_s ?? 60) * 1000,
    });
  }

  /**
   * Points are shown to whoever may spend them: by the number alone, or by a code where the rules ask for it.
   * @param {boolean} verified
   */
  async function showAccount(verified) {
    const open = verified || !store.get().restaurant?.points?.spend_requires_code;
    tell({ step: "account", verified, points: open ? (await api.me(session.current())).bonus_points : null });
    if (member()?.onward === "history") afterwards();
  }

  async function askByCode() {
    const { code, temporaryToken, onward, visit } = member() ?? {};
    const body = { phone: phone(), password: code, temporary_token: temporaryToken };
    const answer = await api.confirm(session.current(), body);
    if (member()?.visit !== visit) return;
    await session.adopt(answer);
    await showAccount(true);
    if (onward === "payment" && store.get().order) store.dispatch({ type: "card_awaited", at: Date.now() });
  }

  /**
   * A signed-in customer's own request for a code: the server sends it when it refuses what only a proven session sees.
   */
  async function stepUp() {
    try {
      await api.orders(session.current(), "");
    } catch (error) {
      if (!(error instanceof Problem && error.code === "step_up_required")) throw error;
      return codeAsked(error.body);
    }
    await showAccount(true);
  }

  /** @param {any} told the members of `step_up_required` */
  function codeAsked(told) {
    if (told.temporary_token) return pending(told, true);
    tell({ trouble: { code: "too_many_requests", retryAfterS: told.retry_after_s } });
  }

  async function resend() {
    if (member()?.stepUp) return await stepUp();
    await askByNumber();
  }

  return {
    byNumber: () => trying(askByNumber),
    byCode: () => trying(askByCode),
    stepUp: () => trying(stepUp),
    resend: () => trying(resend),
    /** @param {() => void} work */
    onHistory: (work) => {
      afterwards = work;
    },
    /** So do the guest's own orders. @param {any} told */
    forHistory(told) {
      store.dispatch({ type: "points_opened", member: { step: "code", onward: "history" } });
      codeAsked(told);
    },
    /** The payment wants a code: its refusal has sent one. @param {any} told */
    forPayment(told) {
      store.dispatch({ type: "points_opened", member: { step: "code", onward: "payment" } });
      codeAsked(told);
    },
  };
}

/** @param {Problem|Unreachable} error */
function troubleOf(error) {
  if (error instanceof Unreachable) return { code: "offline" };
  return { code: error.code, attemptsLeft: error.body.attempts_left, retryAfterS: error.body.retry_after_s };
}

/** @typedef {ReturnType<typeof createSigning>} Signing */
