/**
 * The photos of the album as a row of buttons: where the player is, which have a pin, which are still to come.
 *
 * @import { Photo } from "./types.js"
 * @import { Photos } from "./photos.js"
 */
import { byId, h, icon } from "../core/dom.js";
import { stripLabel } from "./words.js";

export class Strip {
  #drawn = "";

  /** @param {Photos} photos @param {(number: number) => void} onChoose */
  constructor(photos, onChoose) {
    this.photos = photos;
    this.list = byId("strip-list");
    this.list.addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest("button") : null;
      if (button && !button.disabled) onChoose(Number(button.dataset.number));
    });
  }

  /** @param {Photo[]} photos @param {number} at */
  render(photos, at) {
    const key = JSON.stringify([at, photos.map(({ shown, gone, pin }) => [shown, gone, pin !== null])]);
    if (key === this.#drawn) return;
    const hadFocus = this.list.contains(document.activeElement);
    this.#drawn = key;
    this.list.replaceChildren(...photos.map((photo) => this.#item(photo, photos.length, photo.number === at)));
    const current = /** @type {HTMLElement | null} */ (this.list.querySelector("[aria-current]"));
    if (!current) return;
    // Along the strip only: scrollIntoView would move the page, too.
    this.list.scrollLeft = current.offsetLeft - (this.list.clientWidth - current.clientWidth) / 2;
    if (hadFocus) current.focus({ preventScroll: true });
  }

  /** @param {Photo} photo @param {number} total @param {boolean} isHere */
  #item(photo, total, isHere) {
    const button = h("button", {
      type: "button",
      class: "strip-photo",
      "data-number": String(photo.number),
      "data-pin": photo.pin ? "set" : "none",
      disabled: !photo.shown,
      "aria-label": stripLabel(photo, total),
      "aria-current": isHere ? "true" : null,
    });
    button.append(h("span", { class: "strip-number", "aria-hidden": "true" }, String(photo.number)));
    if (photo.pin) button.append(h("span", { class: "strip-pin", "aria-hidden": "true" }, icon("check")));
    if (photo.shown && !photo.gone) this.#addPicture(button, photo);
    return h("li", {}, button);
  }

  /** @param {HTMLElement} button @param {Photo} photo */
  #addPicture(button, photo) {
    const image = /** @type {HTMLImageElement} */ (h("img", { alt: "" }));
    button.prepend(image);
    this.photos.local(photo).then(
      (url) => (image.src = url),
      () => image.remove(),
    );
  }
}
