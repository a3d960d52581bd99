/**
 * The training panel: breaks simulated devices on purpose, in plain words. It exists only while a device is simulated.
 */

import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { html } from "./html.mjs";
import { staffCall, staffToken } from "./staff.mjs";
import { InStaffLanguage, Languages, useWords } from "./staff-language.mjs";

const REFRESH_MS = 3_000;

/** What each fault is switched on with. */
const PARAMETERS = /** @type {Record<string, Record<string, string|number>>} */ ({
  noise: { rate: 0.05 },
  refuse_tag: { tag: 1192 },
  bin_empty: { bin: 23 },
  jam: { station: 1 },
  cell_cold: { cell: 1 },
  bin_warm: { bin: 6 },
  power_cut: { at: "after_store" },
  drive_expires: { days: 20 },
  wrong_ticket: { of: "drive" },
  unknown_command: { code: "FF3A" },
  wrong_answer: { after: "FF45", code: 0x77 },
  slow_print: { seconds: 3 },
  partial: { kopecks: 100 },
  battery_left: { percent: 40 },
  on_idl_after_approval: { do: "autocancel" },
  abr: { do: "ignored" },
  lose_request: { of: "cancel" },
  try_later: { times: 3 },
  repeated: { code: "20" },
  odd_state: { word: "FROZEN" },
  clock_ahead: { seconds: 600 },
  end_holds: { reason: "fraud_suspected" },
  end_at_capture: { reason: "expired_on_capture" },
  refuse_charges: { status: 400 },
  errorcode: { code: 13 },
  errorcode_after: { code: 13 },
  after_power_cut: { do: "complete" },
  online: { host: "198.51.100.7", port: 443 },
});

const LOST = /** @type {Record<string, Record<string, string>>} */ ({
  fiscal: { after: "FF45" },
  terminal: { after: "VRP" },
  sbp: { after: "order" },
});

/** @param {string} device @param {string} fault */
function parametersOf(device, fault) {
  if (fault === "slow") return { seconds: device === "fiscal" ? 3 : 10 };
  if (fault === "lose_answer") return LOST[device] ?? {};
  return PARAMETERS[fault] ?? {};
}

function Panel() {
  const { language, t } = useWords();
  const [devices, setDevices] = useState(/** @type {any[]} */ ([]));
  const [trouble, setTrouble] = useState("");
  const take = (/** @type {import("./staff.mjs").Answer} */ answer) => {
    if (answer.status === 401) return setTrouble(t.sim.signIn);
    if (answer.ok) setDevices(answer.body.devices);
    setTrouble(answer.ok ? "" : (answer.body?.errors?.[0]?.message ?? answer.body?.title ?? t.sim.failed));
  };
  useEffect(() => {
    const load = async () => take(await staffCall(staffToken(), "GET", "/api/sim"));
    void load();
    const timer = setInterval(load, REFRESH_MS);
    return () => clearInterval(timer);
  }, [language]);
  const flip = async (/** @type {string} */ device, /** @type {any} */ fault) =>
    take(
      await staffCall(staffToken(), "POST", "/api/sim", {
        device,
        fault: fault.name,
        on: !fault.on,
        parameters: fault.on ? {} : parametersOf(device, fault.name),
      }),
    );
  const mend = async () => {
    for (const { device, faults } of devices) for (const fault of faults) if (fault.on) await flip(device, fault);
  };
  return html`<main class="desk sim">
    <header><h1>${t.sim.title}</h1><${Languages} /><a class="quiet" href="/service">${t.titles.service}</a>
      <button type="button" data-testid="mend" onClick=${mend}>${t.sim.mend}</button></header>
    <p class="said">${t.sim.lead}</p>
    <p class="trouble" role="alert">${trouble}</p>
    ${devices.map(
      ({ device, faults }) => html`<section class="card" key=${device}><h2>${t.sim.devices[device] ?? device}</h2>
        <div class="faults">${faults.map(
          (/** @type {any} */ fault) =>
            html`<${Fault} key=${fault.name} device=${device} fault=${fault} flip=${flip} />`,
        )}</div></section>`,
    )}
  </main>`;
}

/** @param {{device: string, fault: any, flip: (device: string, fault: any) => Promise<void>}} props */
function Fault({ device, fault, flip }) {
  const t = useWords().t.sim;
  const [name, hint] = t.faults[device]?.[fault.name] ?? [fault.name, ""];
  return html`<button type="button" class=${fault.on ? "fault on" : "fault"} role="switch" aria-checked=${fault.on}
    data-testid=${`fault-${device}-${fault.name}`} onClick=${() => flip(device, fault)}>
    <b>${name}</b><small>${fault.on ? t.broken : hint}</small></button>`;
}

render(
  html`<${InStaffLanguage} page="sim"><${Panel} /><//>`,
  /** @type {HTMLElement} */ (document.getElementById("page")),
);
