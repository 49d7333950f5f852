/**
 * Everything that floats over the page, drawn from the state.
 *
 * @import { State } from "../types.js"
 */
import { announcement } from "../core/announce.js";
import { byId, setText, show } from "../core/dom.js";
import { modelChip } from "../core/words.js";
import { Actions } from "./actions.js";
import { Clock } from "./clock.js";
import { Curtain } from "./curtain.js";
import { Hint } from "./hint.js";
import { Hud } from "./hud.js";
import { Notices } from "./notices.js";

export class Chrome {
  #spoken = "";

  /** @param {() => void} onTimeUp */
  constructor(onTimeUp) {
    this.parts = [new Hud(), new Curtain(), new Actions(), new Notices(), new Clock(onTimeUp), new Hint()];
  }

  /** @param {State} state */
  render(state) {
    document.body.dataset.phase = state.phase;
    document.body.dataset.replay = String(state.replay !== null);
    for (const part of this.parts) part.render(state);
    this.#chip(state);
    this.#speak(state);
  }

  /** @param {State} state */
  #chip({ phase, snapshot: { game, round } }) {
    const chip = byId("model-seal");
    chip.dataset.state = round.model.state;
    chip.title = round.model.digest ?? "";
    setText(byId("model-seal-text"), modelChip(round.model));
    // Who plays alone by choice need not read it in each round.
    const isAlone = game.points.model === null && round.model.state === "absent";
    show(chip, (phase === "preparing" || phase === "guessing") && !isAlone);
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
