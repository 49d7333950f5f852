/**
 * Where the player is in the album, and what the main button does there. Pure.
 *
 * @import { Photo, Snapshot } from "./types.js"
 * @typedef {"pin" | "forward" | "next" | "hand-in"} Step   set a pin; look at the next one again; ask for a new one; be done
 */

/** @param {Snapshot} snapshot @returns {"preparing" | "guessing" | "result"} */
export function phaseOf({ state }) {
  return state === "preparing" ? "preparing" : state === "open" ? "guessing" : "result";
}

/** @param {Photo[]} photos @returns {number} the number of the photo that was shown last; 0 before the first */
export function lastShown(photos) {
  return photos.reduce((last, { number, shown }) => (shown ? number : last), 0);
}

/** Where a page that is loaded begins: at the first photo without a pin, else at the last one. @param {Photo[]} photos */
export function startAt(photos) {
  return photos.find((photo) => photo.shown && needsPin(photo))?.number ?? lastShown(photos);
}

/** @param {Photo} photo */
export function needsPin({ gone, pin }) {
  return !gone && pin === null;
}

/** @param {Photo[]} photos */
export function isComplete(photos) {
  return !photos.some(needsPin);
}

/** The shown photo before or after, if there is one. @param {Photo[]} photos @param {number} at @param {1 | -1} direction */
export function neighbour(photos, at, direction) {
  const shown = photos.filter((photo) => photo.shown).map(({ number }) => number);
  return shown[shown.indexOf(at) + direction] ?? null;
}

/** @param {Photo[]} photos @param {number} at @returns {Step} */
export function stepAt(photos, at) {
  const here = photos.find(({ number }) => number === at);
  if (!here || needsPin(here)) return "pin";
  if (neighbour(photos, at, 1) !== null) return "forward";
  return photos.some((photo) => !photo.shown && !photo.gone) ? "next" : "hand-in";
}

/** With a pin that the server has not confirmed yet. @param {Snapshot} snapshot @param {number} number @param {{lat: number, lng: number}} pin @returns {Snapshot} */
export function withPin(snapshot, number, pin) {
  return { ...snapshot, photos: snapshot.photos.map((photo) => (photo.number === number ? { ...photo, pin } : photo)) };
}
