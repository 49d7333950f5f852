/** The form of a training job: a recipe fills it in, cells show on a map as they would be, an estimate can be asked for. */
import { byId, setText } from "../core/dom.js";
import { points as whole } from "../core/format.js";
import { t, tn } from "../core/i18n.js";
import { getJson } from "../net/json.js";
import { CellMap } from "./cell-map.js";
import { goToFirst } from "./field-errors.js";
import { offerEstimate } from "./job-estimate.js";
import { RecipeFields } from "./recipe-fields.js";

const PAUSE_MS = 250;
const VALUES = ["network", "max_photos", "min_photos", "max_level", "epochs", "batch_size", "learning_rate"];
const CELLS = ["data_set", "max_photos", "min_photos", "max_level"];

const form = /** @type {HTMLFormElement} */ (byId("job-form"));
const fields = new RecipeFields(form, VALUES);
/** What each recipe is for. @type {Record<string, string>} */
const about = JSON.parse(byId("recipe-words").textContent ?? "");
/** @type {Record<string, number>} */
const imagePx = JSON.parse(byId("image-px").textContent ?? "");
const map = new CellMap(byId("cells-map"));
let pause = 0;
let asked = 0;

function tellAll() {
  fields.tellAll();
  const side = imagePx[fields.field("network").value];
  setText(byId("id_recipe_helptext"), about[fields.field("recipe").value] ?? "");
  const help = document.getElementById("id_network_helptext");
  if (help) setText(help, side ? t("It sees pictures of {px} × {px} pixels.", { px: side }) : t("How large its pictures are says the estimate."));
}

async function showCells() {
  const mine = ++asked;
  const words = byId("cells-words");
  const { level } = fields.own();
  if (level !== null && level !== undefined) {
    map.show([]);
    setText(words, t("This recipe takes the cells of S2 level {level} with at least the least photos.", { level }));
    return;
  }
  const query = new URLSearchParams(CELLS.map((name) => [name, fields.field(name).value]));
  try {
    const found = await getJson(`${form.dataset.cells}?${query}`);
    if (mine !== asked) return;
    map.show(found.rings);
    setText(words, cellWords(found));
  } catch (error) {
    if (mine !== asked) return;
    map.show([]);
    setText(words, error instanceof Error ? error.message : String(error));
  }
}

/** @param {{cells: number, photos_in_cells: number, photos_outside: number, smallest: number, largest: number, shown?: number}} found */
function cellWords({ cells, photos_in_cells: inside, photos_outside: outside, smallest, largest, shown }) {
  const words = [
    tn("{n} cell", "{n} cells", cells),
    t("{least} to {most} photos each", { least: whole(smallest), most: whole(largest) }),
    t("{outside} of {all} photos outside", { outside: whole(outside), all: whole(inside + outside) }),
  ];
  if (shown !== undefined && shown < cells) words.push(t("the {n} largest are drawn", { n: whole(shown) }));
  return words.join(" · ");
}

function showCellsSoon() {
  clearTimeout(pause);
  pause = window.setTimeout(() => void showCells(), PAUSE_MS);
}

fields.field("recipe").addEventListener("change", () => {
  fields.fillIn();
  tellAll();
  showCellsSoon();
});
form.addEventListener("input", (event) => {
  const { name } = /** @type {HTMLInputElement} */ (event.target);
  if (VALUES.includes(name)) tellAll();
  if (CELLS.includes(name)) showCellsSoon();
});
offerEstimate(form, t("Counting photos, weighing the network…"));
tellAll();
goToFirst(form);
void showCells();
