import assert from "node:assert/strict";
import { test } from "node:test";
import { countryOf, earned, phoneMasked, phoneShown, phoneWhole, spendable, stepped } from "../../../web/js/points.mjs";
import { chance } from "./menu.mjs";

const RULES = { accrual: 0.05, max_share: 0.5, consent_version: "1", spend_requires_code: false };

test("points pay at most the rules' share, leave a rouble to be paid and are the customer's own", () => {
  const draw = chance();
  for (let n = 0; n < 5_000; n += 1) {
    const share = draw(101) / 100;
    const [amount, balance] = [100 + draw(10_000_000), draw(100_000)];
    const spent = spendable({ ...RULES, max_share: share }, amount, balance);
    assert.ok(Number.isInteger(spent) && spent >= 0 && spent <= balance);
    assert.ok(spent * 100 * 100 <= Math.round(share * 100) * amount, `${share} of ${amount}`);
    assert.ok(amount - spent * 100 >= 100, `${amount} − ${spent}`);
    const more = (spent + 1) * 100;
    const tooMuch = more * 100 > Math.round(share * 100) * amount || amount - more < 100 || spent + 1 > balance;
    assert.ok(tooMuch, `${spent} of ${amount} is not all that goes`);
  }
  assert.equal(spendable(undefined, 100_000, 500), 0);
});

test("whole points are earned, rounded down, of what was paid in money", () => {
  assert.equal(earned(RULES, 35_000), 17);
  assert.equal(earned(RULES, 1_999), 0);
  assert.equal(earned({ ...RULES, accrual: 0.07 }, 10_000), 7);
  assert.equal(earned(undefined, 35_000), 0);
});

test("a few steps lead through all points and end at both ends", () => {
  for (const most of [0, 7, 20, 21, 150, 200, 999, 5_000]) {
    let taps = 0;
    let points = 0;
    for (; points < most; taps += 1) points = stepped(points, most, 1);
    assert.ok(points === most && taps <= 100, `${most}: ${taps} taps`);
    while (points > 0) points = stepped(points, most, -1);
    assert.equal(points, 0);
  }
});

test("a phone is shown as it is typed, masked to its last two digits, told in full", () => {
  const home = countryOf(null, undefined);
  assert.equal(phoneShown("", home), "+7 ___ ___-__-__");
  assert.equal(phoneShown("9161", home), "+7 916 1__-__-__");
  assert.equal(phoneMasked("9161234567", home), "+7 ••• •••-••-67");
  assert.equal(phoneWhole("9161234567", home), "+79161234567");
});
