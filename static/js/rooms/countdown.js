/** Whole seconds until a moment, shown in one element. */
import { setText } from "../core/dom.js";
import { secondsLeft, untilNextSecond } from "../core/timer.js";

export class Countdown {
  #timer = 0;
  /** @type {number | null} */
  #end_ms = null;

  /** @param {HTMLElement} element @param {(seconds: number) => string} say */
  constructor(element, say) {
    this.element = element;
    this.say = say;
  }

  /** @param {number | null} end_ms on the page's clock; null: no countdown */
  until(end_ms) {
    if (end_ms === this.#end_ms) return;
    this.#end_ms = end_ms;
    clearTimeout(this.#timer);
    if (end_ms === null) setText(this.element, "");
    else this.#tick();
  }

  #tick() {
    if (this.#end_ms === null) return;
    const now = performance.now();
    const left = secondsLeft(this.#end_ms, now);
    setText(this.element, this.say(left));
    if (left > 0) this.#timer = window.setTimeout(() => this.#tick(), untilNextSecond(this.#end_ms, now) + 8);
  }
}
