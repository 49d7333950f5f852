/**
 * The frame around the map: small in the corner, large on hover or focus, folded away, pinned open;
 * on a phone a sheet. Only the person changes it, never a message from the server.
 */
import { byId, isPhone, show } from "../core/dom.js";

const GROW_MS = 90;
const SHRINK_MS = 450;
const STORED = "arena.map-pinned";

export class MapPanel {
  #timer = 0;

  /** @param {HTMLElement} mapElement */
  constructor(mapElement) {
    this.panel = byId("map-panel");
    this.map = mapElement;
    this.pinButton = byId("map-pin-button");
    this.foldButton = byId("map-fold-button");
    this.openButton = byId("map-open-button");
    this.isPinned = readPinned();
    this.isFolded = false;
    this.isLarge = false;
    this.isSheetOpen = false;
    this.#bind();
    this.#render();
  }

  /** M: to the map, and back to the picture. */
  toggle() {
    const isThere = this.map.contains(document.activeElement);
    if (isPhone()) this.#setSheet(!this.isSheetOpen);
    else if (isThere) this.leave();
    else this.enter();
  }

  enter() {
    this.isFolded = false;
    this.isSheetOpen = isPhone();
    this.isLarge = true;
    this.#render();
    this.map.focus({ preventScroll: true });
  }

  /** Escape: back to the picture; once more folds the map away. */
  leave() {
    const wasOpen = this.isLarge || this.isSheetOpen || this.map.contains(document.activeElement);
    if (this.panel.contains(document.activeElement)) /** @type {HTMLElement} */ (document.activeElement).blur();
    this.isSheetOpen = false;
    this.isLarge = this.isPinned;
    this.isFolded = !wasOpen && !this.isPinned;
    this.#render();
  }

  /** A new round starts with the picture. */
  reset() {
    this.isSheetOpen = false;
    this.isFolded = false;
    this.isLarge = this.isPinned;
    this.#render();
  }

  #bind() {
    this.panel.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && this.#later(true, GROW_MS));
    this.panel.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && this.#later(false, SHRINK_MS));
    // Not at pointerdown: the map must not grow between the finger's coming down and the click.
    this.panel.addEventListener("click", () => this.#later(true, 0));
    this.panel.addEventListener("focusin", () => document.body.dataset.hands === "keyboard" && this.#later(true, 0));
    this.panel.addEventListener("focusout", () => this.#later(false, SHRINK_MS));
    document.addEventListener("pointerdown", (event) => {
      if (!this.panel.contains(/** @type {Node} */ (event.target))) this.#later(false, 0);
    });
    this.pinButton.addEventListener("click", () => this.#setPinned(!this.isPinned));
    this.foldButton.addEventListener("click", () => (isPhone() ? this.#setSheet(false) : this.#fold()));
    this.openButton.addEventListener("click", () => this.enter());
  }

  /** @param {boolean} large @param {number} delay */
  #later(large, delay) {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => {
      const hasKeyboard = document.body.dataset.hands === "keyboard" && this.panel.contains(document.activeElement);
      const isHeld = this.isPinned || hasKeyboard || this.panel.matches(":hover");
      this.isLarge = large || isHeld;
      this.#render();
    }, delay);
  }

  /** @param {boolean} pinned */
  #setPinned(pinned) {
    this.isPinned = pinned;
    this.isLarge = true;
    try {
      localStorage.setItem(STORED, pinned ? "1" : "");
    } catch {
      // Without storage the choice lasts for this page.
    }
    this.#render();
  }

  #fold() {
    this.isFolded = true;
    this.isLarge = false;
    this.#render();
    this.openButton.focus({ preventScroll: true });
  }

  /** @param {boolean} open */
  #setSheet(open) {
    this.isSheetOpen = open;
    this.isFolded = false;
    this.#render();
    if (open) this.map.focus({ preventScroll: true });
    else this.openButton.focus({ preventScroll: true });
  }

  #render() {
    clearTimeout(this.#timer);
    const { dataset } = this.panel;
    dataset.size = this.isLarge ? "large" : "small";
    dataset.sheet = this.isSheetOpen ? "open" : "closed";
    dataset.folded = String(this.isFolded);
    document.body.dataset.map = this.isFolded ? "folded" : this.isSheetOpen ? "sheet" : "shown";
    this.pinButton.setAttribute("aria-pressed", String(this.isPinned));
    show(this.openButton, true);
  }
}

function readPinned() {
  try {
    return localStorage.getItem(STORED) === "1";
  } catch {
    return false;
  }
}
