/**
 * Lines and pins of a result, put on a layer of the map.
 *
 * @import { Place } from "../types.js"
 */
import { greatCircle, nearLng } from "../core/geo.js";

/** Move whole worlds so that all pins of one result stand side by side. @param {Place} place @param {number} reference @returns {Place} */
export function beside(place, reference) {
  return { lat: place.lat, lng: nearLng(place.lng, reference) };
}

/**
 * The shortest way, with a casing under it.
 * @param {L.LayerGroup} group @param {Place} from @param {Place} to @param {string} kind whose line it is: css/map.css
 * @returns {Place[]} the points drawn
 */
export function addLine(group, from, to, kind) {
  const points = greatCircle(from, to);
  const latlngs = points.map(({ lat, lng }) => L.latLng(lat, lng));
  for (const className of ["line line-casing", `line line-${kind}`]) {
    const line = L.polyline(latlngs, { className, interactive: false, smoothFactor: 0.3, noClip: true }).addTo(group);
    line.getElement()?.setAttribute("pathLength", "1"); // for the drawing animation in css/map.css
  }
  return points;
}

/** @param {L.LayerGroup} group @param {Place} place @param {L.DivIcon} icon @param {number} height of those that lie over each other */
export function addPin(group, place, icon, height) {
  L.marker(place, { icon, interactive: false, keyboard: false, zIndexOffset: height }).addTo(group);
}
