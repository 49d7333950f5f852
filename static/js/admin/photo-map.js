/** Where photos are: one circle a cluster, on one canvas, made anew at each zoom. */
import { onThemeChange } from "../core/theme.js";
import { colourOf } from "./charts.js";
import { clustered } from "./clusters.js";
import { makeMap } from "./desk-map.js";

export class PhotoMap {
  /** @type {number[]} */
  #lat = [];
  /** @type {number[]} */
  #lng = [];

  /** @param {HTMLElement} element */
  constructor(element) {
    const { map, world } = makeMap(element);
    this.map = map;
    this.world = world;
    this.renderer = L.canvas({ padding: 0.3 });
    this.group = L.layerGroup().addTo(map);
    map.on("zoomend", () => this.#draw());
    onThemeChange(() => this.#draw());
  }

  /** @param {number[]} lat @param {number[]} lng */
  show(lat, lng) {
    [this.#lat, this.#lng] = [lat, lng];
    // Some hundred of them span what all of them do.
    const step = Math.max(1, Math.floor(lat.length / 500));
    const some = lat.flatMap((value, index) => (index % step === 0 ? [{ lat: value, lng: lng[index] }] : []));
    this.world.fit(some, { padding: L.point(24, 24), maxZoom: 10 });
    this.#draw();
  }

  #draw() {
    this.group.clearLayers();
    const [fill, outline] = [colourOf("truth"), colourOf("pin-outline")];
    for (const { lat, lng, count } of clustered(this.#lat, this.#lng, this.map.getZoom())) {
      const radius = 3 + 3.2 * Math.log10(count);
      L.circleMarker([lat, lng], { renderer: this.renderer, interactive: false, radius, weight: 0.75, color: outline, fillColor: fill, fillOpacity: 0.85 }).addTo(this.group);
    }
  }
}
