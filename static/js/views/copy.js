/** A button that copies a text and says so. */
import { byId, setText } from "../core/dom.js";
import { t } from "../core/i18n.js";

const SAID_MS = 2500;

/** @param {HTMLElement} button with a .button-text @param {() => string} read */
export function copyButton(button, read) {
  const label = /** @type {HTMLElement} */ (button.querySelector(".button-text"));
  const before = label.textContent ?? "";
  let timer = 0;
  button.addEventListener("click", async () => {
    const text = (await copy(read())) ? t("Copied") : t("Select and copy it by hand");
    setText(label, text);
    setText(byId("voice"), text);
    clearTimeout(timer);
    timer = window.setTimeout(() => setText(label, before), SAID_MS);
  });
}

/** @param {string} text @returns {Promise<boolean>} */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
