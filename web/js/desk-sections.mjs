/** What stands in each section of the technician's page, for whom it is. */

import { useState } from "preact/hooks";
import { Accounts } from "./desk-accounts.mjs";
import { Alarms } from "./desk-alarms.mjs";
import { CellJournal, UpkeepJournal } from "./desk-journals.mjs";
import { Kitchen } from "./desk-kitchen.mjs";
import { Log } from "./desk-log.mjs";
import { LotJournal, Lots, useTold } from "./desk-lots.mjs";
import { Menu } from "./desk-menu.mjs";
import { Orders } from "./desk-orders.mjs";
import { Bins, Cells, Lights, ReaderDay, Sales, Stuck, Webhooks } from "./desk-parts.mjs";
import { People } from "./desk-people.mjs";
import { Registrar } from "./desk-registrar.mjs";
import { RefundRequests } from "./desk-second.mjs";
import { StopList } from "./desk-stops.mjs";
import { System } from "./desk-system.mjs";
import { Temperatures } from "./desk-temperatures.mjs";
import { Till } from "./desk-till.mjs";
import { Traffic } from "./desk-traffic.mjs";
import { Upkeep } from "./desk-upkeep.mjs";
import { html } from "./html.mjs";
import { useWho } from "./staff.mjs";

const TASKS_MS = 2_000;

/**
 * @typedef {import("./sections.mjs").Known & {place: {section: import("./sections.mjs").Section, of: string},
 *   asked: {id: number}, token: string, act: import("./desk-parts.mjs").Act,
 *   ask: import("./desk-refund.mjs").Ask}} Given
 */

/** @type {Record<import("./sections.mjs").Section, (given: Given) => any>} */
const CONTENTS = {
  now: Now,
  orders: OfOrders,
  kitchen: OfKitchen,
  registrar: OfRegistrar,
  menu: ({ told, place, token, act }) => html`<${Menu} told=${told} of=${place.of} token=${token} act=${act} />`,
  stock: OfStock,
  customers: ({ ask }) => html`<${People} ask=${ask} />`,
  devices: OfDevices,
  log: ({ told, token }) => html`<${Log} told=${told} token=${token} />`,
  system: OfSystem,
};

/** @param {Given} given */
export const SectionOf = (given) => html`<${CONTENTS[given.place.section]} ...${given} />`;

/** @param {Given} given */
function Now({ told, stuck, till, requests, asked, token, act }) {
  const { may } = useWho();
  return html`<${Sales} told=${told} act=${act} /><${Alarms} token=${token} act=${act} />
    ${may("GET /api/service/till") && html`<${Till} rows=${till} act=${act} />`}
    <${Seconds} requests=${requests} asked=${asked} act=${act} /><${Stuck} rows=${stuck} act=${act} />
    <${Lights} lights=${told.lights} />`;
}

/** @param {Pick<Given, "requests"|"asked"|"act">} given */
function Seconds({ requests, asked, act }) {
  const { may } = useWho();
  return (
    may("GET /api/service/refund-requests") && html`<${RefundRequests} told=${requests} asked=${asked} act=${act} />`
  );
}

/** @param {Given} given */
function OfOrders({ told, requests, asked, place, token, act, ask }) {
  return html`<${Seconds} requests=${requests} asked=${asked} act=${act} />
    <${Orders} orders=${told.orders} of=${place.of} token=${token} last=${told.journal[0]?.at} act=${act}
      ask=${ask} />`;
}

/** @param {Given} given */
function OfKitchen({ told, cells, token, act }) {
  const last = told.journal[0]?.at;
  return html`<${Kitchen} token=${token} /><${Cells} cells=${cells} act=${act} />
    <${Upkeep} token=${token} act=${act} last=${last} /><${Temperatures} token=${token} />
    <${CellJournal} token=${token} last=${last} /><${UpkeepJournal} token=${token} last=${last} />`;
}

/** @param {Given} given */
function OfRegistrar({ told, token, act }) {
  const last = told.journal[0]?.at;
  return html`<${Registrar} shift=${told.shift} token=${token} last=${last} act=${act} />`;
}

/** @param {Given} given */
function OfStock({ told, token, act }) {
  const last = told.journal[0]?.at;
  const [until, setUntil] = useState("good");
  return html`<${StopList} dishes=${told.dishes} until=${until} setUntil=${setUntil} act=${act} />
    <${Bins} bins=${told.bins} until=${until} act=${act} />
    <${Lots} token=${token} bins=${told.bins} act=${act} last=${last} /><${LotJournal} token=${token} last=${last} />`;
}

/** @param {Given} given */
function OfDevices({ told, token, act }) {
  const { may } = useWho();
  return html`<${Lights} lights=${told.lights} /><${ReaderDay} lights=${told.lights} act=${act} />
    ${may("GET /api/service/traffic") && html`<${Traffic} token=${token} last=${told.journal[0]?.at} act=${act} />`}`;
}

/** @param {Given} given */
function OfSystem({ told, token, act }) {
  const { may } = useWho();
  const tasks = useTold(token, "tasks", told, TASKS_MS);
  return html`<${System} token=${token} tasks=${tasks?.tasks ?? []} act=${act} />${
    may("POST /api/service/staff") && html`<${Accounts} token=${token} act=${act} last=${told.journal[0]?.at} />`
  }<${Webhooks} rows=${told.webhooks} act=${act} />`;
}
