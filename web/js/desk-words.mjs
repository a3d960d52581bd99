/** Plain words for what the server says to the technician, in the language of the page. No I/O. */

/** @typedef {import("./staff-language.mjs").StaffTexts} StaffTexts */

const STATION = "station_";
const TEMPERATURE = "temperature_";
const LOT = "lot_";
const OFD_OF = "ofd:";
const ALARM = "alarm:";

/** @param {string} name a light's @param {StaffTexts["lights"]} t */
export function lightName(name, t) {
  if (name.startsWith(STATION)) return t.station(name.slice(STATION.length));
  if (name.startsWith(TEMPERATURE)) return t.temperature;
  if (name.startsWith(LOT)) return t.lot;
  if (name.startsWith(ALARM)) return t.channelOf(name.slice(ALARM.length));
  return name.startsWith(OFD_OF) ? t.ofdOf(name.slice(OFD_OF.length)) : (t.names[name] ?? name);
}

/**
 * @typedef {{name: string, level: string, value: number|null, word: string|null, own?: string,
 *   says?: Record<import("./texts.mjs").Language, string>|null}} Light
 * @typedef {(n: number, t: StaffTexts["lights"]) => string} Telling
 */

/** @type {Record<string, Telling>} */
const FIGURES = {
  drive: (days, t) => t.days(days),
  clock: (seconds, t) => t.clockOff(seconds),
  sms: (n, t) => t.waiting(n),
  disk: (mib, t) => t.diskFree(mib),
  pages: (n, t) => (n ? t.quiet(n) : ""),
};

/** @param {Light} light @param {StaffTexts["lights"]} t @param {import("./texts.mjs").Language} language */
export function lightWords({ name, value, word, says }, t, language) {
  if (says) return says[language];
  if (name === "paper") return t.paper[word ?? ""] ?? t.paperUnknown;
  return value === null ? "" : (FIGURES[name]?.(value, t) ?? "");
}

const WRITTEN_OFF = "written_off:";

/**
 * Of food that staff threw away the money stays or goes: what is right there has words of its own.
 * @param {{detail: string}} row
 * @param {string} move
 * @param {StaffTexts["stuck"]} t
 */
export function moveWords({ detail }, move, t) {
  return move === "accept" && detail.startsWith(WRITTEN_OFF) ? t.keepMoney : (t.moves[move] ?? move);
}

/**
 * What an act was about; a dish by its name.
 * @param {{action: string, detail: string}} line
 * @param {{item_id: string, name: string}[]} dishes
 * @param {StaffTexts["journal"]} t
 */
export function detailWords({ action, detail }, dishes, t) {
  if (action !== "stop_list") return detail;
  const [id, state] = detail.split(" ");
  return `${dishes.find((dish) => dish.item_id === id)?.name ?? id}: ${t.switched[state] ?? state}`;
}

/**
 * Who acted: the name of the account, or the one given at the door, else the account on this computer.
 * @param {string} actor
 * @param {StaffTexts["journal"]} t
 */
export function actorWords(actor, t) {
  const [kind, name, ...rest] = actor.split(":");
  if (kind === "person") return rest.join(":"); // its name at that time; `name` is its number
  return kind === "pin" ? name || t.staff : kind === "peer" ? t.account(name) : actor;
}
