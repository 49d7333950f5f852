/**
 * Every sentence that the scripts show: one place to read, and one place to translate.
 *
 * @import { Problem, RoundModel, State } from "../types.js"
 */
import { distance, points, shortDigest } from "./format.js";

export const words = {
  roundLabel: (/** @type {number} */ number, /** @type {number} */ total) => `Round ${number}/${total}`,
  condition: { fair: "fair", free: "free" },
  conditionHint: {
    fair: "Fair view: you and the model see the very same picture.",
    free: "Free look: you may turn around; the model gets pictures cut from the same panorama.",
  },
  drawn: "Drawn from facts, not photographed",
  drawnOf: (/** @type {number} */ drawn, /** @type {number} */ all) =>
    drawn === all ? "Drawn from facts, not photographed" : `${drawn} of ${all} pictures were drawn from facts, not photographed`,
  placePin: "Place your pin",
  guess: "Guess",
  sendingGuess: "Sending…",
  next: "Next round",
  summary: "See the summary",
  openingNext: "Opening…",
  retry: "Retry",
  you: "You",
  model: "PlaNet",
  modelTag: "model",
  truth: "Here",
  looking: "PlaNet is looking…",
  lookingHint: "The picture opens when the model’s answer is sealed.",
  openingHint: "Opening the picture.",
  loadingPicture: "Loading the picture…",
  pictureFailed: "The picture did not load.",
  pictureFailedHint: "Your game is safe. Try again, or reload the page.",
  alone: "No model in this round.",
  reconnecting: "Reconnecting…",
  offline: "You are offline. Your pin stays where it is.",
  seen: (/** @type {number} */ times) =>
    times === 1
      ? "You have seen this picture once before: the round does not count in the benchmark."
      : `You have seen this picture ${times} times before: the round does not count in the benchmark.`,
  trained: "The model trained on this picture or its neighbours: the round does not count in the benchmark.",
  noPlace: "An unnamed place",
  unknownAuthor: "author unknown",
  wonBy: {
    you: "You win this round",
    model: "PlaNet wins this round",
    tie: "A tie",
    nobody: "Nobody wins this round",
  },
  aloneWinner: "You played this round alone",
  sealMatches: "Checked in this browser: it matches.",
  sealDiffers: "Checked in this browser: it does not match. Please tell whoever runs this server.",
  believed: (/** @type {number} */ count) => (count === 1 ? "PlaNet thought of one place" : `PlaNet thought of ${count} places`),
};

/** @param {RoundModel} model */
export function modelChip(model) {
  if (model.state === "thinking") return words.looking;
  if (model.state === "sealed") return `model: answer sealed ${model.digest ? shortDigest(model.digest) : ""}`.trim();
  return model.reason || words.alone;
}

/** A sentence for people who do not see the page, one for each change of state. @param {State} state @returns {string} */
export function announcement(state) {
  const { round, game } = state.snapshot;
  switch (state.phase) {
    case "preparing":
      return `Round ${round.number} of ${game.rounds_total}. ${modelChip(round.model)}`;
    case "guessing":
      return `Round ${round.number} of ${game.rounds_total} is open. ${modelChip(round.model)}. Press M for the map.`;
    case "result":
      return resultSentence(state);
    case "summary":
      return `The game is over. You have ${points(game.points.you)} points${
        game.points.model === null ? "" : `, the model PlaNet ${points(game.points.model)}`
      }.`;
    case "error":
      return state.problem?.message ?? "";
  }
}

/** @param {State} state */
function resultSentence(state) {
  const result = state.snapshot.round.result;
  if (!result) return "";
  const you = `You: ${distance(result.you.distance_km)}, ${points(result.you.points)} points.`;
  const model = result.model
    ? ` The model PlaNet: ${distance(result.model.distance_km)}, ${points(result.model.points)} points.`
    : "";
  return `${result.model ? words.wonBy[result.winner] : words.aloneWinner}. ${you}${model} ${result.place ?? ""}`.trim();
}

/** @param {"guess" | "next"} command @param {{status: number, message: string, code: string, fatal: boolean}} error @returns {Problem} */
export function problemOf(command, error) {
  const lost =
    command === "guess"
      ? "The guess did not reach the server. Your pin is safe: press Retry."
      : "The next round could not be opened. Nothing is lost: press Retry.";
  const canRetry = !error.fatal && (error.status === 0 || error.status >= 500 || error.status === 429);
  return {
    code: error.code,
    message: error.status === 0 ? lost : error.message,
    retry: canRetry ? command : null,
    fatal: error.fatal,
  };
}
