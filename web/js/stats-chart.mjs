/** The chart of a period by the restaurant's own clock: its hours are drawn as hours of UTC, so that no clock of the
 * browser's, nor its summer time, moves or swallows one. No I/O. */

import uPlot from "uplot";
import { whole } from "./format.mjs";

const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;
/** From this many days on the axis tells days, not hours. */
const BY_DAY = 3;

/** @typedef {{hour: string, orders_paid: number, revenue_kopecks: number}} Hour */

/** @param {string} text a day (`2026-11-22`) or an hour of one (`2026-11-22T14`); seconds of that clock face */
export const at = (text) => Date.parse(text.length > 10 ? `${text}:00Z` : `${text}T00:00Z`) / 1000;
const two = (/** @type {number} */ n) => String(n).padStart(2, "0");

/** @param {boolean} byDay @returns {(seconds: number) => string} */
export const moment = (byDay) => (seconds) => {
  const time = new Date(seconds * 1000);
  return byDay ? `${two(time.getUTCDate())}.${two(time.getUTCMonth() + 1)}` : `${two(time.getUTCHours())}:00`;
};

/**
 * @param {any} stats
 * @param {number} width
 * @param {import("./staff-language.mjs").StaffTexts["stats"]["chart"]} words
 * @returns {import("uplot").Options}
 */
export function chartOf(stats, width, words) {
  const from = at(stats.first_day);
  const to = at(stats.last_day) + DAY_S;
  const told = moment(to - from >= BY_DAY * DAY_S);
  /** @type {import("uplot").Scale} */
  const upward = { range: (_, __, high) => [0, Math.max(high, 1)] };
  return {
    width,
    height: 320,
    tzDate: (/** @type {number} */ seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    scales: { x: { range: () => [from - HOUR_S, to + HOUR_S] }, roubles: upward, orders: upward },
    axes: [
      { values: (/** @type {any} */ _, /** @type {number[]} */ ticks) => ticks.map(told), space: 70 },
      {
        scale: "roubles",
        size: roomFor,
        values: (/** @type {any} */ _, /** @type {number[]} */ ticks) => ticks.map(whole),
      },
      {
        scale: "orders",
        side: 1,
        size: roomFor,
        grid: { show: false },
        incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000],
      },
    ],
    series: [
      { label: words.hour, value: (/** @type {any} */ _, /** @type {number|null} */ v) => (v == null ? "" : told(v)) },
      {
        label: words.revenue,
        scale: "roubles",
        stroke: "#c8371b",
        fill: "#fde9df",
        width: 2,
        paths: uPlot.paths.bars?.({ size: [0.7, 60] }),
      },
      { label: words.orders, scale: "orders", stroke: "#1d7a46", width: 2, points: { show: true, size: 8 } },
    ],
  };
}

/** As wide as its longest figure: a year's revenue is not cut. @param {any} _ @param {string[]|null} values */
function roomFor(_, values) {
  return 30 + 8 * Math.max(3, ...(values ?? []).map((text) => text.length));
}

/** @param {Hour[]} hours @returns {[number[], number[], number[]]} middles, roubles, orders */
export function rowsOf(hours) {
  const middle = (/** @type {Hour} */ row) => at(row.hour) + (row.hour.length > 10 ? HOUR_S : DAY_S) / 2;
  return [hours.map(middle), hours.map((row) => row.revenue_kopecks / 100), hours.map((row) => row.orders_paid)];
}
