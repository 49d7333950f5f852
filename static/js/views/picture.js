/**
 * The picture of the round: Pannellum for a free look around, a plain image (whole, never cropped)
 * for everything else, so that in the fair view people see the pixels that the model sees.
 *
 * @import { Round } from "../types.js"
 */
import { isPhone, prefersCalm } from "../core/dom.js";
import { turn } from "../core/keys.js";

const TURN_DEGREES_PER_S = 70;
const HFOV = { wide: 95, tall: 60, least: 35, most: 115 };

export class Picture {
  #url = "";
  /** @type {PannellumViewer | null} */
  #viewer = null;
  /** @type {Set<string>} */
  #held = new Set();
  #frame = 0;

  /** @param {HTMLElement} stage @param {(state: "loading" | "ready" | "failed") => void} onState */
  constructor(stage, onState) {
    this.stage = stage;
    this.onState = onState;
    this.start = { yaw: 0, hfov: HFOV.wide };
    document.addEventListener("keyup", (event) => this.#held.delete(event.key));
    window.addEventListener("blur", () => this.#held.clear());
  }

  /** @param {Round} round */
  show(round) {
    const url = round.picture?.url ?? "";
    if (url === this.#url) return;
    this.clear();
    this.#url = url;
    if (!url) return;
    this.onState("loading");
    if (canLookAround(round)) this.#showPanorama(url, round.initial_heading);
    else this.#showFlat(url);
  }

  /** Once more, after a failure. @param {Round} round */
  retry(round) {
    this.#url = "";
    this.show(round);
  }

  clear() {
    this.#held.clear();
    this.#viewer?.destroy();
    this.#viewer = null;
    this.#url = "";
    this.stage.replaceChildren();
  }

  resetView() {
    this.#viewer?.setPitch(0, false).setYaw(this.start.yaw, false).setHfov(this.start.hfov, false);
  }

  /** A key that turns the view went down; it turns until it comes up. @param {string} key */
  hold(key) {
    if (!this.#viewer) return;
    this.#held.add(key);
    if (!this.#frame) this.#frame = requestAnimationFrame((now) => this.#turn(now, now));
  }

  /** @param {number} before @param {number} now in milliseconds */
  #turn(before, now) {
    this.#frame = 0;
    if (!this.#viewer || this.#held.size === 0) return;
    // The first frame counts as a sixtieth of a second, so that a short press turns a little.
    const degrees = (TURN_DEGREES_PER_S * Math.min(100, now - before || 16)) / 1000;
    for (const key of this.#held) {
      const [yaw, pitch, hfov] = turn(key);
      if (yaw) this.#viewer.setYaw(this.#viewer.getYaw() + yaw * degrees, false);
      if (pitch) this.#viewer.setPitch(this.#viewer.getPitch() + pitch * degrees, false);
      if (hfov) this.#viewer.setHfov(this.#viewer.getHfov() + hfov * degrees, false);
    }
    this.#frame = requestAnimationFrame((next) => this.#turn(now, next));
  }

  /** @param {string} url */
  #showFlat(url) {
    const image = new Image();
    image.className = "picture-flat";
    image.alt = "The picture of this round";
    image.draggable = false;
    image.addEventListener("load", () => this.#settle(url, "ready"));
    image.addEventListener("error", () => this.#settle(url, "failed"));
    image.src = url;
    this.stage.append(image);
  }

  /** @param {string} url @param {number} heading */
  #showPanorama(url, heading) {
    const box = document.createElement("div");
    box.className = "picture-panorama";
    this.stage.append(box);
    const isTall = isPhone() || this.stage.clientHeight > this.stage.clientWidth;
    this.start = { yaw: ((heading + 540) % 360) - 180, hfov: isTall ? HFOV.tall : HFOV.wide };
    this.#viewer = pannellum
      .viewer(box, {
        type: "equirectangular",
        panorama: url,
        autoLoad: true,
        showControls: false,
        disableKeyboardCtrl: true, // ours works wherever the focus is
        ignoreGPanoXMP: true,
        compass: false,
        yaw: this.start.yaw,
        hfov: this.start.hfov,
        minHfov: HFOV.least,
        maxHfov: HFOV.most,
        friction: prefersCalm() ? 1 : 0.15,
      })
      .on("load", () => this.#settle(url, "ready"))
      .on("error", () => this.#settle(url, "failed"));
    box.setAttribute("role", "img");
    box.setAttribute("aria-label", "The panorama of this round. Turn with the arrow keys.");
    box.tabIndex = -1;
  }

  /** An answer for a picture that is no longer on show is old news. @param {string} url @param {"ready" | "failed"} state */
  #settle(url, state) {
    if (url === this.#url) this.onState(state);
  }
}

/** @param {Round} round */
export function canLookAround({ projection, condition }) {
  return projection === "equirectangular" && condition === "free";
}
