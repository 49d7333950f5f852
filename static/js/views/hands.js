/**
 * Keyboard, buttons and the browser's own events, turned into wishes.
 *
 * @import { Intent } from "../core/keys.js"
 */
import { byId } from "../core/dom.js";
import { intent } from "../core/keys.js";

/**
 * @param {() => {phase: string, replay: number | null}} read
 * @param {(wish: Intent, key: string) => void} obey
 */
export function listenToKeys(read, obey) {
  document.addEventListener("keydown", (event) => {
    const confirms = event.key === "Enter" || event.key === " ";
    if (!confirms) document.body.dataset.hands = "keyboard";
    if (helpDialog().open) return;
    const focus = focusOf(event.target);
    if (event.repeat && focus === "control" && confirms) event.preventDefault();
    const modified = event.ctrlKey || event.altKey || event.metaKey;
    const crosshair = document.body.dataset.hands === "keyboard";
    const { phase, replay } = read();
    const wish = intent({ key: event.key, repeat: event.repeat, modified, focus, crosshair, phase, replay: replay !== null });
    if (!wish) return;
    event.preventDefault();
    obey(wish, event.key);
  });
  document.addEventListener("pointerdown", () => (document.body.dataset.hands = "pointer"), true);
}

/** @param {Record<string, () => void>} clicks id of a button -> what it does */
export function listenToButtons(clicks) {
  for (const [id, act] of Object.entries(clicks)) byId(id).addEventListener("click", act);
}

export function openHelp() {
  helpDialog().showModal();
}

function helpDialog() {
  return /** @type {HTMLDialogElement} */ (byId("help"));
}

/** @param {EventTarget | null} target @returns {import("../core/keys.js").Press["focus"]} */
function focusOf(target) {
  if (!(target instanceof Element)) return "page";
  if (target.closest("input, select, textarea, [contenteditable]")) return "field";
  if (target.closest("button, a, summary, [role=tab]")) return "control";
  return target.closest("#guess-map") ? "map" : "page";
}
