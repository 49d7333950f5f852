/** Outlines of cells on a map, as many as two thousand, on one canvas. */
import { onThemeChange } from "../core/theme.js";
import { colourOf } from "./charts.js";
import { makeMap } from "./desk-map.js";

export class CellMap {
  /** @type {[number, number][][]} */
  #rings = [];
  #fitted = "";

  /** @param {HTMLElement} element */
  constructor(element) {
    const { map, world } = makeMap(element);
    this.map = map;
    this.world = world;
    this.renderer = L.canvas({ padding: 0.3 });
    this.group = L.layerGroup().addTo(map);
    onThemeChange(() => this.#draw());
  }

  /** @param {[number, number][][]} rings closed, of [lat, lng] */
  show(rings) {
    this.#rings = rings;
    this.#draw();
    this.#fit();
  }

  #draw() {
    this.group.clearLayers();
    const colour = colourOf("model-bar");
    const look = { renderer: this.renderer, interactive: false, color: colour, weight: 1, opacity: 0.9, fillColor: colour, fillOpacity: 0.16, noClip: true };
    for (const ring of this.#rings) L.polygon(ring, look).addTo(this.group);
  }

  /** The view stays where the visitor looks while values change within about the same frame. */
  #fit() {
    const places = this.#rings.flat().map(([lat, lng]) => ({ lat: Math.max(-80, Math.min(80, lat)), lng }));
    if (places.length === 0) return;
    const bounds = L.latLngBounds(places.map((place) => L.latLng(place)));
    const key = bounds.toBBoxString();
    if (key === this.#fitted) return;
    this.#fitted = key;
    this.world.fit(places, { padding: L.point(12, 12), maxZoom: 9 });
  }
}
