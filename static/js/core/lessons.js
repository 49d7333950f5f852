/**
 * What a finished game teaches, in at most three sentences, the most useful first. Pure.
 *
 * @import { ClosedRound, Game } from "../types.js"
 *
 * @typedef {{kind: "loss" | "confusion" | "hemisphere" | "leaning" | "model" | "haste", text: string, round: number | null}} Lesson
 */
import { points } from "./format.js";
import { t, tn } from "./i18n.js";
import { MOST_POINTS } from "./medals.js";
import { countsCountries } from "./state.js";
import { distance } from "./units.js";

const MOST = 3;
const NOT_WORTH = 1500; // points lost in a round of which nobody speaks

/** @param {Game} game @param {ClosedRound[]} results @returns {Lesson[]} */
export function lessons(game, results) {
  const counted = results.filter((result) => !result.void);
  const found = countsCountries(game)
    ? [...confusions(counted), modelKnew(counted)]
    : [biggestLoss(counted), hemispheres(counted), ...confusions(counted), haste(game, counted), leaning(counted), modelBetter(counted)];
  const seen = new Set();
  return found
    .filter((lesson) => lesson !== null)
    .filter(({ text }) => !seen.has(text) && seen.add(text))
    .slice(0, MOST);
}

/** @param {ClosedRound[]} results @returns {Lesson | null} */
function biggestLoss(results) {
  const worst = [...results].sort((a, b) => a.you.points - b.you.points)[0];
  if (!worst || MOST_POINTS - worst.you.points < NOT_WORTH) return null;
  const place = worst.place || t("an unnamed place");
  const text =
    worst.you.distance_km === null
      ? t("Round {number} cost you all of its points: the time was up. It was {place}.", { number: worst.number, place })
      : t("Round {number} cost you most: {place}, {distance} off, {points} points lost.", {
          number: worst.number,
          place,
          distance: distance(worst.you.distance_km),
          points: points(MOST_POINTS - worst.you.points),
        });
  return { kind: "loss", text, round: worst.number };
}

/** @param {ClosedRound[]} results @returns {Lesson | null} */
function hemispheres(results) {
  const wrong = results.filter(({ truth, you }) => you.lat !== null && Math.abs(truth.lat) > 10 && truth.lat * you.lat < 0);
  if (wrong.length === 0) return null;
  const text = tn(
    "In {n} round you took one half of the Earth for the other: at noon the sun stands in the south in Europe, in the north in Chile.",
    "In {n} rounds you took one half of the Earth for the other: at noon the sun stands in the south in Europe, in the north in Chile.",
    wrong.length,
  );
  return { kind: "hemisphere", text, round: wrong[0].number };
}

/** Countries taken for others. @param {ClosedRound[]} results @returns {Lesson[]} */
function confusions(results) {
  return results.flatMap(({ number, country, you }) => {
    if (!country || !you.country || country.code === you.country.code) return [];
    const text = t("You took {truth} for {guess}.", { truth: country.name, guess: you.country.name });
    return [{ kind: /** @type {const} */ ("confusion"), text, round: number }];
  });
}

/** Pins that lie mostly to one side. @param {ClosedRound[]} results @returns {Lesson | null} */
function leaning(results) {
  const guessed = results.filter(({ you }) => you.lat !== null);
  const north = guessed.filter(({ truth, you }) => (you.lat ?? 0) - truth.lat > 3).length;
  const south = guessed.filter(({ truth, you }) => truth.lat - (you.lat ?? 0) > 3).length;
  const most = Math.max(north, south);
  if (guessed.length < 4 || most < guessed.length - 1) return null;
  const values = { count: most, total: guessed.length };
  const text =
    north > south
      ? t("Your pins lay too far north in {count} of {total} rounds.", values)
      : t("Your pins lay too far south in {count} of {total} rounds.", values);
  return { kind: "leaning", text, round: null };
}

/** @param {Game} game @param {ClosedRound[]} results @returns {Lesson | null} */
function haste({ time_limit_s }, results) {
  const worst = [...results].sort((a, b) => a.you.points - b.you.points)[0];
  const used = worst?.you.time_used_s ?? null;
  if (!time_limit_s || used === null || worst.you.outcome === "timeout") return null;
  if (used > time_limit_s / 4 || MOST_POINTS - worst.you.points < NOT_WORTH) return null;
  const text = t("In your weakest round you used {used} of {limit} seconds.", { used: Math.round(used), limit: time_limit_s });
  return { kind: "haste", text, round: worst.number };
}

/** Where the model was far better, its heat map may show why. @param {ClosedRound[]} results @returns {Lesson | null} */
function modelBetter(results) {
  const gains = results.filter(({ model }) => model).map((result) => ({ result, gain: (result.model?.points ?? 0) - result.you.points }));
  const best = gains.sort((a, b) => b.gain - a.gain)[0];
  if (!best || best.gain < NOT_WORTH) return null;
  const text = t("PlaNet knew round {number} far better: look again at where it looked.", { number: best.result.number });
  return { kind: "model", text, round: best.result.number };
}

/** @param {ClosedRound[]} results @returns {Lesson | null} */
function modelKnew(results) {
  const known = results.find(({ you, model }) => !you.correct && model?.correct);
  if (!known) return null;
  return { kind: "model", text: t("PlaNet knew round {number}: look again at where it looked.", { number: known.number }), round: known.number };
}
