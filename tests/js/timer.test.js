import assert from "node:assert/strict";
import { test } from "node:test";

import { clockText, deadline, isVerdictDue, secondsLeft, toSay, untilNextSecond } from "../../static/js/core/timer.js";

test("seconds are rounded up, so that 0 means that the time is up", () => {
  assert.equal(secondsLeft(10_000, 0), 10);
  assert.equal(secondsLeft(10_000, 1), 10);
  assert.equal(secondsLeft(10_000, 9_999), 1);
  assert.equal(secondsLeft(10_000, 10_000), 0);
  assert.equal(secondsLeft(10_000, 99_000), 0);
});

test("the next look at the clock is when the number changes", () => {
  assert.equal(untilNextSecond(10_000, 400), 600);
  assert.equal(untilNextSecond(10_000, 1000), 1000);
  assert.equal(untilNextSecond(10_000, 12_000), 0);
});

test("an answer that was long under way does not lengthen the round", () => {
  assert.equal(deadline(null, 30, 2000), 32_000);
  assert.equal(deadline(32_000, 29, 4500), 32_000);
  assert.equal(deadline(32_000, 27, 4500), 31_500);
  assert.equal(deadline(32_000, null, 4500), null);
});

test("the clock reads as one", () => {
  assert.deepEqual([0, 9, 60, 83, 180].map(clockText), ["0:00", "0:09", "1:00", "1:23", "3:00"]);
});

test("30, 10 and 5 seconds are said, once, and a page that slept says only what is true now", () => {
  assert.equal(toSay(31, 30), 30);
  assert.equal(toSay(30, 29), null);
  assert.equal(toSay(11, 10), 10);
  assert.equal(toSay(45, 4), 4);
  assert.equal(toSay(1, 0), null);
  assert.equal(toSay(Infinity, 60), null);
});

test("the verdict is asked for when the server's grace is over", () => {
  assert.ok(!isVerdictDue(10_000, 12_000));
  assert.ok(isVerdictDue(10_000, 12_300));
  assert.ok(!isVerdictDue(null, 1e9));
});
