/**
 * Everything that floats over the page: the line at the top, the model's seal, the curtain before
 * the picture, the action buttons, banner, message and the voice for screen readers.
 *
 * @import { State } from "../types.js"
 */
import { byId, setText, show } from "../core/dom.js";
import { points } from "../core/format.js";
import { canGuess, isLastRound } from "../core/state.js";
import { announcement, modelChip, words } from "../core/words.js";

export class Chrome {
  #spoken = "";

  /** @param {State} state */
  render(state) {
    document.body.dataset.phase = state.phase;
    this.#hud(state);
    this.#chip(state);
    this.#curtain(state);
    this.#actions(state);
    this.#banner(state);
    this.#message(state);
    this.#note(state);
    this.#speak(state);
  }

  /** @param {State} state */
  #hud({ snapshot: { game, round } }) {
    setText(byId("round-label"), words.roundLabel(round.number, game.rounds_total));
    setText(byId("your-points"), points(game.points.you));
    show(byId("model-score"), game.points.model !== null);
    setText(byId("model-points"), points(game.points.model ?? 0));
    const drawn = byId("drawn");
    show(drawn, round.drawn);
    setText(drawn, words.drawn);
    const condition = byId("condition");
    setText(condition, words.condition[round.condition]);
    condition.title = words.conditionHint[round.condition];
  }

  /** @param {State} state */
  #chip({ phase, snapshot: { round } }) {
    const chip = byId("model-seal");
    chip.dataset.state = round.model.state;
    chip.title = round.model.digest ?? "";
    setText(byId("model-seal-text"), modelChip(round.model));
    show(chip, phase === "preparing" || phase === "guessing");
  }

  /** @param {State} state */
  #curtain({ phase, picture, snapshot: { round } }) {
    const waits = phase === "preparing" || (phase === "guessing" && picture !== "ready");
    const failed = phase === "guessing" && picture === "failed";
    const curtain = byId("curtain");
    show(curtain, waits);
    curtain.dataset.model = failed ? "failed" : round.model.state;
    setText(byId("curtain-title"), failed ? words.pictureFailed : phase === "guessing" ? words.loadingPicture : modelChip(round.model));
    setText(byId("curtain-hint"), curtainHint(phase, failed, round.model.state));
    show(byId("picture-retry"), failed);
  }

  /** @param {State} state */
  #actions(state) {
    const { phase, sending } = state;
    const guess = byId("guess-button");
    const isGuessable = canGuess(state);
    show(guess, phase === "guessing" || phase === "preparing");
    // Not the disabled attribute: it would throw the focus away while a guess is sent.
    guess.setAttribute("aria-disabled", String(!isGuessable));
    setText(byId("guess-text"), sending === "guess" ? words.sendingGuess : state.pin ? words.guess : words.placePin);
    show(byId("guess-key"), isGuessable);
    const next = byId("next-button");
    show(next, phase === "result");
    next.setAttribute("aria-disabled", String(sending === "next"));
    setText(byId("next-text"), sending === "next" ? words.openingNext : isLastRound(state) ? words.summary : words.next);
  }

  /** @param {State} state */
  #banner({ online, connection, phase }) {
    // The socket only matters while something is awaited; a guess goes by HTTP.
    const isWaiting = phase === "preparing" && connection === "polling";
    const text = !online ? words.offline : isWaiting ? words.reconnecting : "";
    setText(byId("banner-text"), text);
    show(byId("banner"), text !== "");
  }

  /** @param {State} state */
  #message({ problem, phase }) {
    const visible = problem !== null && phase !== "error";
    setText(byId("message-text"), visible ? problem.message : "");
    show(byId("message"), visible);
    show(byId("message-retry"), Boolean(problem?.retry));
    show(byId("error-card"), phase === "error");
    if (phase === "error" && problem) setText(byId("error-text"), problem.message);
  }

  /** @param {State} state */
  #note({ phase, snapshot: { game, round } }) {
    const visible = Boolean(game.note) && round.number === 1 && phase !== "result" && phase !== "summary" && phase !== "error";
    setText(byId("game-note"), visible ? (game.note ?? "") : "");
    show(byId("game-note"), visible);
  }

  /** @param {State} state */
  #speak(state) {
    const text = announcement(state);
    if (text === this.#spoken) return;
    this.#spoken = text;
    this.say(text);
  }

  /** @param {string} text */
  say(text) {
    setText(byId("voice"), text);
  }
}

/** @param {State["phase"]} phase @param {boolean} failed @param {string} model */
function curtainHint(phase, failed, model) {
  if (failed) return words.pictureFailedHint;
  if (phase === "guessing") return "";
  return model === "thinking" ? words.lookingHint : words.openingHint;
}
