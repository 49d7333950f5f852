/**
 * What a key press means. Pure: a description of the event in, an intent out.
 *
 * @typedef {object} Press
 * @property {string} key
 * @property {boolean} repeat      the key is held down
 * @property {boolean} modified    with Ctrl, Alt or Meta: the browser's, not ours
 * @property {"page" | "map" | "field" | "control"} focus
 * @property {boolean} crosshair   the crosshair is on show, since the map is moved by keys
 * @property {string} phase        of the game or room
 * @property {boolean} [replay]    an old result is looked at again
 *
 * @typedef {"guess" | "next" | "toggle-map" | "leave-map" | "pin-centre" | "reset-view" | "help" | "turn" | "to-summary" | "replay-previous" | "replay-next"} Intent
 */

const TURN = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "a", "d", "w", "s", "+", "=", "-"]);

/** @param {Press} press @returns {Intent | null} */
export function intent(press) {
  if (press.modified || press.focus === "field") return null;
  const key = press.key.length === 1 ? press.key.toLowerCase() : press.key;
  if (key === "Escape") return press.repeat ? null : press.replay ? "to-summary" : "leave-map";
  if (key === "m" && !press.repeat) return "toggle-map";
  if (key === "?" && !press.repeat) return "help";
  if (key === " " || key === "Enter") return confirm(press, key);
  if (press.replay && press.focus === "page" && key === "ArrowLeft") return "replay-previous";
  if (press.replay && press.focus === "page" && key === "ArrowRight") return "replay-next";
  if (press.focus === "map" || press.phase !== "guessing") return null;
  if (key === "r" && !press.repeat) return "reset-view";
  return TURN.has(key) ? "turn" : null;
}

/**
 * A held key must neither skip the result nor start the next game, and a focused button does its own work.
 * @param {Press} press @param {string} key @returns {Intent | null}
 */
function confirm(press, key) {
  if (press.repeat || press.focus === "control") return null;
  if (press.phase === "result" || press.phase === "stored") return "next";
  if (press.phase !== "guessing") return null;
  // After a click on the map it has the focus too; then Enter means the pin that was just set.
  return press.focus === "map" && press.crosshair && key === "Enter" ? "pin-centre" : "guess";
}

/** Degrees that one held key turns the view, as [yaw, pitch, field of view]. @param {string} key @returns {[number, number, number]} */
export function turn(key) {
  switch (key.length === 1 ? key.toLowerCase() : key) {
    case "ArrowLeft":
    case "a":
      return [-1, 0, 0];
    case "ArrowRight":
    case "d":
      return [1, 0, 0];
    case "ArrowUp":
    case "w":
      return [0, 1, 0];
    case "ArrowDown":
    case "s":
      return [0, -1, 0];
    case "+":
    case "=":
      return [0, 0, -1];
    default:
      return [0, 0, 1];
  }
}
