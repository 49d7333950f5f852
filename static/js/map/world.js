/**
 * The one Leaflet map of the page (made by django-leaflet), its base layer and its frame.
 *
 * @import { Place } from "../types.js"
 * @import { City } from "./labels.js"
 * @import { CountryShape } from "./shapes.js"
 */
import { prefersCalm } from "../core/dom.js";
import { onThemeChange } from "../core/theme.js";
import { LabelLayer, LandLayer, loadNames, loadShapes } from "./basemap.js";
import { CountryNames } from "./countries.js";

const WORLD = { lat: 24, lng: 8 };

export class World {
  /** @type {City[]} */
  cities = [];
  /** @type {CountryShape[]} */
  countries = [];
  names = new CountryNames([]);

  /** @param {L.Map} map @param {{shapes: string, cities: string}} sources @param {Promise<void>} [turn] to draw */
  constructor(map, sources, turn) {
    this.map = map;
    this.sources = sources;
    map.createPane("labels").classList.add("labels-pane");
    map.setMaxBounds([
      [-85.06, -36_000],
      [85.06, 36_000],
    ]);
    const frame = /** @type {HTMLElement} */ (map.getContainer().parentElement);
    new ResizeObserver(() => this.#fitFrame()).observe(frame);
    this.#fitFrame();
    this.showWorld();
    this.ready = this.#addBase(turn);
  }

  /** The whole world, as each round starts. */
  showWorld() {
    this.#fitFrame();
    this.map.setView(WORLD, Math.max(1, this.map.getMinZoom()), { animate: false });
  }

  /**
   * @param {Place[]} places longitudes already unwrapped
   * @param {L.FitBoundsOptions} options
   */
  fit(places, options) {
    if (places.length === 0) return;
    this.#fitFrame();
    const bounds = L.latLngBounds(places.map(({ lat, lng }) => L.latLng(lat, lng)));
    // Places all around the world may need a smaller world than the frame.
    const room = L.point(options.paddingTopLeft ?? [0, 0]).add(L.point(options.paddingBottomRight ?? [0, 0]));
    const least = this.map.getMinZoom();
    this.map.options.minZoom = 0;
    this.map.setMinZoom(Math.min(least, this.map.getBoundsZoom(bounds, false, room)));
    this.map.fitBounds(bounds, { animate: false, ...options });
  }

  /** The world is never shorter than the frame: nothing is drawn beyond the poles. */
  #fitFrame() {
    this.map.invalidateSize({ animate: false, pan: true, debounceMoveend: true });
    const height = this.map.getSize().y;
    if (height === 0) return;
    const least = Math.max(0, Math.ceil(Math.log2(height / 256) * 4) / 4);
    // Without animation: a zoom under way would end after, and undo, whatever view is set next.
    if (this.map.getZoom() < least) this.map.setView(this.map.getCenter(), least, { animate: false });
    if (least !== this.map.getMinZoom()) this.map.setMinZoom(least);
  }

  /** Borders for a game of countries, also where tiles from elsewhere draw the land. */
  async needCountries() {
    await this.ready;
    if (this.countries.length === 0) this.countries = (await loadShapes(this.sources.shapes)).countries;
  }

  /** @param {Promise<void>} [turn] */
  async #addBase(turn) {
    const [shapes, names] = await Promise.all([
      this.#hasTiles() ? null : loadShapes(this.sources.shapes, turn),
      loadNames(this.sources.cities),
    ]);
    this.cities = names.cities;
    this.names = new CountryNames(names.countries);
    if (!shapes) return;
    this.countries = shapes.countries;
    const land = new LandLayer(shapes).addTo(this.map);
    new LabelLayer(shapes, names.cities).addTo(this.map);
    onThemeChange(() => land.recolour());
  }

  /** A raster layer from the settings replaces the drawn land. */
  #hasTiles() {
    let found = false;
    this.map.eachLayer((layer) => {
      found ||= layer instanceof L.TileLayer;
    });
    return found;
  }
}

/** django-leaflet makes the map when it hears this event, and hands it over in another. @returns {L.Map} */
export function takeMap() {
  /** @type {L.Map | null} */
  let map = null;
  const take = (/** @type {Event} */ event) => {
    map = /** @type {CustomEvent<{map: L.Map}>} */ (event).detail.map;
  };
  L.Map.mergeOptions({
    worldCopyJump: true,
    maxBoundsViscosity: 1,
    zoomSnap: 0.25,
    wheelPxPerZoomLevel: 90,
    doubleClickZoom: false, // two quick clicks correct a pin
    ...(prefersCalm() ? { zoomAnimation: false, fadeAnimation: false, markerZoomAnimation: false, inertia: false } : {}),
  });
  window.addEventListener("map:init", take);
  window.dispatchEvent(new Event("arena:map"));
  window.removeEventListener("map:init", take);
  if (!map) throw new Error("django-leaflet made no map");
  return map;
}
