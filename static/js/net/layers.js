/**
 * What the model saw and believed in a closed round. The maps are computed after the game's answer, so that
 * they may come a moment later: then ask again, ever more seldom, and after a minute only when the reader wants it.
 *
 * @import { Layers } from "../types.js"
 * @import { Api } from "./api.js"
 */

const WAITS_MS = [1000, 1500, 2500, 4000, 6000, 10_000, 15_000, 20_000];
/** @type {Layers} */
const NONE = { state: "none", probability: null, occlusion: null, view: null };

export class LayersFeed {
  #timer = 0;
  #round = "";
  #last = NONE;
  /** @type {Map<string, Layers>} */
  #ready = new Map();

  /** @param {Api} api @param {(layers: Layers) => void} onLayers */
  constructor(api, onLayers) {
    this.api = api;
    this.onLayers = onLayers;
  }

  /** @param {string} round */
  watch(round) {
    this.stop();
    this.#round = round;
    this.#last = NONE;
    const known = this.#ready.get(round);
    if (known) this.onLayers(known);
    else this.#ask(round, 0);
  }

  /** The reader wants to know once more. */
  again() {
    const round = this.#round;
    if (!round) return;
    clearTimeout(this.#timer);
    this.onLayers({ ...this.#last, state: "coming" });
    this.#ask(round, 0);
  }

  stop() {
    clearTimeout(this.#timer);
    this.#round = "";
  }

  /** @param {string} round @param {number} attempt */
  async #ask(round, attempt) {
    const layers = await this.api.layers(round).catch(() => null);
    if (round !== this.#round) return;
    this.#last = layers ?? this.#last;
    if (layers && layers.state !== "coming") {
      if (layers.state === "ready") this.#ready.set(round, layers);
      this.onLayers(layers);
    } else if (attempt < WAITS_MS.length) {
      if (layers) this.onLayers(layers);
      this.#timer = window.setTimeout(() => this.#ask(round, attempt + 1), WAITS_MS[attempt]);
    } else this.onLayers({ ...this.#last, state: "late" });
  }
}
