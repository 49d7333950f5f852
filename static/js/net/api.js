/**
 * The JSON calls of the game.
 *
 * @import { Boot, Country, Layers, Place, Rating, Share, Snapshot } from "../types.js"
 */
import { getJson, postJson } from "./json.js";

export class Api {
  /** @param {Boot} boot */
  constructor(boot) {
    this.urls = boot.urls;
    this.csrfToken = boot.csrf_token;
  }

  /** @returns {Promise<Snapshot>} */
  snapshot() {
    return getJson(this.urls.snapshot);
  }

  /** @param {string} round @param {Place} place @returns {Promise<Snapshot>} */
  guess(round, place) {
    return this.#post(this.urls.guess, { round, ...place });
  }

  /** @param {string} round @returns {Promise<Snapshot>} */
  next(round) {
    return this.#post(this.urls.next, { round });
  }

  /** In which country a place lies, by the borders that decide. @param {Place} place @returns {Promise<{country: Country | null}>} */
  country(place) {
    return this.#post(`${this.urls.snapshot}country/`, place);
  }

  /** The server looks whether the picture is really gone. @param {string} round @returns {Promise<Snapshot>} */
  skip(round) {
    return this.#post(this.urls.skip, { round });
  }

  /** @param {string} round @returns {Promise<Layers>} */
  async layers(round) {
    return getJson(`${this.urls.snapshot}rounds/${encodeURIComponent(round)}/layers/`);
  }

  /** How a finished game went, to be shown to others. @returns {Promise<Share>} */
  share() {
    return getJson(`${this.urls.snapshot}share/`);
  }

  /** What a finished game changed. @returns {Promise<Rating>} */
  rating() {
    return getJson(`${this.urls.snapshot}rating/`);
  }

  /** Make a link to the same rounds. @returns {Promise<{url: string, text: string}>} */
  challenge() {
    return this.#post(`${this.urls.snapshot}challenge/`, {});
  }

  /** @param {string} url @param {object} body */
  #post(url, body) {
    return postJson(url, body, this.csrfToken);
  }
}
