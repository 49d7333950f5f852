/**
 * The button that matters while a round runs; after it, how long the result stays.
 *
 * @import { State } from "./types.js"
 */
import { byId, isPhone, setText, show } from "../core/dom.js";
import { t, tn } from "../core/i18n.js";
import { words } from "../core/words.js";
import { Countdown } from "./countdown.js";
import { guessOf } from "./outbox.js";
import { canGuess, isLocked, isPlaying } from "./state.js";
import { waitingFor } from "./words.js";

export class GuessButton {
  #isLast = false;

  constructor() {
    const say = (/** @type {number} */ seconds) =>
      this.#isLast ? t("The end in {n} s", { n: seconds }) : tn("Next round in {n} second", "Next round in {n} seconds", seconds);
    this.next = new Countdown(byId("next-wait"), say);
  }

  /** @param {State} state */
  render(state) {
    const { phase, server } = state;
    const button = byId("guess-button");
    const isGuessable = canGuess(state) && !state.timeUp;
    show(button, isPlaying(state) && (phase === "guessing" || phase === "preparing"));
    // Not the disabled attribute: it would throw the focus away while a guess is sent.
    button.setAttribute("aria-disabled", String(!isGuessable));
    button.dataset.locked = String(isLocked(state));
    setText(byId("guess-text"), text(state));
    show(byId("guess-key"), isGuessable);
    show(byId("next-wait"), phase === "result");
    this.#isLast = isOver(state);
    this.next.until(phase === "result" ? state.phaseEnds_ms : null);
    const mayReact = phase === "result" || (phase === "guessing" && (isLocked(state) || !isPlaying(state)));
    show(byId("stage-reactions"), mayReact && server.players.length > 1);
  }
}

/** @param {State} state */
function isOver({ server: { players, match } }) {
  const isWon = players.some(({ playing, health }) => playing && health === 0);
  return isWon || (match?.result?.number ?? 0) >= (match?.rounds_total ?? 0);
}

/** @param {State} state */
function text(state) {
  if (guessOf(state.outbox)) return words.sending;
  if (isLocked(state)) return waitingFor(state);
  if (state.timeUp) return words.timeUp;
  if (state.pin) return words.guess;
  return isPhone() ? words.placePinShort : words.placePin;
}
