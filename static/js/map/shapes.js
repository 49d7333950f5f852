/**
 * Country shapes, ready to draw: world-atlas features turned into rings in Web Mercator, once.
 * Coordinates are fractions of the world square, so that drawing at any zoom is one multiplication.
 *
 * @typedef {[number, number][]} LngLatRing
 * @typedef {{id?: string | number, properties: {name: string},
 *   geometry: {type: "Polygon", coordinates: LngLatRing[]} | {type: "MultiPolygon", coordinates: LngLatRing[][]}}} Feature
 *
 * @typedef {object} Path              One ring or one line.
 * @property {Float64Array} xy         x0, y0, x1, y1, …
 * @property {number} minX
 * @property {number} minY
 * @property {number} maxX
 * @property {number} maxY
 *
 * @typedef {{id: number, name: string, x: number, y: number, size: number}} CountryLabel
 * @typedef {{id: number, name: string, rings: Path[]} & Box} CountryShape
 * @typedef {Pick<Path, "minX" | "minY" | "maxX" | "maxY">} Box
 * @typedef {{countries: CountryShape[], rings: Path[], borders: Path[], coasts: Path[], labels: CountryLabel[]}} Shapes
 */
import { mercatorX, mercatorY, nearLng } from "../core/geo.js";

/** @param {LngLatRing} coordinates @returns {Path} */
export function toPath(coordinates) {
  const xy = new Float64Array(coordinates.length * 2);
  let [minX, minY, maxX, maxY] = [Infinity, Infinity, -Infinity, -Infinity];
  coordinates.forEach(([lng, lat], i) => {
    const x = mercatorX(lng);
    const y = mercatorY(lat);
    xy[2 * i] = x;
    xy[2 * i + 1] = y;
    minX = Math.min(minX, x);
    maxX = Math.max(maxX, x);
    minY = Math.min(minY, y);
    maxY = Math.max(maxY, y);
  });
  return { xy, minX, minY, maxX, maxY };
}

/**
 * All rings alike: filled together by the even-odd rule, a hole is a hole.
 * @param {Feature} feature @returns {LngLatRing[]}
 */
function ringsOf({ geometry }) {
  const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  return polygons.flat().map(closedRing).filter((ring) => ring.length > 2);
}

/**
 * The shapes run across the antimeridian with a jump from 180 to -180. Here longitudes run on instead,
 * and the layer draws neighbouring worlds, so that no line crosses the whole map.
 * @param {LngLatRing} line @returns {LngLatRing}
 */
export function unwrapped(line) {
  let last = line[0][0];
  return line.map(([lng, lat]) => {
    last = nearLng(lng, last);
    return [last, lat];
  });
}

/**
 * Antarctica's coast goes once around and ends a world further on: it is closed along the pole, in place of
 * the file's own points there.
 * @param {LngLatRing} ring @returns {LngLatRing} empty for a ring that is nothing but the pole
 */
export function closedRing(ring) {
  const coast = ring.filter(([, lat]) => lat > -89.9);
  if (coast.length < 3) return [];
  const points = unwrapped(coast);
  const [first, last] = [points[0], points[points.length - 1]];
  if (Math.abs(last[0] - first[0]) < 180) return points;
  return [...points, [last[0], -90], [first[0], -90]];
}

/** @param {Feature[]} features @param {LngLatRing[]} borders @param {LngLatRing[]} coasts @returns {Shapes} */
export function toShapes(features, borders, coasts) {
  const countries = features.map(countryOf);
  return {
    countries,
    rings: countries.flatMap(({ rings }) => rings),
    borders: borders.map(unwrapped).map(toPath),
    coasts: coasts.filter(([[, lat]]) => lat > -89.9).map(unwrapped).map(toPath),
    labels: countries.map(labelOf).filter((label) => label.size > 0),
  };
}

/** @param {Feature} feature @returns {CountryShape} */
function countryOf(feature) {
  const rings = ringsOf(feature).map(toPath);
  return { id: Number(feature.id ?? -1), name: feature.properties.name, rings, ...boxOf(rings) };
}

/** @param {Path[]} paths @returns {Box} */
function boxOf(paths) {
  return {
    minX: Math.min(...paths.map((path) => path.minX)),
    minY: Math.min(...paths.map((path) => path.minY)),
    maxX: Math.max(...paths.map((path) => path.maxX)),
    maxY: Math.max(...paths.map((path) => path.maxY)),
  };
}

/** @param {CountryShape} country @returns {CountryLabel} */
function labelOf({ id, name, rings }) {
  let best = { x: 0, y: 0, size: 0 };
  for (const path of rings) {
    const area = Math.abs(signedArea(path.xy));
    if (area > best.size) best = { ...insidePoint(path), size: area };
  }
  return { id, name, x: best.x, y: best.y, size: Math.sqrt(best.size) };
}

/** @param {Float64Array} xy */
export function signedArea(xy) {
  let sum = 0;
  for (let i = 0, j = xy.length - 2; i < xy.length; j = i, i += 2) sum += xy[j] * xy[i + 1] - xy[i] * xy[j + 1];
  return sum / 2;
}

/**
 * A point well inside a ring: among a few level lines, the middle of the widest stretch on land,
 * stretches near the middle of the shape being preferred.
 * @param {Path} path @returns {{x: number, y: number}}
 */
export function insidePoint(path) {
  const height = path.maxY - path.minY;
  let best = { x: (path.minX + path.maxX) / 2, y: (path.minY + path.maxY) / 2 };
  let bestWorth = -1;
  for (let i = 1; i < 16; i++) {
    const y = path.minY + (height * i) / 16;
    const worthOfRow = 1 - 0.8 * Math.abs(i / 8 - 1);
    const crossings = crossingsAt(path.xy, y);
    for (let k = 0; k + 1 < crossings.length; k += 2) {
      const worth = (crossings[k + 1] - crossings[k]) * worthOfRow;
      if (worth > bestWorth) {
        bestWorth = worth;
        best = { x: (crossings[k] + crossings[k + 1]) / 2, y };
      }
    }
  }
  return best;
}

/** @param {Float64Array} xy @param {number} y @returns {number[]} sorted x where the ring crosses the level line */
function crossingsAt(xy, y) {
  const found = [];
  for (let i = 0, j = xy.length - 2; i < xy.length; j = i, i += 2) {
    const [x0, y0, x1, y1] = [xy[j], xy[j + 1], xy[i], xy[i + 1]];
    if (y0 > y !== y1 > y) found.push(x0 + ((y - y0) / (y1 - y0)) * (x1 - x0));
  }
  return found.sort((a, b) => a - b);
}
