import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { points } from "../../static/js/core/format.js";
import { speak, t, tn } from "../../static/js/core/i18n.js";
import { distance } from "../../static/js/core/units.js";

afterEach(() => speak("en", {}));

test("english is its own translation", () => {
  assert.equal(t("Round {number}/{total}", { number: 2, total: 5 }), "Round 2/5");
  assert.equal(tn("{n} point", "{n} points", 1), "1 point");
  assert.equal(tn("{n} point", "{n} points", 1234), "1,234 points");
});

test("a translation takes the place of the text, values of the names", () => {
  speak("de", { "Round {number}": "Runde {number}", "{n} point": ["{n} Punkt", "{n} Punkte"] });
  assert.equal(t("Round {number}", { number: 3 }), "Runde 3");
  assert.equal(tn("{n} point", "{n} points", 1), "1 Punkt");
  assert.equal(tn("{n} point", "{n} points", 1234), "1.234 Punkte");
  assert.equal(t("Not translated"), "Not translated");
});

test("numbers follow the language", () => {
  speak("de", {});
  assert.equal(points(7412), "7.412");
  assert.equal(distance(12.34).replace("\u202f", " "), "12,3 km");
});

test("languages with more than two forms choose by their own rules", () => {
  speak("pl", { "{n} round": ["{n} runda", "{n} rundy", "{n} rund"] });
  assert.equal(tn("{n} round", "{n} rounds", 1), "1 runda");
  assert.equal(tn("{n} round", "{n} rounds", 3), "3 rundy");
  assert.equal(tn("{n} round", "{n} rounds", 5), "5 rund");
});

test("a name without a value stays to be seen", () => {
  assert.equal(t("Hello {who}"), "Hello {who}");
});
