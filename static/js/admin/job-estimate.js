/** The button of a job's form that asks what the job would take. */
import { byId, setText } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { showEstimate, showProblem } from "./estimate.js";
import { mark } from "./field-errors.js";

/** @param {HTMLFormElement} form @param {string} meanwhile said until the answer is there */
export function offerEstimate(form, meanwhile) {
  const button = /** @type {HTMLButtonElement} */ (byId("ask-estimate"));
  const frame = byId("estimate");

  async function ask() {
    button.disabled = true;
    setText(frame, meanwhile);
    try {
      const response = await fetch(form.dataset.estimate ?? "", { method: "POST", body: new FormData(form), credentials: "same-origin" });
      const body = await response.json();
      mark(form, response.ok ? {} : (body.error.fields ?? {}));
      if (response.ok) showEstimate(frame, body);
      else showProblem(frame, body.error);
    } catch {
      showProblem(frame, { message: t("The server cannot be reached.") });
    } finally {
      button.disabled = false;
    }
  }

  button.addEventListener("click", () => void ask());
}
