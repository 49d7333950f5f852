/** The form of an album job: a recipe fills it in, an estimate can be asked for. */
import { byId } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { goToFirst } from "./field-errors.js";
import { offerEstimate } from "./job-estimate.js";
import { RecipeFields } from "./recipe-fields.js";

const VALUES = ["epochs", "batch_albums", "learning_rate", "hidden", "dropout", "photo_dropout", "patience"];

const form = /** @type {HTMLFormElement} */ (byId("job-form"));
const fields = new RecipeFields(form, VALUES);

fields.field("recipe").addEventListener("change", () => {
  fields.fillIn();
  fields.tellAll();
});
form.addEventListener("input", () => fields.tellAll());
offerEstimate(form, t("Counting albums, weighing the model…"));
fields.tellAll();
goToFirst(form);
