/** Sections of the technician's page: which a person may see, where something waits, what an address names. No I/O. */

/** Fewer portions than this in a bin are told apart. */
export const FEW_PORTIONS = 5;

/** In the order of the bar; each with an act without which there is nothing for this person in it. */
const NEEDS = /** @type {const} */ ({
  now: "GET /api/service/overview",
  orders: "GET /api/service/overview",
  kitchen: "GET /api/service/kitchen",
  registrar: "POST /api/service/x-report",
  menu: "GET /api/service/menu/document",
  stock: "POST /api/service/refill",
  customers: "POST /api/service/customers/find",
  devices: "GET /api/service/overview",
  log: "GET /api/service/overview",
  system: "POST /api/service/tasks/audit",
});

/** @typedef {keyof typeof NEEDS} Section */

const SECTIONS = /** @type {Section[]} */ (Object.keys(NEEDS));
const OF_REGISTRAR = ["paper", "drive", "ofd", "clock", "fiscal"];
const OF_SYSTEM = ["disk", "database", "archive", "standby"];

/** @param {(act: string) => boolean} may @returns {Section[]} */
export const openTo = (may) => SECTIONS.filter((name) => may(NEEDS[name]));

/**
 * `#orders/ID`: the section, and what of it is looked at; the first section where none of these is named.
 * @param {string} hash
 * @param {Section[]} open
 * @returns {{section: Section, of: string}}
 */
export function placeOf(hash, open) {
  const [name, ...rest] = hash.replace(/^#/, "").split("/");
  const section = open.find((one) => one === name);
  return section ? { section, of: rest.join("/") } : { section: "now", of: "" };
}

/**
 * @typedef {{told: any, stuck: any[], till: any[], requests: any, cells: any[]|null}} Known what the page was told;
 *   `told`: the overview
 */

/** Where somebody has to look. @param {Known} known @returns {Set<Section>} */
export function waitingIn({ told, stuck, till, requests, cells }) {
  const bad = told.lights.filter((/** @type {any} */ light) => light.level === "bad");
  const among = (/** @type {string[]} */ names) =>
    bad.some((/** @type {any} */ light) => names.includes(light.name.split(":")[0]));
  const waits = /** @type {[Section, boolean][]} */ ([
    ["now", Boolean(!told.sales_open || stuck.length || till.length || requests?.waiting.length)],
    ["orders", told.orders.some((/** @type {any} */ order) => order.failed > 0)],
    ["kitchen", Boolean(cells?.some((row) => row.state === "forgotten" || row.state === "locked"))],
    ["registrar", among(OF_REGISTRAR)],
    [
      "stock",
      told.bins.some((/** @type {any} */ row) => row.portions_left !== null && row.portions_left < FEW_PORTIONS),
    ],
    [
      "devices",
      bad.some((/** @type {any} */ light) => ![...OF_REGISTRAR, ...OF_SYSTEM].includes(light.name.split(":")[0])),
    ],
    ["system", among(OF_SYSTEM) || told.webhooks.some((/** @type {any} */ row) => row.state === "disabled")],
  ]);
  return new Set(waits.filter(([, does]) => does).map(([name]) => name));
}
