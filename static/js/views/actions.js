/**
 * The button that matters now, always in the same spot.
 *
 * @import { State } from "../types.js"
 */
import { byId, isPhone, setText, show } from "../core/dom.js";
import { canGuess, isLastRound } from "../core/state.js";
import { words } from "../core/words.js";

export class Actions {
  /** @param {State} state */
  render(state) {
    this.#guess(state);
    this.#next(state);
  }

  /** @param {State} state */
  #guess(state) {
    const { phase, timeUp } = state;
    const button = byId("guess-button");
    const isGuessable = canGuess(state) && !timeUp;
    show(button, phase === "guessing" || phase === "preparing");
    // Not the disabled attribute: it would throw the focus away while a guess is sent.
    button.setAttribute("aria-disabled", String(!isGuessable));
    setText(byId("guess-text"), guessText(state));
    show(byId("guess-key"), isGuessable);
  }

  /** @param {State} state */
  #next(state) {
    const { phase, sending, replay } = state;
    const button = byId("next-button");
    show(button, phase === "result" || phase === "stored");
    button.setAttribute("aria-disabled", String(sending === "next"));
    const atEnd = phase === "stored" ? words.finish : words.summary;
    const text = replay !== null ? words.backToSummary : isLastRound(state) ? atEnd : words.next;
    setText(byId("next-text"), sending === "next" ? words.opening : text);
  }
}

/** @param {State} state */
function guessText({ sending, timeUp, pin }) {
  if (sending === "guess") return words.sending;
  if (timeUp) return words.timeUp;
  if (pin) return words.guess;
  return isPhone() ? words.placePinShort : words.placePin;
}
