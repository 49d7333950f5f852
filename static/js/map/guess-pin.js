/**
 * Setting the pin: by click or tap, by dragging, or with Enter at the crosshair.
 *
 * @import { Place } from "../types.js"
 */
import { words } from "../core/words.js";
import { pinIcon } from "./pins.js";

export class GuessPin {
  /** @type {L.Marker | null} */
  #marker = null;
  #enabled = false;

  /** @param {L.Map} map @param {(place: Place) => void} onPlace */
  constructor(map, onPlace) {
    this.map = map;
    this.onPlace = onPlace;
    map.on("click", (event) => this.#choose(event.latlng));
  }

  /** Keyboard play: the place under the crosshair. */
  chooseCentre() {
    this.#choose(this.map.getCenter());
  }

  /** @param {Place | null} place @param {boolean} enabled */
  show(place, enabled) {
    this.#enabled = enabled;
    this.map.getContainer().classList.toggle("can-pin", enabled);
    if (!place) {
      this.#marker?.remove();
      this.#marker = null;
      return;
    }
    if (!this.#marker) this.#marker = this.#addMarker(place);
    else if (!this.#marker.getLatLng().equals(place)) this.#marker.setLatLng(place);
    if (enabled) this.#marker.dragging?.enable();
    else this.#marker.dragging?.disable();
  }

  /** @param {Place} place */
  #addMarker(place) {
    // Not a tab stop: with the keyboard, the crosshair moves the pin.
    const marker = L.marker(place, { icon: pinIcon("you"), draggable: true, keyboard: false, alt: words.you, zIndexOffset: 1000 });
    marker.on("dragend", () => this.#choose(marker.getLatLng()));
    return marker.addTo(this.map);
  }

  /** @param {L.LatLng} place */
  #choose({ lat, lng }) {
    if (this.#enabled) this.onPlace({ lat, lng });
  }
}
