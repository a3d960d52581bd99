import assert from "node:assert/strict";
import { test } from "node:test";
import { armOf, FLOOR, placesOf, queueOf } from "../../../web/js/kitchen-parts.mjs";

const station = (/** @type {number} */ number, arm = false) => ({
  station: number,
  name: { ru: "вок", en: "wok" },
  state: arm ? "busy" : "free",
  arm,
  dishes: [],
});

test("however many stations there are, they stand on the floor and none on another", () => {
  for (const count of [1, 2, 3, 7, 8, 16]) {
    const places = placesOf(count);
    assert.equal(places.length, count);
    for (const [n, a] of places.entries()) {
      assert.ok(a.left >= -0.01 && a.left + a.width <= FLOOR.width + 0.01 && a.top + a.height <= FLOOR.height);
      for (const b of places.slice(n + 1))
        assert.ok(a.top !== b.top || a.left + a.width <= b.left, `${JSON.stringify(a)} ${JSON.stringify(b)}`);
    }
  }
});

test("the arm points at the station that holds it and ends before its card", () => {
  const stations = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => station(n, n === 8));
  const { angle, length } = armOf(stations);
  const place = placesOf(8)[7];
  const tip = {
    x: FLOOR.width / 2 + length * Math.cos((angle * Math.PI) / 180),
    y: FLOOR.height / 2 + length * Math.sin((angle * Math.PI) / 180),
  };
  assert.ok(tip.y < place.top && tip.y > FLOOR.height / 2);
  assert.ok(tip.x < place.left + place.width / 2 && tip.x > FLOOR.width / 2);
  assert.equal(armOf(stations.slice(0, 7)).angle, -90, "nobody holds it: it rests");
});

test("orders that are begun and those that wait are told apart, and what does not fit is counted", () => {
  const orders = ["1", "2", "3", "4"].map((number) => ({ number, left_s: 60, begun: number !== "4" }));
  assert.deepEqual(
    queueOf(orders, true, 2).shown.map(({ number }) => number),
    ["1", "2"],
  );
  assert.equal(queueOf(orders, true, 2).more, 1);
  assert.deepEqual(
    queueOf(orders, false, 2).shown.map(({ number }) => number),
    ["4"],
  );
});
