/**
 * What a finished game changed of the player's rating, or why nothing: one sentence, from the server. A worker rates
 * the game a moment after its end: until then ask again, ever more seldom.
 *
 * @import { Rating } from "../types.js"
 * @import { Api } from "../net/api.js"
 */
import { byId, setText, show } from "../core/dom.js";

const WAITS_MS = [400, 800, 1500, 3000, 6000, 12_000];

export class RatingLine {
  /** @type {Promise<Rating | null> | null} asked for once */
  #rating = null;

  /** @param {Api} api */
  constructor(api) {
    this.api = api;
  }

  async fill() {
    this.#rating ??= this.#ask();
    const rating = await this.#rating;
    if (!rating) this.#rating = null; // the next look at the summary asks anew
    setText(byId("summary-rating-text"), rating?.text ?? "");
    show(byId("summary-rating"), rating !== null);
  }

  /** @returns {Promise<Rating | null>} */
  async #ask() {
    for (const wait_ms of WAITS_MS) {
      const rating = await this.api.rating().catch(() => null);
      if (rating && rating.state !== "coming") return rating;
      await new Promise((resolve) => window.setTimeout(resolve, wait_ms));
    }
    return null;
  }
}
