/** The buttons of a job: what they send, and the question before what cannot be undone. */
import { byId } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { ApiError } from "../net/json.js";

/** @param {string} url @returns {Promise<{state: import("./types.js").JobState | null, url: string}>} */
export async function act(url) {
  const token = /** @type {HTMLInputElement} */ (document.querySelector("#csrf input")).value;
  const response = await fetch(url, { method: "POST", credentials: "same-origin", headers: { Accept: "application/json", "X-CSRFToken": token } }).catch(() => null);
  if (!response) throw new ApiError(0, "no-answer", t("The server cannot be reached."));
  const body = await response.json().catch(() => null);
  if (response.ok && body) return body;
  throw new ApiError(response.status, "refused", body?.error?.message ?? t("The server had a problem. Nothing of yours is lost."));
}

/** Whether the job is really to be deleted. @returns {Promise<boolean>} */
export function ask() {
  const dialog = /** @type {HTMLDialogElement} */ (byId("delete-dialog"));
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }));
}
