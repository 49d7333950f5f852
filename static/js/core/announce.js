/**
 * A sentence for people who do not see the page, one for each change of state. Pure.
 *
 * @import { Answer, ClosedRound, State } from "../types.js"
 */
import { points } from "./format.js";
import { t, tn } from "./i18n.js";
import { countsCountries, shownResult } from "./state.js";
import { streakOf } from "./streak.js";
import { distance } from "./units.js";
import { countryTitle, modelChip, pointsWord, roundLabel, storedHint, storedTitle, winnerTitle, words } from "./words.js";

/** @param {State} state @returns {string} */
export function announcement(state) {
  const { round, game } = state.snapshot;
  switch (state.phase) {
    case "preparing":
      return `${roundLabel(game, round.number)}. ${modelChip(round.model)}`;
    case "guessing":
      if (state.timeUp) return t("Time is up. Waiting for the result.");
      return t("{round} is open. {model}. Press M for the map.", { round: roundLabel(game, round.number), model: modelChip(round.model) });
    case "stored":
      return [storedTitle(round.outcome), storedHint(game)].join(" ");
    case "result":
      return resultSentence(state);
    case "summary":
      return summarySentence(state);
    case "error":
      return state.problem?.message ?? "";
  }
}

/** @param {number} seconds */
export function timeSentence(seconds) {
  return tn("{n} second left.", "{n} seconds left.", seconds);
}

/** @param {State} state */
function resultSentence(state) {
  const result = shownResult(state);
  if (!result) return "";
  if (result.void) return `${winnerTitle(result)}. ${result.void}`;
  return countsCountries(state.snapshot.game) ? countrySentence(result) : distanceSentence(result);
}

/** @param {ClosedRound} result */
function distanceSentence(result) {
  const lines = [`${winnerTitle(result)}.`, answerSentence(words.you, result.you)];
  if (result.model) lines.push(answerSentence(t("The model PlaNet"), result.model));
  if (result.ghost) lines.push(answerSentence(result.ghost.name, result.ghost));
  return [...lines, result.place ?? ""].join(" ").trim();
}

/** @param {string} who @param {Answer} answer */
function answerSentence(who, answer) {
  return t("{who}: {distance}, {points}.", { who, distance: distance(answer.distance_km), points: pointsWord(answer.points) });
}

/** @param {ClosedRound} result */
function countrySentence(result) {
  const lines = [`${countryTitle(result)}.`];
  if (result.country) lines.push(t("It is {country}.", { country: result.country.name }));
  if (result.you.country && !result.you.correct) lines.push(t("You said {country}.", { country: result.you.country.name }));
  if (result.model?.country) lines.push(t("The model PlaNet said {country}.", { country: result.model.country.name }));
  return lines.join(" ");
}

/** @param {State} state */
function summarySentence({ snapshot: { game, results } }) {
  if (game.mode === "streak") return tn("The streak is over. {n} country in a row.", "The streak is over. {n} countries in a row.", streakOf(results));
  if (countsCountries(game)) return tn("The game is over. {n} country right.", "The game is over. {n} countries right.", game.right?.you ?? 0);
  const you = t("The game is over. You have {points}.", { points: pointsWord(game.points.you) });
  return game.points.model === null ? you : [you, t("The model PlaNet has {points}.", { points: points(game.points.model) })].join(" ");
}
