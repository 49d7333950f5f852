/**
 * The country of the person's pin, by the server's borders: asked for once the pin has come to rest.
 *
 * @import { Country, Place } from "../types.js"
 */
const REST_MS = 250;

export class PinCountry {
  #timer = 0;
  /** @type {Place | null} */
  #place = null;

  /**
   * @param {(place: Place) => Promise<{country: Country | null}>} ask
   * @param {(place: Place, country: Country | null | undefined) => void} onAnswer  null on the open sea, undefined: no answer came
   */
  constructor(ask, onAnswer) {
    this.ask = ask;
    this.onAnswer = onAnswer;
  }

  /** Answers for earlier places are dropped. @param {Place | null} place */
  of(place) {
    clearTimeout(this.#timer);
    this.#place = place;
    if (place) this.#timer = window.setTimeout(() => this.#ask(place), REST_MS);
  }

  /** @param {Place} place */
  async #ask(place) {
    const answer = await this.ask(place).catch(() => null);
    if (place === this.#place) this.onAnswer(place, answer ? answer.country : undefined);
  }
}
