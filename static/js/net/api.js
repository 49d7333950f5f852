/**
 * The JSON calls of the game. Failures come out as one class with a stable code.
 *
 * @import { Boot, Country, Layers, Place, Rating, Share, Snapshot } from "../types.js"
 */
import { t } from "../core/i18n.js";

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

  /** @returns {Promise<Snapshot>} */
  snapshot() {
    return this.#call(this.urls.snapshot, { method: "GET" });
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
    return this.#call(`${this.urls.snapshot}rounds/${encodeURIComponent(round)}/layers/`, { method: "GET" });
  }

  /** How a finished game went, to be shown to others. @returns {Promise<Share>} */
  share() {
    return this.#call(`${this.urls.snapshot}share/`, { method: "GET" });
  }

  /** What a finished game changed. @returns {Promise<Rating>} */
  rating() {
    return this.#call(`${this.urls.snapshot}rating/`, { method: "GET" });
  }

  /** Make a link to the same rounds. @returns {Promise<{url: string, text: string}>} */
  challenge() {
    return this.#post(`${this.urls.snapshot}challenge/`, {});
  }

  /** @param {string} url @param {object} body */
  #post(url, body) {
    return this.#call(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": this.csrfToken },
      body: JSON.stringify(body),
    });
  }

  /** @param {string} url @param {RequestInit} init @returns {Promise<any>} */
  async #call(url, init) {
    const response = await this.#fetch(url, init);
    const body = await response.json().catch(() => null);
    if (response.ok && body) return body;
    const error = body?.error;
    throw new ApiError(
      response.status,
      error?.code ?? "server-error",
      error?.message ?? t("The server had a problem. Nothing of yours is lost."),
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
      throw new ApiError(0, "no-answer", t("The server cannot be reached."));
    }
  }
}
