/** What is wrong in a form, beside the fields that it is about. */
import { setText, show } from "../core/dom.js";

/** @param {HTMLFormElement} form @param {Record<string, string[]>} errors of each field that is wrong */
export function mark(form, errors) {
  for (const frame of form.querySelectorAll("[data-field]")) {
    const { field = "" } = /** @type {HTMLElement} */ (frame).dataset;
    const words = errors[field]?.join(" ") ?? "";
    const line = /** @type {HTMLElement | null} */ (frame.querySelector(".field-error"));
    frame.classList.toggle("field-wrong", words !== "");
    for (const control of frame.querySelectorAll("input, select, textarea")) control.setAttribute("aria-invalid", String(words !== ""));
    if (!line) continue;
    setText(line, words);
    show(line, words !== "");
  }
}

/** A form that was sent back begins where something is to be mended. @param {HTMLFormElement} form */
export function goToFirst(form) {
  const control = form.querySelector(".field-wrong :is(input, select, textarea)");
  if (control instanceof HTMLElement) control.focus();
}
