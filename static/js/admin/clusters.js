/** Points gathered into those that lie within one square of the screen. Pure. */
import { mercatorX, mercatorY } from "../core/geo.js";

const TILE = 256;
export const SQUARE_PX = 26;

/**
 * @param {number[]} lat @param {number[]} lng @param {number} zoom of a Leaflet map
 * @returns {{lat: number, lng: number, count: number}[]} means of their points, the largest last, to lie above
 */
export function clustered(lat, lng, zoom) {
  const squares = (TILE * 2 ** zoom) / SQUARE_PX;
  /** @type {Map<number, {lat: number, lng: number, count: number}>} */
  const found = new Map();
  for (let i = 0; i < lat.length; i++) {
    const key = Math.floor(mercatorX(lng[i]) * squares) * 2 ** 24 + Math.floor(mercatorY(lat[i]) * squares);
    const one = found.get(key);
    if (one) {
      one.lat += lat[i];
      one.lng += lng[i];
      one.count += 1;
    } else found.set(key, { lat: lat[i], lng: lng[i], count: 1 });
  }
  return [...found.values()].map(({ lat: y, lng: x, count }) => ({ lat: y / count, lng: x / count, count })).sort((a, b) => a.count - b.count);
}
