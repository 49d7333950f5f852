/**
 * The JSON calls of the game. Failures come out as one class with a stable code.
 *
 * @import { Boot, Place, Snapshot } from "../types.js"
 */

const TIMEOUT_MS = 15_000;

export class ApiError extends Error {
  /** @param {number} status 0 when no answer came @param {string} code @param {string} message */
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }

  /** The game is gone or not ours: trying again cannot help. */
  get fatal() {
    return this.status === 403 || this.status === 404 || this.status === 410;
  }
}

export class Api {
  /** @param {Boot} boot */
  constructor(boot) {
    this.urls = boot.urls;
    this.csrfToken = boot.csrf_token;
  }

  snapshot() {
    return this.#call(this.urls.snapshot, { method: "GET" });
  }

  /** @param {string} round @param {Place} place */
  guess(round, place) {
    return this.#post(this.urls.guess, { round, ...place });
  }

  /** @param {string} round */
  next(round) {
    return this.#post(this.urls.next, { round });
  }

  /** @param {string} url @param {object} body */
  #post(url, body) {
    return this.#call(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": this.csrfToken },
      body: JSON.stringify(body),
    });
  }

  /** @param {string} url @param {RequestInit} init @returns {Promise<Snapshot>} */
  async #call(url, init) {
    const response = await this.#fetch(url, init);
    const body = await response.json().catch(() => null);
    if (response.ok && body) return body;
    const error = body?.error;
    throw new ApiError(
      response.status,
      error?.code ?? "server-error",
      error?.message ?? "The server had a problem. Nothing of yours is lost.",
    );
  }

  /** @param {string} url @param {RequestInit} init */
  async #fetch(url, init) {
    try {
      return await fetch(url, {
        credentials: "same-origin",
        cache: "no-store",
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ...init,
      });
    } catch {
      throw new ApiError(0, "no-answer", "The server cannot be reached.");
    }
  }
}
