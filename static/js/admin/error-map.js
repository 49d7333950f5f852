/**
 * Held-out photos and where the model places them: a line from each photo to its answer, on one canvas.
 *
 * @import { Validation } from "./types.js"
 */
import { greatCircle } from "../core/geo.js";
import { onThemeChange } from "../core/theme.js";
import { colourOf } from "./charts.js";
import { makeMap } from "./desk-map.js";

export class ErrorMap {
  /** @type {Validation | null} */
  #shown = null;

  /** @param {HTMLElement} element */
  constructor(element) {
    const { map, world } = makeMap(element);
    this.map = map;
    this.world = world;
    this.renderer = L.canvas({ padding: 0.3 });
    this.group = L.layerGroup().addTo(map);
    onThemeChange(() => this.#draw());
  }

  /** @param {Validation} validation */
  show(validation) {
    const isFirst = this.#shown === null;
    this.#shown = validation;
    this.#draw();
    if (isFirst) this.world.fit(validation.lat.map((lat, index) => ({ lat, lng: validation.lng[index] })), { padding: L.point(24, 24), maxZoom: 8 });
  }

  #draw() {
    this.group.clearLayers();
    if (!this.#shown) return;
    const { lat, lng, answer_lat, answer_lng } = this.#shown;
    const [truth, model, outline] = [colourOf("truth"), colourOf("model-bar"), colourOf("pin-outline")];
    const line = { renderer: this.renderer, interactive: false, color: model, weight: 1.2, opacity: lat.length > 400 ? 0.28 : 0.5 };
    const dot = { renderer: this.renderer, interactive: false, weight: 0.75, color: outline, fillOpacity: 1 };
    for (let i = 0; i < lat.length; i++) {
      const points = greatCircle({ lat: lat[i], lng: lng[i] }, { lat: answer_lat[i], lng: answer_lng[i] });
      L.polyline(points.map((place) => L.latLng(place)), line).addTo(this.group);
      L.circleMarker(points[points.length - 1], { ...dot, radius: 3, fillColor: model }).addTo(this.group);
    }
    // Photos above all lines.
    for (let i = 0; i < lat.length; i++) L.circleMarker([lat[i], lng[i]], { ...dot, radius: 3.5, fillColor: truth }).addTo(this.group);
  }
}
