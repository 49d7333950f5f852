/** The page of a data set: its photos on a map, how a recipe splits it, how far its reading is. */
import { byId, h, setText, show } from "../core/dom.js";
import { percent, points as whole } from "../core/format.js";
import { t } from "../core/i18n.js";
import { getJson } from "../net/json.js";
import "./delete-dialog.js";
import { PhotoMap } from "./photo-map.js";

const ASK_MS = 1500;
const base = byId("data-set").dataset.base ?? "";
const first = JSON.parse(byId("data-state").textContent ?? "");

/** @param {string} state */
function stateWord(state) {
  switch (state) {
    case "new":
      return t("not read yet");
    case "reading":
      return t("is being read");
    case "ready":
      return t("ready");
    case "failed":
      return t("failed");
    default:
      return state;
  }
}

/** @param {{state: string, share: number, message: string}} news */
function showState({ state, share, message }) {
  const badge = byId("state-badge");
  setText(badge, stateWord(state));
  badge.dataset.state = state;
  show(byId("track"), state === "reading");
  /** @type {HTMLProgressElement} */ (byId("progress")).value = share;
  const line = byId("message");
  setText(line, message);
  show(line, message !== "");
}

/** Until it is read: then the page is another one. */
async function watch() {
  const news = await getJson(`${base}state/`).catch(() => null);
  if (news && news.state !== "reading") location.reload();
  else {
    if (news) showState(news);
    window.setTimeout(() => void watch(), ASK_MS);
  }
}

async function showPhotos() {
  const words = byId("photos-words");
  try {
    const { photos, lat, lng } = await getJson(`${base}places/`);
    new PhotoMap(byId("photos-map")).show(lat, lng);
    setText(words, lat.length < photos ? t("{shown} of {photos} photos", { shown: whole(lat.length), photos: whole(photos) }) : "");
  } catch (error) {
    new PhotoMap(byId("photos-map"));
    setText(words, error instanceof Error ? error.message : String(error));
  }
}

async function showSplit() {
  const { value } = /** @type {HTMLSelectElement} */ (byId("split-recipe"));
  const frame = byId("split");
  try {
    const found = await getJson(`${base}split/?recipe=${encodeURIComponent(value)}`);
    const share = (/** @type {number} */ n) => `${whole(n)} (${percent(n / Math.max(1, found.photos))})`;
    const rows = [
      [t("Photos to learn from"), share(found.photos_training)],
      [t("Photos held out"), share(found.photos_validation)],
      [t("Photos outside all cells"), share(found.photos_outside_cells)],
      ...(found.groups_training + found.groups_validation ? [[t("Walks and sequences to learn from, held out"), `${whole(found.groups_training)}, ${whole(found.groups_validation)}`]] : []),
      [t("Cells"), whole(found.cells)],
      [t("Cells without a photo to learn from"), whole(found.empty_cells)],
      [t("Cells without a photo held out"), whole(found.cells_without_validation)],
    ];
    frame.replaceChildren(h("dl", { class: "value-list" }, ...rows.map(([name, text]) => h("div", {}, h("dt", {}, name), h("dd", {}, text)))));
  } catch (error) {
    frame.replaceChildren(h("p", { class: "note note-warn" }, error instanceof Error ? error.message : String(error)));
  }
}

showState(first);
if (first.state === "reading") window.setTimeout(() => void watch(), ASK_MS);
// Before it is read for the first time nobody knows its places.
if (document.getElementById("photos-map")) void showPhotos();
// Albums are split when a job is made.
if (document.getElementById("split-recipe")) {
  void showSplit();
  byId("split-recipe").addEventListener("change", () => void showSplit());
}
