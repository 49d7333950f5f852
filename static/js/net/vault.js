/**
 * The picture of the round to come, fetched encrypted while the result is read. Its key comes when the round
 * opens, so that nobody sees it early; the bytes are then those that the plain address would have given.
 *
 * @import { Next, Pictured } from "../types.js"
 */

const NONCE_BYTES = 12;

/** @param {ArrayBuffer} sealed nonce, then AES-256-GCM ciphertext @param {string} key base64 @returns {Promise<Blob>} */
export async function decrypt(sealed, key) {
  const raw = Uint8Array.from(atob(key), (letter) => letter.charCodeAt(0));
  const cipher = await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["decrypt"]);
  const iv = sealed.slice(0, NONCE_BYTES);
  const bytes = await crypto.subtle.decrypt({ name: "AES-GCM", iv }, cipher, sealed.slice(NONCE_BYTES));
  return new Blob([bytes], { type: "image/jpeg" });
}

export class Vault {
  #round = "";
  /** @type {Promise<ArrayBuffer | null>} */
  #sealed = Promise.resolve(null);

  /** Only the one next picture is kept. @param {Next | null | undefined} next */
  keep(next) {
    if (!next || next.round === this.#round || !globalThis.crypto?.subtle) return;
    this.#round = next.round;
    this.#sealed = fetchSealed(next.url);
  }

  /** Null: it is not here, or cannot be opened; the plain address still works. @param {Pictured} round @returns {Promise<Blob | null>} */
  async open({ id, picture }) {
    if (id !== this.#round || !picture?.key) return null;
    const sealed = await this.#sealed;
    this.#round = "";
    this.#sealed = Promise.resolve(null);
    return sealed ? decrypt(sealed, picture.key).catch(() => null) : null;
  }
}

/** @param {string} url @returns {Promise<ArrayBuffer | null>} */
async function fetchSealed(url) {
  try {
    const response = await fetch(url, { credentials: "same-origin" });
    return response.ok ? await response.arrayBuffer() : null;
  } catch {
    return null;
  }
}
