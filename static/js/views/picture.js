/**
 * The picture of the round: Pannellum for a free look around, a plain image (whole, never cropped) for everything
 * else, so that in the fair view people see the pixels that the model sees.
 *
 * @import { Pictured, State } from "../types.js"
 * @import { Pictures } from "../net/pictures.js"
 */
import { isPhone, prefersCalm } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { turn } from "../core/keys.js";

const TURN_DEGREES_PER_S = 70;
const HFOV = { wide: 95, tall: 60, least: 35, most: 115 };
const SLOW_MS = 4000;
const PATIENCE_MS = 60_000;

export class Picture {
  #url = "";
  /** @type {PannellumViewer | null} */
  #viewer = null;
  /** @type {Set<string>} */
  #held = new Set();
  #frame = 0;
  #loading = new AbortController();

  /** @param {HTMLElement} stage @param {Pictures} pictures @param {(state: State["picture"], progress?: number | null) => void} onState */
  constructor(stage, pictures, onState) {
    this.stage = stage;
    this.pictures = pictures;
    this.onState = onState;
    this.start = { yaw: 0, hfov: HFOV.wide };
    document.addEventListener("keyup", (event) => this.#held.delete(event.key));
    window.addEventListener("blur", () => this.#held.clear());
  }

  /** @param {Pictured} round */
  show(round) {
    const url = round.picture?.url ?? "";
    if (url === this.#url) return;
    this.clear();
    this.#url = url;
    if (url) this.#load(round);
  }

  /** Once more, after a failure. @param {Pictured} round */
  retry(round) {
    this.#url = "";
    this.show(round);
  }

  clear() {
    this.#loading.abort();
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

  /** @param {Pictured} round */
  async #load(round) {
    const url = this.#url;
    const loading = (this.#loading = new AbortController());
    const { signal } = loading;
    let isSlow = false;
    let share = /** @type {number | null} */ (null);
    const tell = () => signal.aborted || this.onState(isSlow ? "slow" : "loading", share);
    const slow = setTimeout(() => ((isSlow = true), tell()), SLOW_MS);
    const patience = setTimeout(() => loading.abort(), PATIENCE_MS);
    tell();
    try {
      const copy = await this.pictures.load(round, (now) => ((share = now), tell()), signal);
      const isPanorama = canLookAround(round);
      const image = isPanorama ? await pixelsOf(copy) : await decoded(copy);
      if (loading !== this.#loading || signal.aborted) return;
      if (image instanceof HTMLImageElement) this.#putFlat(image);
      else this.#putPanorama(image, copy, round.initial_heading);
    } catch {
      this.pictures.drop(url);
      // An answer for a picture that is no longer on show is old news.
      if (loading === this.#loading && this.#url) this.onState("failed");
    } finally {
      clearTimeout(slow);
      clearTimeout(patience);
    }
  }

  /** @param {HTMLImageElement} image */
  #putFlat(image) {
    image.className = "picture-flat";
    image.alt = t("The picture of this round");
    image.draggable = false;
    this.stage.replaceChildren(image);
    this.onState("ready");
  }

  /** @param {ImageBitmap} image @param {string} copy its address @param {number} heading */
  #putPanorama(image, copy, heading) {
    const box = document.createElement("div");
    box.className = "picture-panorama";
    this.stage.append(box);
    const isTall = isPhone() || this.stage.clientHeight > this.stage.clientWidth;
    this.start = { yaw: ((heading + 540) % 360) - 180, hfov: isTall ? HFOV.tall : HFOV.wide };
    const viewer = pannellum.viewer(box, {
      type: "equirectangular",
      panorama: image,
      dynamic: true, // the image is here already
      autoLoad: true,
      showControls: false,
      disableKeyboardCtrl: true, // ours works wherever the focus is
      compass: false,
      yaw: this.start.yaw,
      hfov: this.start.hfov,
      minHfov: HFOV.least,
      maxHfov: HFOV.most,
      friction: prefersCalm() ? 1 : 0.15,
    });
    this.#viewer = viewer;
    viewer.getConfig().dynamic = false; // or each frame would send the whole picture to the graphics card again
    viewer.on("load", () => this.#viewer === viewer && this.onState("ready"));
    viewer.on("error", () => this.#viewer === viewer && this.#fallBack(copy));
    viewer.setUpdate(false); // starts the drawing, once
    box.setAttribute("role", "img");
    box.setAttribute("aria-label", t("The panorama of this round. Turn with the arrow keys."));
    box.tabIndex = -1;
  }

  /** Without WebGL the whole panorama is shown flat: nothing of it is lost. @param {string} copy */
  async #fallBack(copy) {
    this.#viewer?.destroy();
    this.#viewer = null;
    const loading = this.#loading;
    const image = await decoded(copy);
    if (loading === this.#loading && !loading.signal.aborted) this.#putFlat(image);
  }
}

/** @param {string} url @returns {Promise<HTMLImageElement>} */
async function decoded(url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}

/** Decoded beside the page's own work, where an image element is decoded when it is drawn. @param {string} url */
async function pixelsOf(url) {
  return createImageBitmap(await (await fetch(url)).blob());
}

/** @param {Pick<Pictured, "projection" | "condition">} round */
export function canLookAround({ projection, condition }) {
  return projection === "equirectangular" && condition === "free";
}
