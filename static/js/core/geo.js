/**
 * Geometry on the globe for drawing. Distances and points come from the server, never from here.
 *
 * @import { Place } from "../types.js"
 */

const RADIANS = Math.PI / 180;
export const MAX_LAT = 85.0511287798066;

/** Longitude into [-180, 180). @param {number} lng */
export function wrapLng(lng) {
  return ((((lng + 180) % 360) + 360) % 360) - 180;
}

/** The copy of `lng` that lies nearest to `reference`. @param {number} lng @param {number} reference */
export function nearLng(lng, reference) {
  return reference + wrapLng(lng - reference);
}

/** @param {Place} place @returns {Place} what the server is sent: six decimals, in range */
export function normalised({ lat, lng }) {
  const clamped = Math.max(-90, Math.min(90, lat));
  return { lat: Math.round(clamped * 1e6) / 1e6, lng: wrapLng(Math.round(lng * 1e6) / 1e6) };
}

/** Web Mercator with the world as the unit square. @param {number} lng */
export function mercatorX(lng) {
  return (lng + 180) / 360;
}

/** @param {number} lat */
export function mercatorY(lat) {
  const sin = Math.sin(Math.max(-MAX_LAT, Math.min(MAX_LAT, lat)) * RADIANS);
  return 0.5 - Math.log((1 + sin) / (1 - sin)) / (4 * Math.PI);
}

/** @param {number} y */
export function latOfMercatorY(y) {
  return Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) / RADIANS;
}

/** Central angle in radians, for ordering and for choosing how finely to draw. @param {Place} a @param {Place} b */
export function angle(a, b) {
  const dLat = Math.sin(((b.lat - a.lat) * RADIANS) / 2);
  const dLng = Math.sin(((b.lng - a.lng) * RADIANS) / 2);
  const h = dLat * dLat + Math.cos(a.lat * RADIANS) * Math.cos(b.lat * RADIANS) * dLng * dLng;
  return 2 * Math.asin(Math.min(1, Math.sqrt(h)));
}

/**
 * Points along the great circle from a to b. Longitudes run on without a jump (they may pass 180),
 * so that a line drawn through them goes the short way over the antimeridian.
 * @param {Place} a @param {Place} b @returns {Place[]}
 */
export function greatCircle(a, b) {
  const total = angle(a, b);
  // Straight when close (nothing to see) and at the antipodes (every way is the shortest).
  if (total < 1e-3 || Math.PI - total < 1e-3) return [a, { lat: b.lat, lng: nearLng(b.lng, a.lng) }];
  const steps = Math.max(2, Math.ceil(total / (2 * RADIANS)));
  /** @type {Place[]} */
  const points = [];
  let lng = a.lng;
  for (let i = 0; i <= steps; i++) {
    const point = between(a, b, total, i / steps);
    lng = nearLng(point.lng, lng);
    points.push({ lat: point.lat, lng });
  }
  return points;
}

/** @param {Place} a @param {Place} b @param {number} total @param {number} t @returns {Place} */
function between(a, b, total, t) {
  const wa = Math.sin((1 - t) * total) / Math.sin(total);
  const wb = Math.sin(t * total) / Math.sin(total);
  const [ax, ay, az] = unit(a);
  const [bx, by, bz] = unit(b);
  const x = wa * ax + wb * bx;
  const y = wa * ay + wb * by;
  const z = wa * az + wb * bz;
  return { lat: Math.atan2(z, Math.hypot(x, y)) / RADIANS, lng: Math.atan2(y, x) / RADIANS };
}

/** @param {Place} place @returns {[number, number, number]} */
function unit({ lat, lng }) {
  const cos = Math.cos(lat * RADIANS);
  return [cos * Math.cos(lng * RADIANS), cos * Math.sin(lng * RADIANS), Math.sin(lat * RADIANS)];
}

/**
 * The longitude in the middle of the widest stretch that the places leave free lies opposite to the
 * best centre: the view that holds all of them in the narrowest frame, across the antimeridian or not.
 * @param {number[]} lngs @returns {number}
 */
export function centralLng(lngs) {
  const sorted = lngs.map(wrapLng).sort((a, b) => a - b);
  if (sorted.length === 0) return 0;
  let start = sorted[0];
  let widest = -1;
  for (let i = 0; i < sorted.length; i++) {
    const next = i + 1 < sorted.length ? sorted[i + 1] : sorted[0] + 360;
    if (next - sorted[i] > widest) {
      widest = next - sorted[i];
      start = next;
    }
  }
  return wrapLng(start + (360 - widest) / 2);
}
