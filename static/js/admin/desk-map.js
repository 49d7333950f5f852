/** A map of an admin page: the drawn land of the game, and points on one canvas, however many. */
import { World } from "../map/world.js";
import { prefersCalm } from "../core/dom.js";

/** @param {HTMLElement} element with data-shapes and data-cities @returns {{map: L.Map, world: World}} */
export function makeMap(element) {
  const calm = prefersCalm() ? { zoomAnimation: false, fadeAnimation: false, markerZoomAnimation: false, inertia: false } : {};
  const map = L.map(element, { worldCopyJump: true, zoomSnap: 0.25, minZoom: 0, maxZoom: 18, preferCanvas: true, scrollWheelZoom: false, ...calm });
  map.attributionControl.setPrefix("Leaflet");
  // The page scrolls: the wheel zooms once the map was pressed.
  map.on("focus", () => map.scrollWheelZoom.enable());
  map.on("blur", () => map.scrollWheelZoom.disable());
  const { shapes = "", cities = "" } = element.dataset;
  return { map, world: new World(map, { shapes, cities }) };
}
