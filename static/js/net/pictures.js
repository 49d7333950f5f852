/**
 * The pictures of the rounds as blobs: from the vault when they were fetched ahead, else from their address. The
 * last few are kept, so that a result shows its picture without asking again.
 *
 * @import { Next, Pictured } from "../types.js"
 */
import { download } from "./download.js";
import { Vault } from "./vault.js";

const KEPT = 8;

export class Pictures {
  #vault = new Vault();
  /** @type {Map<string, string>} address of the server -> address of the blob */
  #kept = new Map();

  /** @param {Next | null | undefined} next */
  fetchAhead(next) {
    this.#vault.keep(next);
  }

  /** @param {Pictured} round @param {(share: number | null) => void} onProgress @param {AbortSignal} signal @returns {Promise<string>} a blob's address */
  async load(round, onProgress, signal) {
    const url = round.picture?.url ?? "";
    const known = this.#kept.get(url);
    if (known) return known;
    const blob = (await this.#vault.open(round)) ?? (await download(url, onProgress, signal));
    return this.#keep(url, URL.createObjectURL(blob));
  }

  /** The copy that is here, or the address itself. @param {string} url */
  local(url) {
    return this.#kept.get(url) ?? url;
  }

  /** A copy that turned out to be no picture. @param {string} url */
  drop(url) {
    const copy = this.#kept.get(url);
    if (copy) URL.revokeObjectURL(copy);
    this.#kept.delete(url);
  }

  /** @param {string} url @param {string} copy */
  #keep(url, copy) {
    this.#kept.set(url, copy);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT) this.drop(oldest);
    return copy;
  }
}
