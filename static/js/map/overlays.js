/**
 * What lies on the map once a round, or the game, is over.
 *
 * @import { ClosedRound, Place, Probability, Result } from "../types.js"
 */
import { centralLng } from "../core/geo.js";
import { percent } from "../core/format.js";
import { isDark, onThemeChange } from "../core/theme.js";
import { words } from "../core/words.js";
import { addLine, addPin, beside } from "./marks.js";
import { initialOf, pinIcon } from "./pins.js";

/** @typedef {"you" | "model" | "ghost"} Guesser */

const HEIGHT = { truth: 500, you: 300, ghost: 200, model: 0 };

/** @param {{lat: number | null, lng: number | null} | null | undefined} answer @returns {Place | null} */
export function placeOf(answer) {
  return answer && answer.lat !== null && answer.lng !== null ? { lat: answer.lat, lng: answer.lng } : null;
}

/** @param {Result} result @returns {{kind: Guesser, place: Place}[]} the person's last, so that it lies above */
function guessesOf(result) {
  if (result.void) return [];
  return /** @type {Guesser[]} */ (["model", "ghost", "you"]).flatMap((kind) => {
    const place = placeOf(result[kind]);
    return place ? [{ kind, place }] : [];
  });
}

export class Overlays {
  /** @param {L.Map} map */
  constructor(map) {
    this.group = L.layerGroup().addTo(map);
    this.thoughts = L.layerGroup();
    this.heat = L.layerGroup();
    this.map = map;
    map.createPane("heat").classList.add("heat-pane");
    /** @type {Probability | null} */
    this.probability = null;
    onThemeChange(() => this.setHeat(this.probability));
  }

  clear() {
    this.group.clearLayers();
    this.thoughts.clearLayers().remove();
    this.setHeat(null);
    this.heat.remove();
  }

  /** @param {Result} result @returns {Place[]} all that the view must hold */
  showResult(result) {
    this.clear();
    const guesses = guessesOf(result);
    const truth = beside(result.truth, centralLng([result.truth.lng, ...guesses.map(({ place }) => place.lng)]));
    const shown = guesses.flatMap(({ kind, place }) => this.#guess(truth, place, kind, labelOf(result, kind)));
    this.#pin(truth, "truth", { extra: "pin-late" });
    if (result.model) this.#addThoughts(result.model.top_cells, truth);
    return [...shown, truth];
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

  /** How probable each place was to the model; nothing to show before it is set. @param {Probability | null} layer */
  setHeat(layer) {
    this.probability = layer;
    this.heat.clearLayers();
    if (!layer) return;
    const [[south, west], [north, east]] = layer.bounds;
    for (const world of [-360, 0, 360]) {
      const bounds = L.latLngBounds([south, west + world], [north, east + world]);
      L.imageOverlay(isDark() ? layer.dark_url : layer.url, bounds, { className: "heat", pane: "heat", interactive: false }).addTo(this.heat);
    }
  }

  /** @param {boolean} visible */
  showHeat(visible) {
    if (visible) this.heat.addTo(this.map);
    else this.heat.remove();
  }

  /** @param {ClosedRound[]} results @returns {Place[]} */
  showSummary(results) {
    this.clear();
    const counted = results.filter((result) => !result.void);
    const centre = centralLng(counted.map(({ truth }) => truth.lng));
    return counted.flatMap((result) => this.#summaryRound(result, centre));
  }

  /** @param {ClosedRound} result @param {number} centre @returns {Place[]} */
  #summaryRound(result, centre) {
    const truth = beside(result.truth, centre);
    const mark = String(result.number);
    const shown = guessesOf(result).flatMap(({ kind, place }) => this.#guess(truth, place, kind, { mark, small: true }));
    this.#pin(truth, "truth", { mark });
    return [...shown, truth];
  }

  /** @param {Place} truth @param {Place} place @param {Guesser} kind @param {Parameters<typeof pinIcon>[1]} options @returns {Place[]} */
  #guess(truth, place, kind, options) {
    const line = addLine(this.group, truth, place, kind);
    this.#pin(line[line.length - 1], kind, options);
    return line;
  }

  /** @param {Place} place @param {Guesser | "truth"} kind @param {Parameters<typeof pinIcon>[1]} options */
  #pin(place, kind, options) {
    addPin(this.group, place, pinIcon(kind, options), HEIGHT[kind]);
  }

  /** @param {import("../types.js").TopCell[]} cells @param {Place} truth */
  #addThoughts(cells, truth) {
    cells.slice(1).forEach((cell, i) => {
      const icon = pinIcon("thought", { mark: String(i + 2), label: percent(cell.probability) });
      L.marker(beside(cell, truth.lng), { icon, interactive: false, keyboard: false, zIndexOffset: -100 }).addTo(this.thoughts);
    });
  }
}

/** @param {Result} result @param {Guesser} kind */
function labelOf({ model, ghost }, kind) {
  if (kind === "model") return { label: model?.name || words.model, tag: words.modelTag };
  if (kind === "ghost") return { label: ghost?.name ?? "", mark: initialOf(ghost?.name ?? "") };
  return { label: words.you };
}
