/** The page of a model version: it waits for the check before play, and the form asks only for what its kind needs. */
import { byId } from "../core/dom.js";
import { getJson } from "../net/json.js";

const ASK_MS = 1500;
const address = byId("model-version").dataset.state ?? "";

async function watch() {
  const news = await getJson(address).catch(() => null);
  if (news && !news.waits) location.reload();
  else window.setTimeout(() => void watch(), ASK_MS);
}

/** A comparison needs another version, and a map: both answer its panoramas. */
function showNeeded() {
  const kind = /** @type {HTMLSelectElement} */ (byId("evaluate-kind")).value;
  for (const part of document.querySelectorAll("#evaluate-form [data-for]")) {
    /** @type {HTMLElement} */ (part).hidden = /** @type {HTMLElement} */ (part).dataset.for !== kind;
  }
  const data = /** @type {HTMLSelectElement} */ (byId("evaluate-data"));
  for (const option of data.options) option.disabled = kind === "compare" && option.dataset.kind !== "map";
  if (data.selectedOptions[0]?.disabled) data.value = [...data.options].find(({ disabled }) => !disabled)?.value ?? "";
}

if (JSON.parse(byId("play-state").textContent ?? "").waits) window.setTimeout(() => void watch(), ASK_MS);
if (document.getElementById("evaluate-form")) {
  byId("evaluate-kind").addEventListener("change", showNeeded);
  showNeeded();
}
