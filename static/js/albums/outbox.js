/**
 * Commands to the server, one after the other and in their order: of several pins for one photo that wait, the last.
 *
 * @import { Place } from "../types.js"
 * @import { Boot, Snapshot } from "./types.js"
 */
import { getJson, postJson } from "../net/json.js";

export class Outbox {
  /** @type {Map<number, Place>} */
  #waiting = new Map();
  /** @type {Promise<Snapshot | null> | null} */
  #busy = null;

  /** @param {Boot} boot @param {(snapshot: Snapshot) => void} onSnapshot @param {(error: unknown) => void} onTrouble */
  constructor(boot, onSnapshot, onTrouble) {
    this.urls = boot.urls;
    this.csrf = boot.csrf_token;
    this.onSnapshot = onSnapshot;
    this.onTrouble = onTrouble;
  }

  /** What the page knows better than the server does yet. @returns {ReadonlyMap<number, Place>} */
  get pins() {
    return this.#waiting;
  }

  /** @param {number} photo @param {Place} place */
  pin(photo, place) {
    this.#waiting.set(photo, place);
    this.flush();
  }

  /** All pins that wait, sent. @returns {Promise<boolean>} false where one could not be */
  async flush() {
    while (this.#busy) await this.#busy;
    while (this.#waiting.size > 0) {
      const [[photo, place]] = this.#waiting;
      const sent = await this.#send(this.urls.pin, { photo, ...place });
      if (!sent) return false;
      if (this.#waiting.get(photo) === place) this.#waiting.delete(photo);
      this.onSnapshot(sent);
    }
    return true;
  }

  /** The photo behind that one. @param {number} after @returns {Promise<boolean>} */
  async next(after) {
    return (await this.flush()) && this.#tell(this.#send(this.urls.next, { photo: after }));
  }

  /** @returns {Promise<boolean>} */
  async handIn() {
    return (await this.flush()) && this.#tell(this.#send(this.urls.hand_in, {}));
  }

  /** What the server knows. @returns {Promise<boolean>} */
  async look() {
    return this.#tell(getJson(this.urls.snapshot).catch((error) => (this.onTrouble(error), null)));
  }

  /** What the server refused for good is forgotten: it says what holds. */
  forget() {
    this.#waiting.clear();
    return this.look();
  }

  /** @param {Promise<Snapshot | null>} asked */
  async #tell(asked) {
    const snapshot = await asked;
    if (snapshot) this.onSnapshot(snapshot);
    return snapshot !== null;
  }

  /** @param {string} url @param {object} body @returns {Promise<Snapshot | null>} */
  async #send(url, body) {
    while (this.#busy) await this.#busy;
    this.#busy = postJson(url, body, this.csrf).catch((error) => (this.onTrouble(error), null));
    try {
      return await this.#busy;
    } finally {
      this.#busy = null;
    }
  }
}
