import assert from "node:assert/strict";
import { test } from "node:test";

import { announcement } from "../../static/js/core/announce.js";
import { lessons } from "../../static/js/core/lessons.js";
import { hasMedals, medalOf, nextMedal } from "../../static/js/core/medals.js";
import { initial } from "../../static/js/core/state.js";
import { lastRound, streakOf } from "../../static/js/core/streak.js";
import { finished, round, snapshot } from "./fixtures.js";

const PERU = { code: "PE", name: "Peru" };
const CHILE = { code: "CL", name: "Chile" };
const FRANCE = { code: "FR", name: "France" };
const game = (changes = {}) => snapshot({ game: { state: "finished", ...changes } }).game;
const named = (number, correct, country = PERU) => round(number, { correct, country: correct ? country : CHILE, points: 0 }, { country });

test("medals begin at 15,000, and platinum is for all of the points", () => {
  assert.deepEqual([0, 14_999, 15_000, 20_000, 24_000, 24_999, 25_000].map(medalOf), [null, null, "bronze", "silver", "gold", "gold", "platinum"]);
  assert.deepEqual(nextMedal(19_000), { medal: "silver", missing: 1000 });
  assert.equal(nextMedal(25_000), null);
  assert.ok(hasMedals(5, true));
  assert.ok(!hasMedals(3, true) && !hasMedals(5, false));
});

test("a streak ends at the first wrong country; a void round does neither", () => {
  const results = [named(1, true), round(2, {}, { void: "gone" }), named(3, true), named(4, false)];
  assert.equal(streakOf(results), 2);
  assert.equal(lastRound(results).number, 4);
  assert.equal(streakOf([]), 0);
  assert.equal(lastRound([named(1, true)]), null);
});

test("the worst round is the first lesson", () => {
  const results = [round(1, { points: 4800 }), round(2, { points: 300, distance_km: 4210 }, { place: "Lima, Peru" })];
  const [first] = lessons(game(), results);
  assert.equal(first.round, 2);
  assert.match(first.text.replaceAll("\u202f", " "), /Round 2 cost you most: Lima, Peru, 4,210 km off, 4,700 points lost/);
});

test("good games teach nothing that is not so", () => {
  assert.deepEqual(lessons(game(), [round(1, { points: 4900 }, { model: null, country: null })]), []);
});

test("countries taken for others, halves of the Earth, and haste are named", () => {
  const wrong = round(1, { lat: 30, lng: -70, points: 100, country: CHILE, time_used_s: 6 }, { truth: { lat: -12, lng: -77 }, country: PERU });
  const kinds = lessons(game({ time_limit_s: 60 }), [wrong]).map(({ kind }) => kind);
  assert.deepEqual(kinds, ["loss", "hemisphere", "confusion"]);
  const hasty = round(1, { points: 100, time_used_s: 6, country: FRANCE });
  assert.ok(lessons(game({ time_limit_s: 60 }), [hasty]).some(({ kind }) => kind === "haste"));
  assert.ok(!lessons(game({ time_limit_s: null }), [hasty]).some(({ kind }) => kind === "haste"));
});

test("a game of countries teaches its confusions, the same one once", () => {
  const results = [named(1, false), named(2, false), named(3, true)];
  assert.deepEqual(lessons(game({ mode: "country" }), results).map(({ text }) => text), ["You took Peru for Chile."]);
});

test("a screen reader hears how it ended", () => {
  const points = initial(finished());
  assert.match(announcement(initial({ ...finished(), game: game({ points: { you: 1, model: 2 } }) })), /You have 1 point\. .*2/);
  assert.equal(points.phase, "summary");
  const streak = { ...finished(), game: game({ mode: "streak", rounds_total: null }), results: [named(1, true), named(2, false)] };
  assert.equal(announcement(initial(streak)), "The streak is over. 1 country in a row.");
});
