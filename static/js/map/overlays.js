/**
 * What lies on the map once a round, or the game, is over.
 *
 * @import { ClosedRound, Place, Result } from "../types.js"
 */
import { centralLng, greatCircle, nearLng } from "../core/geo.js";
import { percent } from "../core/format.js";
import { words } from "../core/words.js";
import { pinIcon } from "./pins.js";

/** @param {{lat: number | null, lng: number | null} | null} answer @returns {Place | null} */
export function placeOf(answer) {
  return answer && answer.lat !== null && answer.lng !== null ? { lat: answer.lat, lng: answer.lng } : null;
}

/** Move whole worlds so that all pins of one result stand side by side. @param {Place} place @param {number} reference @returns {Place} */
function beside(place, reference) {
  return { lat: place.lat, lng: nearLng(place.lng, reference) };
}

export class Overlays {
  /** @param {L.Map} map */
  constructor(map) {
    this.group = L.layerGroup().addTo(map);
    this.thoughts = L.layerGroup();
    this.map = map;
  }

  clear() {
    this.group.clearLayers();
    this.thoughts.clearLayers().remove();
  }

  /** @param {Result} result @returns {Place[]} all that the view must hold */
  showResult(result) {
    this.clear();
    const [you, model] = [placeOf(result.you), placeOf(result.model)];
    const lngs = [result.truth, you, model].flatMap((place) => (place ? [place.lng] : []));
    const truth = beside(result.truth, centralLng(lngs));
    /** @type {Place[]} */
    const shown = [truth];
    if (model && result.model) {
      shown.push(...this.#line(truth, model, "model"));
      this.#pin(shown[shown.length - 1], "model", { label: result.model.name || words.model, tag: words.modelTag });
      this.#addThoughts(result.model.top_cells, truth);
    }
    if (you) {
      shown.push(...this.#line(truth, you, "you"));
      this.#pin(shown[shown.length - 1], "you", { label: words.you });
    }
    this.#pin(truth, "truth", { label: "" }, "pin-late");
    return shown;
  }

  /** @param {boolean} visible @returns {Place[]} where they are now to be seen */
  showThoughts(visible) {
    if (!visible) {
      this.thoughts.remove();
      return [];
    }
    this.thoughts.addTo(this.map);
    return this.thoughts.getLayers().map((layer) => /** @type {L.Marker} */ (layer).getLatLng());
  }

  /** @param {ClosedRound[]} results @returns {Place[]} */
  showSummary(results) {
    this.clear();
    const centre = centralLng(results.map(({ truth }) => truth.lng));
    return results.flatMap((result) => this.#summaryRound(result, centre));
  }

  /** @param {ClosedRound} result @param {number} centre @returns {Place[]} */
  #summaryRound(result, centre) {
    const truth = beside(result.truth, centre);
    const mark = String(result.number);
    /** @type {Place[]} */
    const shown = [truth];
    for (const kind of /** @type {const} */ (["model", "you"])) {
      const place = placeOf(kind === "you" ? result.you : result.model);
      if (!place) continue;
      shown.push(...this.#line(truth, place, kind));
      this.#pin(shown[shown.length - 1], kind, { mark, small: true });
    }
    this.#pin(truth, "truth", { mark });
    return shown;
  }

  /** @param {Place} from @param {Place} to @param {"you" | "model"} kind @returns {Place[]} the points drawn */
  #line(from, to, kind) {
    const points = greatCircle(from, to);
    const latlngs = points.map(({ lat, lng }) => L.latLng(lat, lng));
    for (const className of [`line line-casing`, `line line-${kind}`]) {
      const line = L.polyline(latlngs, { className, interactive: false, smoothFactor: 1, noClip: true }).addTo(this.group);
      line.getElement()?.setAttribute("pathLength", "1"); // for the drawing animation in css/map.css
    }
    return points;
  }

  /** @param {Place} place @param {"you" | "model" | "truth"} kind @param {Parameters<typeof pinIcon>[1]} options @param {string} [extra] */
  #pin(place, kind, options, extra) {
    const zIndexOffset = kind === "truth" ? 500 : kind === "you" ? 300 : 0;
    const icon = pinIcon(kind, options);
    if (extra) icon.options.className += ` ${extra}`;
    L.marker(place, { icon, interactive: false, keyboard: false, zIndexOffset }).addTo(this.group);
  }

  /** @param {import("../types.js").TopCell[]} cells @param {Place} truth */
  #addThoughts(cells, truth) {
    cells.slice(1).forEach((cell, i) => {
      const icon = pinIcon("thought", { mark: String(i + 2), label: percent(cell.probability) });
      L.marker(beside(cell, truth.lng), { icon, interactive: false, keyboard: false, zIndexOffset: -100 }).addTo(this.thoughts);
    });
  }
}
