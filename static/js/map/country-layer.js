/**
 * Countries outlined on the map: under the pointer, under the pin, and at the end of a round.
 *
 * @import { CountryShape, Path } from "./shapes.js"
 *
 * @typedef {"hover" | "pin" | "truth" | "you" | "model"} Role
 */
import { latOfMercatorY, nearLng } from "../core/geo.js";

export class CountryLayer {
  /** @type {Map<Role, {id: number, layer: L.Polygon}>} */
  #shown = new Map();

  /** @param {L.Map} map */
  constructor(map) {
    this.map = map;
    map.createPane("countries").classList.add("countries-pane");
  }

  /** @param {Role} role @param {CountryShape | null} country @param {number} [near] the longitude beside which it is wanted */
  show(role, country, near = 0) {
    const before = this.#shown.get(role);
    if (before && before.id === country?.id) return;
    before?.layer.remove();
    this.#shown.delete(role);
    if (!country) return;
    const layer = L.polygon(outline(country, near), { className: `country country-${role}`, pane: "countries", interactive: false, smoothFactor: 1.2 });
    this.#shown.set(role, { id: country.id, layer: layer.addTo(this.map) });
  }

  clear() {
    for (const { layer } of this.#shown.values()) layer.remove();
    this.#shown.clear();
  }
}

/** @param {CountryShape} country @param {number} near @returns {L.LatLng[][]} */
export function outline(country, near) {
  const middle = ((country.minX + country.maxX) / 2) * 360 - 180;
  const shift = nearLng(middle, near) - middle;
  return country.rings.map((ring) => latLngs(ring, shift));
}

/** @param {Path} ring @param {number} shift @returns {L.LatLng[]} */
function latLngs({ xy }, shift) {
  const points = [];
  for (let i = 0; i < xy.length; i += 2) points.push(L.latLng(latOfMercatorY(xy[i + 1]), xy[i] * 360 - 180 + shift));
  return points;
}
