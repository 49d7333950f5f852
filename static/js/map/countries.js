/**
 * Which country of the drawn map lies under a place: to show under the pointer. The server decides by its own borders.
 *
 * @import { Place } from "../types.js"
 * @import { CountryShape, Path } from "./shapes.js"
 *
 * @typedef {{code: string, id: number, name: string}} CountryName  ISO 3166 alpha-2, numeric, English name
 */
import { currentLanguage } from "../core/i18n.js";
import { mercatorX, mercatorY, wrapLng } from "../core/geo.js";

/** @param {CountryShape[]} countries @param {Place} place @returns {CountryShape | null} null at sea */
export function countryAt(countries, { lat, lng }) {
  const y = mercatorY(lat);
  const x = mercatorX(wrapLng(lng));
  return countries.find((country) => [x, x + 1, x - 1].some((copy) => contains(country, copy, y))) ?? null;
}

/** By the even-odd rule over all rings: a hole is a hole. @param {CountryShape} country @param {number} x @param {number} y */
function contains(country, x, y) {
  if (x < country.minX || x > country.maxX || y < country.minY || y > country.maxY) return false;
  let inside = false;
  for (const ring of country.rings) if (y >= ring.minY && y <= ring.maxY && crossesOdd(ring, x, y)) inside = !inside;
  return inside;
}

/** @param {Path} ring @param {number} x @param {number} y */
function crossesOdd({ xy }, x, y) {
  let odd = false;
  for (let i = 0, j = xy.length - 2; i < xy.length; j = i, i += 2) {
    const [x0, y0, x1, y1] = [xy[j], xy[j + 1], xy[i], xy[i + 1]];
    if (y0 > y !== y1 > y && x < x0 + ((y - y0) / (y1 - y0)) * (x1 - x0)) odd = !odd;
  }
  return odd;
}

export class CountryNames {
  /** @param {CountryName[]} known */
  constructor(known) {
    this.byId = new Map(known.map((country) => [country.id, country]));
    this.byCode = new Map(known.map((country) => [country.code, country]));
    this.inLanguage = new Intl.DisplayNames([currentLanguage()], { type: "region", fallback: "none" });
  }

  /** In the reader's language. @param {CountryShape} shape */
  nameOf({ id, name }) {
    const known = this.byId.get(id);
    if (!known) return name;
    return this.inLanguage.of(known.code) ?? known.name;
  }

  /** @param {CountryShape[]} shapes @param {string} code */
  shapeOf(shapes, code) {
    const id = this.byCode.get(code)?.id;
    return shapes.find((shape) => shape.id === id) ?? null;
  }
}
