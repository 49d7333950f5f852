/** The time that is left, in the line at the top: from ten seconds on in red, with its word, and said aloud. */
import { timeSentence } from "../core/announce.js";
import { byId, setText, show } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { clockText, LAST_S, secondsLeft, toSay, untilNextSecond } from "../core/timer.js";
import { words } from "../core/words.js";

export class Clock {
  #timer = 0;
  #before = Infinity;
  /** @type {number | null} */
  #deadline_ms = null;

  /** @param {() => void} onTimeUp */
  constructor(onTimeUp) {
    this.onTimeUp = onTimeUp;
    this.box = byId("clock");
  }

  /** @param {{phase: string, deadline_ms: number | null, timeUp: boolean}} state of a game or of a room */
  render({ phase, deadline_ms, timeUp }) {
    const runs = phase === "guessing" && deadline_ms !== null;
    show(this.box, runs);
    if (!runs) return this.#stop();
    if (timeUp) return this.#showUp();
    if (deadline_ms === this.#deadline_ms) return;
    this.#stop();
    this.#deadline_ms = deadline_ms;
    this.#tick();
  }

  #stop() {
    clearTimeout(this.#timer);
    this.#deadline_ms = null;
    this.#before = Infinity;
  }

  #showUp() {
    clearTimeout(this.#timer);
    this.box.dataset.urgency = "up";
    setText(byId("clock-text"), words.timeUp);
  }

  #tick() {
    if (this.#deadline_ms === null) return;
    const now = performance.now();
    const left = secondsLeft(this.#deadline_ms, now);
    this.box.dataset.urgency = left <= LAST_S ? "last" : "calm";
    setText(byId("clock-text"), left <= LAST_S ? t("{time} left", { time: clockText(left) }) : clockText(left));
    const spoken = toSay(this.#before, left);
    if (spoken !== null) setText(byId("voice-time"), timeSentence(spoken));
    this.#before = left;
    if (left === 0) this.onTimeUp();
    else this.#timer = window.setTimeout(() => this.#tick(), untilNextSecond(this.#deadline_ms, now) + 8);
  }
}
