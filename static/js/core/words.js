/**
 * The words that several views share. Sentences for one view alone stand in that view, in t() as well.
 *
 * @import { Game, Problem, Result, Round, RoundModel } from "../types.js"
 */
import { points, shortDigest } from "./format.js";
import { t, tn } from "./i18n.js";

export const words = {
  you: t("You"),
  model: t("PlaNet"),
  modelTag: t("model"),
  placePin: t("Place your pin on the map"),
  placePinShort: t("Place your pin"),
  guess: t("Guess"),
  sending: t("Sending…"),
  next: t("Next round"),
  summary: t("See the summary"),
  finish: t("Finish"),
  backToSummary: t("Back to the summary"),
  opening: t("Opening…"),
  timeUp: t("Time is up"),
  drawn: t("Drawn from facts, not photographed"),
  withdrawn: t("This picture has been withdrawn since, so it cannot be shown any more. The result stays."),
  noPlace: t("An unnamed place"),
  unknownAuthor: t("author unknown"),
  openSea: t("open sea"),
};

/** @param {Round["condition"]} condition */
export function conditionName(condition) {
  return condition === "fair" ? t("Fair view") : t("Free look");
}

/** @param {Round["condition"]} condition */
export function conditionHint(condition) {
  return condition === "fair"
    ? t("Fair view: you and the model see the very same picture. No turning, no zoom.")
    : t("Free look: you may turn around; the model sees one view of the same panorama.");
}

/** "Round 2/5", or without an end. @param {Game} game @param {number} number */
export function roundLabel({ rounds_total }, number) {
  return rounds_total === null ? t("Round {number}", { number }) : t("Round {number}/{total}", { number, total: rounds_total });
}

/** @param {RoundModel} model */
export function modelChip(model) {
  if (model.state === "thinking") return t("PlaNet is looking…");
  if (model.state === "sealed") return t("model: answer sealed {digest}", { digest: model.digest ? shortDigest(model.digest) : "" }).trim();
  return model.reason || t("No model in this round.");
}

/** @param {Result} result */
export function winnerTitle(result) {
  if (result.void) return t("This round does not count");
  if (!result.model) return result.you.outcome === "timeout" ? t("Time is up: 0 points") : t("You played this round alone");
  return {
    you: t("You win this round"),
    model: t("PlaNet wins this round"),
    tie: t("A tie"),
    nobody: t("Nobody wins this round"),
  }[result.winner];
}

/** Of a round where the country counts. @param {Result} result */
export function countryTitle(result) {
  if (result.void) return t("This round does not count");
  if (result.you.outcome === "timeout" || result.you.lat === null) return t("Time is up: no country");
  return result.you.correct ? t("Right country") : t("Wrong country");
}

/** @param {number} value */
export function pointsWord(value) {
  return tn("{n} point", "{n} points", value);
}

/** @param {number} drawn @param {number} all */
export function drawnOf(drawn, all) {
  return drawn === all ? words.drawn : tn("{n} of {all} pictures was drawn from facts, not photographed", "{n} of {all} pictures were drawn from facts, not photographed", drawn, { all });
}

/** @param {number} value @param {number} rounds */
export function outOf(value, rounds) {
  return t("{points} of {most} points", { points: points(value), most: points(5000 * rounds) });
}

const LOST = {
  guess: () => t("The guess did not reach the server. Your pin is safe: press Retry."),
  next: () => t("The next round could not be opened. Nothing is lost: press Retry."),
  skip: () => t("The round could not be skipped. Nothing is lost: press Retry."),
};

/** How a round ended whose result is not told yet. @param {import("../types.js").Round["outcome"]} outcome */
export function storedTitle(outcome) {
  if (outcome === "void") return t("This round does not count: its picture was withdrawn.");
  return outcome === "answered" ? t("Your answer is stored.") : t("The time was up before you guessed.");
}

/** @param {import("../types.js").Game} game */
export function storedHint({ show_results }) {
  return show_results === "at-end" ? t("After the last round you see the places and the model’s answers.") : t("The places and the model’s answers are not shown while the study runs.");
}

/** @param {"guess" | "next" | "skip"} command @param {{status: number, message: string, code: string, fatal: boolean}} error @returns {Problem} */
export function problemOf(command, error) {
  const canRetry = !error.fatal && (error.status === 0 || error.status >= 500 || error.status === 429);
  return {
    code: error.code,
    message: error.status === 0 ? LOST[command]() : error.message,
    retry: canRetry ? command : null,
    fatal: error.fatal,
  };
}
