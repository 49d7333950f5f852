/** Of the four ways to name photos the form shows the one that was chosen. */
import { byId } from "../core/dom.js";
import { goToFirst } from "./field-errors.js";

const kind = /** @type {HTMLSelectElement} */ (byId("id_kind"));
const name = /** @type {HTMLInputElement} */ (byId("id_name"));
const map = /** @type {HTMLSelectElement} */ (byId("id_map"));

function showChosen() {
  for (const part of document.querySelectorAll("#data-set-form [data-for]")) {
    /** @type {HTMLElement} */ (part).hidden = /** @type {HTMLElement} */ (part).dataset.for !== kind.value;
  }
}

kind.addEventListener("change", showChosen);
map.addEventListener("change", () => {
  if (name.value === "" && map.value !== "") name.value = map.selectedOptions[0]?.textContent?.trim() ?? "";
});
showChosen();
goToFirst(/** @type {HTMLFormElement} */ (byId("data-set-form")));
