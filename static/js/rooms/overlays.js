/**
 * Everybody's pins of a round on the map, with lines to the truth; the crowd's median as well.
 *
 * @import { Place } from "../types.js"
 * @import { LiveResult, State } from "./types.js"
 */
import { centralLng } from "../core/geo.js";
import { words } from "../core/words.js";
import { addLine, addPin, beside } from "../map/marks.js";
import { placeOf } from "../map/overlays.js";
import { pinIcon } from "../map/pins.js";
import { lineOf, markOf } from "./marks.js";
import { playerBy } from "./state.js";
import { nameOf } from "./words.js";

const MOST_NAMES = 6; // more of them would hide the map
const HEIGHT = { truth: 500, crowd: 400, you: 300, ghost: 200, model: 0, thought: 0 };

/** @typedef {{id: string, place: Place}} Pinned */

export class RoomOverlays {
  /** @param {L.Map} map */
  constructor(map) {
    this.group = L.layerGroup().addTo(map);
  }

  clear() {
    this.group.clearLayers();
  }

  /** @param {State} state @param {LiveResult} result @returns {Place[]} all that the view must hold */
  showResult(state, result) {
    this.clear();
    const pins = pinsOf(result);
    const truth = beside(result.truth, centralLng([result.truth.lng, ...pins.map(({ place }) => place.lng)]));
    const isCrowded = pins.length > MOST_NAMES;
    const shown = pins.flatMap((pinned) => this.#guess(state, truth, pinned, isCrowded));
    addPin(this.group, truth, pinIcon("truth", { extra: "pin-late" }), HEIGHT.truth);
    return [...shown, truth];
  }

  /** @param {State} state @param {Place} truth @param {Pinned} pinned @param {boolean} isCrowded @returns {Place[]} */
  #guess(state, truth, { id, place }, isCrowded) {
    const mark = markOf(state, id);
    const matters = mark.kind !== "ghost";
    const isNamed = !isCrowded || matters;
    const end = beside(place, truth.lng);
    const line = isNamed ? addLine(this.group, truth, place, lineOf(mark)) : [end];
    const label = isNamed ? nameOf(state, id) : "";
    const tag = playerBy(state, id)?.kind === "model" ? words.modelTag : "";
    addPin(this.group, line[line.length - 1], pinIcon(mark.kind, { mark: mark.mark, label, tag, extra: mark.tone, small: isCrowded && !matters }), HEIGHT[mark.kind]);
    return line;
  }
}

/** @param {LiveResult} result @returns {Pinned[]} */
function pinsOf({ guesses, crowd, void: isVoid }) {
  if (isVoid) return [];
  const pins = guesses.flatMap((guess) => {
    const place = placeOf(guess);
    return place ? [{ id: guess.id, place }] : [];
  });
  return crowd ? [...pins, { id: "crowd", place: { lat: crowd.lat, lng: crowd.lng } }] : pins;
}
