/**
 * The pictures of the album, each fetched once: the page shows it large, in the strip and in the result.
 *
 * @import { Photo } from "./types.js"
 */

export class Photos {
  /** @type {Map<number, Promise<string>>} */
  #local = new Map();

  /** An address within the page. Rejects where the picture cannot be loaded; asking again tries again. @param {Photo} photo @returns {Promise<string>} */
  local(photo) {
    const known = this.#local.get(photo.number);
    if (known) return known;
    if (!photo.picture) return Promise.reject(new Error(`photo ${photo.number} is not shown`));
    const loading = load(photo.picture.url);
    this.#local.set(photo.number, loading);
    loading.catch(() => this.#local.delete(photo.number));
    return loading;
  }
}

/** @param {string} url */
async function load(url) {
  const response = await fetch(url, { credentials: "same-origin" });
  if (!response.ok) throw new Error(`${response.status}`);
  return URL.createObjectURL(await response.blob());
}
