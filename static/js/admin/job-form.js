/** The form of a training job: a recipe fills it in, cells show on a map as they would be, an estimate can be asked for. */
import { byId, setText, show } from "../core/dom.js";
import { points as whole } from "../core/format.js";
import { t, tn } from "../core/i18n.js";
import { getJson } from "../net/json.js";
import { CellMap } from "./cell-map.js";
import { showEstimate, showProblem } from "./estimate.js";
import { goToFirst, mark } from "./field-errors.js";

const PAUSE_MS = 250;
const VALUES = ["network", "max_photos", "min_photos", "max_level", "epochs", "batch_size", "learning_rate"];
const CELLS = ["data_set", "max_photos", "min_photos", "max_level"];

/** @typedef {Record<string, string | number | null>} Values */

const form = /** @type {HTMLFormElement} */ (byId("job-form"));
/** @type {Record<string, Values>} */
const recipes = JSON.parse(byId("recipes").textContent ?? "");
/** What each recipe is for. @type {Record<string, string>} */
const about = JSON.parse(byId("recipe-words").textContent ?? "");
/** @type {Record<string, number>} */
const imagePx = JSON.parse(byId("image-px").textContent ?? "");
const map = new CellMap(byId("cells-map"));
let pause = 0;
let asked = 0;

/** @param {string} name @returns {HTMLInputElement | HTMLSelectElement} */
function field(name) {
  return /** @type {HTMLInputElement | HTMLSelectElement} */ (form.elements.namedItem(name));
}

function own() {
  return recipes[field("recipe").value] ?? {};
}

function fillIn() {
  for (const name of VALUES) field(name).value = String(own()[name] ?? "");
  tellAll();
}

/** Under each value what the recipe has, where it differs. */
function tellAll() {
  for (const name of VALUES) {
    const frame = field(name).closest(".field");
    const differs = field(name).value !== "" && field(name).value !== String(own()[name] ?? "");
    const note = /** @type {HTMLElement | null | undefined} */ (frame?.querySelector(".field-note"));
    frame?.classList.toggle("field-changed", differs);
    if (!note) continue;
    show(note, differs);
    setText(note, differs ? t("recipe: {value}", { value: String(own()[name]) }) : "");
  }
  const side = imagePx[field("network").value];
  setText(byId("id_recipe_helptext"), about[field("recipe").value] ?? "");
  const help = document.getElementById("id_network_helptext");
  if (help) setText(help, side ? t("It sees pictures of {px} × {px} pixels.", { px: side }) : t("How large its pictures are says the estimate."));
}

async function showCells() {
  const mine = ++asked;
  const words = byId("cells-words");
  const { level } = own();
  if (level !== null && level !== undefined) {
    map.show([]);
    setText(words, t("This recipe takes the cells of S2 level {level} with at least the least photos.", { level }));
    return;
  }
  const query = new URLSearchParams(CELLS.map((name) => [name, field(name).value]));
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

async function askEstimate() {
  const button = /** @type {HTMLButtonElement} */ (byId("ask-estimate"));
  button.disabled = true;
  setText(byId("estimate"), t("Counting photos, weighing the network…"));
  try {
    const response = await fetch(form.dataset.estimate ?? "", { method: "POST", body: new FormData(form), credentials: "same-origin" });
    const body = await response.json();
    mark(form, response.ok ? {} : (body.error.fields ?? {}));
    if (response.ok) showEstimate(byId("estimate"), body);
    else showProblem(byId("estimate"), body.error);
  } catch {
    showProblem(byId("estimate"), { message: t("The server cannot be reached.") });
  } finally {
    button.disabled = false;
  }
}

field("recipe").addEventListener("change", () => {
  fillIn();
  showCellsSoon();
});
form.addEventListener("input", (event) => {
  const { name } = /** @type {HTMLInputElement} */ (event.target);
  if (VALUES.includes(name)) tellAll();
  if (CELLS.includes(name)) showCellsSoon();
});
byId("ask-estimate").addEventListener("click", () => void askEstimate());
// Wherever the server left a value out, it is the recipe's.
for (const name of VALUES) field(name).value ||= String(own()[name] ?? "");
tellAll();
goToFirst(form);
void showCells();
