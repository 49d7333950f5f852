/** JSON over HTTP. Failures come out as one class with a stable code. */
import { t } from "../core/i18n.js";

const TIMEOUT_MS = 15_000;

export class ApiError extends Error {
  /** @param {number} status 0 when no answer came @param {string} code @param {string} message @param {number} [wait_ms] that the server asks for */
  constructor(status, code, message, wait_ms = 0) {
    super(message);
    this.status = status;
    this.code = code;
    this.wait_ms = wait_ms;
  }

  /** The game is gone or not ours: trying again cannot help. */
  get fatal() {
    return this.status === 403 || this.status === 404 || this.status === 410;
  }
}

/** @param {string} url @returns {Promise<any>} */
export function getJson(url) {
  return call(url, { method: "GET" });
}

/** @param {string} url @param {object} body @param {string} csrfToken @returns {Promise<any>} */
export function postJson(url, body, csrfToken) {
  return call(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken },
    body: JSON.stringify(body),
  });
}

/** @param {string} url @param {RequestInit} init @returns {Promise<any>} */
async function call(url, init) {
  const response = await answer(url, init);
  const body = await response.json().catch(() => null);
  if (response.ok && body) return body;
  const error = body?.error;
  throw new ApiError(
    response.status,
    error?.code ?? "server-error",
    error?.message ?? t("The server had a problem. Nothing of yours is lost."),
    waitOf(response),
  );
}

/** From its Retry-After, which is in seconds here. @param {Response} response */
function waitOf(response) {
  const seconds = Number(response.headers.get("Retry-After"));
  return seconds > 0 ? seconds * 1000 : 0;
}

/** @param {string} url @param {RequestInit} init */
async function answer(url, init) {
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
