/**
 * Three ways over the map, photo by photo: the truth, the person, PlaNet with the album; PlaNet without it if wanted.
 *
 * @import { Place } from "../types.js"
 * @import { Result, Side, Told } from "./types.js"
 * @typedef {Side | "truth"} Walker
 */
import { centralLng, greatCircle } from "../core/geo.js";
import { beside } from "../map/marks.js";
import { pinIcon } from "../map/pins.js";

/** What lies above what, and whose mark it is. @type {Record<Walker, {kind: "truth" | "you" | "model" | "thought", height: number}>} */
const MARKS = {
  single: { kind: "thought", height: 0 },
  album: { kind: "model", height: 100 },
  person: { kind: "you", height: 200 },
  truth: { kind: "truth", height: 300 },
};

/** @param {Told} told @param {Walker} walker @returns {Place | null} */
export function placeOf(told, walker) {
  return walker === "truth" ? told.truth : told.answers[walker];
}

/** The great circles from place to place, in one line whose longitudes run on. @param {Place[]} places @returns {Place[]} */
export function wayOf(places) {
  if (places.length < 2) return places;
  return places.slice(1).reduce((way, place) => [...way, ...greatCircle(way[way.length - 1], place).slice(1)], [places[0]]);
}

export class Paths {
  /** @param {L.Map} map */
  constructor(map) {
    this.group = L.layerGroup().addTo(map);
  }

  clear() {
    this.group.clearLayers();
  }

  /** All places, side by side, for the view to hold. @param {Result} result @param {boolean} withSingle @returns {Place[]} */
  placesOf(result, withSingle) {
    const centre = this.#centre(result);
    return this.#walkers(withSingle).flatMap((walker) => this.#places(result.photos, walker, centre));
  }

  /** The ways up to one photo. @param {Result} result @param {number} index of that photo @param {boolean} withSingle */
  show(result, index, withSingle) {
    this.clear();
    const centre = this.#centre(result);
    const until = result.photos.slice(0, index + 1);
    const now = until[until.length - 1];
    if (!now) return;
    const truth = beside(now.truth, centre);
    for (const walker of this.#walkers(withSingle)) {
      this.#way(this.#places(until, walker, centre), walker);
      const place = placeOf(now, walker);
      if (!place) continue;
      if (walker !== "truth") this.#error(greatCircle(truth, beside(place, centre)), walker);
    }
    for (const walker of this.#walkers(withSingle)) {
      const place = placeOf(now, walker);
      if (place) this.#pin(beside(place, centre), walker, walker === "single" ? "" : String(now.number));
    }
  }

  /** @param {boolean} withSingle @returns {Walker[]} from the lowest to the highest */
  #walkers(withSingle) {
    return withSingle ? ["single", "album", "person", "truth"] : ["album", "person", "truth"];
  }

  /** @param {Result} result */
  #centre(result) {
    return centralLng(result.photos.map(({ truth }) => truth.lng));
  }

  /** @param {Told[]} photos @param {Walker} walker @param {number} centre @returns {Place[]} */
  #places(photos, walker, centre) {
    return photos.flatMap((told) => {
      const place = placeOf(told, walker);
      return place ? [beside(place, centre)] : [];
    });
  }

  /** @param {Place[]} places @param {Walker} walker */
  #way(places, walker) {
    const latlngs = wayOf(places).map(({ lat, lng }) => L.latLng(lat, lng));
    for (const className of ["way way-casing", `way way-${walker}`]) {
      L.polyline(latlngs, { className, interactive: false, smoothFactor: 0.3, noClip: true }).addTo(this.group);
    }
    for (const { lat, lng } of places.slice(0, -1)) {
      L.circleMarker([lat, lng], { className: `stop stop-${walker}`, radius: 3.5, interactive: false }).addTo(this.group);
    }
  }

  /** How far off: thin, from the truth to the pin. @param {Place[]} line @param {Walker} walker */
  #error(line, walker) {
    const latlngs = line.map(({ lat, lng }) => L.latLng(lat, lng));
    L.polyline(latlngs, { className: `miss miss-${walker}`, interactive: false, noClip: true }).addTo(this.group);
  }

  /** @param {Place} place @param {Walker} walker @param {string} mark */
  #pin(place, walker, mark) {
    const { kind, height } = MARKS[walker];
    L.marker(place, { icon: pinIcon(kind, { mark, small: true }), interactive: false, keyboard: false, zIndexOffset: height }).addTo(this.group);
  }
}
