/** The fields of a job's form that a recipe fills in. Under each it stands what the recipe has, where that differs. */
import { byId, setText, show } from "../core/dom.js";
import { t } from "../core/i18n.js";

/** @typedef {Record<string, string | number | null>} Values */

export class RecipeFields {
  /** @param {HTMLFormElement} form @param {string[]} names of the values that have a field */
  constructor(form, names) {
    this.form = form;
    this.names = names;
    /** @type {Record<string, Values>} */
    this.recipes = JSON.parse(byId("recipes").textContent ?? "");
    // Wherever the server left a value out, it is the recipe's.
    for (const name of names) this.field(name).value ||= String(this.own()[name] ?? "");
  }

  /** @param {string} name @returns {HTMLInputElement | HTMLSelectElement} */
  field(name) {
    return /** @type {HTMLInputElement | HTMLSelectElement} */ (this.form.elements.namedItem(name));
  }

  own() {
    return this.recipes[this.field("recipe").value] ?? {};
  }

  fillIn() {
    for (const name of this.names) this.field(name).value = String(this.own()[name] ?? "");
  }

  tellAll() {
    for (const name of this.names) {
      const own = String(this.own()[name] ?? "");
      const { value } = this.field(name);
      const frame = this.field(name).closest(".field");
      const note = /** @type {HTMLElement | null | undefined} */ (frame?.querySelector(".field-note"));
      const differs = value !== "" && value !== own;
      frame?.classList.toggle("field-changed", differs);
      if (!note) continue;
      show(note, differs);
      setText(note, differs ? t("recipe: {value}", { value: own }) : "");
    }
  }
}
