/**
 * The map that needs no network: countries drawn on canvas tiles, names as text above them.
 *
 * @import { CountryName } from "./countries.js"
 * @import { City, Placed, View } from "./labels.js"
 * @import { Shapes } from "./shapes.js"
 * @import { Frame } from "./trace.js"
 */
import { mercatorX, mercatorY } from "../core/geo.js";
import { h } from "../core/dom.js";
import { readCities, readCountries } from "./gazetteer.js";
import { placeLabels } from "./labels.js";
import { toShapes } from "./shapes.js";
import { touches, traceLine, traceRing } from "./trace.js";

const TILE = 256;
const BLEED = 1; // tiles overlap by a pixel (css/map.css), or seams show at zooms between whole numbers
export const ATTRIBUTION =
  '<a href="https://www.naturalearthdata.com/" rel="noopener" target="_blank">Natural Earth</a> · ' +
  '<a href="https://www.geonames.org/" rel="noopener" target="_blank">GeoNames</a>';

/** @param {string} url @param {Promise<void>} [turn] to work: the file is fetched before @returns {Promise<Shapes>} */
export async function loadShapes(url, turn) {
  const [file] = await Promise.all([fetch(url), turn]);
  const topology = await file.json();
  const countries = topology.objects.countries;
  return toShapes(
    topojson.feature(topology, countries).features,
    topojson.mesh(topology, countries, (a, b) => a !== b).coordinates,
    topojson.mesh(topology, countries, (a, b) => a === b).coordinates,
  );
}

/** Names are a comfort: without them the map still works. @param {string} url @returns {Promise<{cities: City[], countries: CountryName[]}>} */
export async function loadNames(url) {
  try {
    const file = await (await fetch(url)).json();
    return { cities: readCities(file), countries: readCountries(file) };
  } catch {
    return { cities: [], countries: [] };
  }
}

/** The tokens as plain colours: a canvas knows neither variables nor light-dark(). @param {HTMLElement} element */
function readColours(element) {
  const probe = element.appendChild(h("span", { hidden: true }));
  const colour = (/** @type {string} */ name) => {
    probe.style.color = `var(--map-${name})`;
    return getComputedStyle(probe).color;
  };
  const colours = { land: colour("land"), coast: colour("coast"), border: colour("border"), grid: colour("grid") };
  probe.remove();
  return colours;
}

export class LandLayer extends L.GridLayer {
  /** @param {Shapes} shapes */
  constructor(shapes) {
    super({ tileSize: TILE, attribution: ATTRIBUTION, updateWhenZooming: false, keepBuffer: 3, className: "land-layer" });
    this.shapes = shapes;
    this.colours = { land: "", coast: "", border: "", grid: "" };
  }

  /** @param {L.Map} map */
  onAdd(map) {
    this.colours = readColours(map.getContainer());
    return super.onAdd(map);
  }

  /** After a change of theme. */
  recolour() {
    if (!this._map) return;
    this.colours = readColours(this._map.getContainer());
    this.redraw();
  }

  /** @param {L.Coords} coords */
  createTile(coords) {
    const canvas = document.createElement("canvas");
    canvas.className = "land-tile";
    const ratio = Math.min(2, (window.devicePixelRatio || 1) * 1.25); // tiles are stretched between whole zooms
    canvas.width = canvas.height = Math.round((TILE + BLEED) * ratio);
    const pen = canvas.getContext("2d");
    if (pen) this.#draw(pen, coords, canvas.width, ratio);
    return canvas;
  }

  /** @param {CanvasRenderingContext2D} pen @param {L.Coords} coords @param {number} pixels @param {number} ratio */
  #draw(pen, coords, pixels, ratio) {
    const world = 2 ** coords.z;
    const size = (TILE + BLEED) / TILE / world;
    // The neighbouring worlds too: the bleed of the last column shows the first.
    const frames = [-1, 0, 1].map((shift) => ({ x: coords.x / world - shift, y: coords.y / world, size, pixels, margin: 4 / TILE / world }));
    pen.lineJoin = "round";
    if (coords.z <= 5) this.#drawGrid(pen, frames[1], coords.z, ratio);
    pen.beginPath();
    for (const frame of frames) for (const ring of this.shapes.rings) if (touches(ring, frame)) traceRing(pen, ring, frame);
    pen.fillStyle = this.colours.land;
    pen.fill("evenodd");
    this.#stroke(pen, frames, this.shapes.borders, this.colours.border, ratio * (coords.z < 4 ? 0.7 : 1));
    this.#stroke(pen, frames, this.shapes.coasts, this.colours.coast, ratio * (coords.z < 4 ? 0.6 : 0.9));
  }

  /** @param {CanvasRenderingContext2D} pen @param {Frame[]} frames @param {Shapes["coasts"]} paths @param {string} colour @param {number} width */
  #stroke(pen, frames, paths, colour, width) {
    pen.beginPath();
    for (const frame of frames) for (const path of paths) if (touches(path, frame)) traceLine(pen, path, frame);
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.stroke();
  }

  /** @param {CanvasRenderingContext2D} pen @param {Frame} frame @param {number} zoom @param {number} ratio */
  #drawGrid(pen, frame, zoom, ratio) {
    const step = zoom < 3 ? 30 : 10;
    const toPixel = (/** @type {number} */ value, /** @type {number} */ start) => ((value - start) / frame.size) * frame.pixels;
    pen.beginPath();
    for (let lng = -180; lng < 180; lng += step) {
      const x = toPixel(mercatorX(lng), frame.x);
      if (x < -1 || x > frame.pixels) continue;
      pen.moveTo(x, 0);
      pen.lineTo(x, frame.pixels);
    }
    for (let lat = -60; lat <= 80; lat += step) {
      const y = toPixel(mercatorY(lat), frame.y);
      if (y < -1 || y > frame.pixels) continue;
      pen.moveTo(0, y);
      pen.lineTo(frame.pixels, y);
    }
    pen.strokeStyle = this.colours.grid;
    pen.lineWidth = ratio * 0.6;
    pen.stroke();
  }
}

const FONTS = { country: [11, 12.5, 15], capital: [12, 13, 13], city: [11.5, 12.5, 12.5] };
const LETTER_SPACING = { country: 0.09, capital: 0, city: 0 };

export class LabelLayer extends L.Layer {
  /** @param {Shapes} shapes @param {City[]} cities */
  constructor(shapes, cities) {
    super({ pane: "labels" });
    this.countries = [...shapes.labels].sort((a, b) => b.size - a.size);
    this.cities = cities;
    this.box = h("div", { class: "labels leaflet-zoom-hide", "aria-hidden": "true" });
    this.pen = document.createElement("canvas").getContext("2d");
    /** @type {Map<string, {width: number, height: number}>} */
    this.sizes = new Map();
  }

  /** @param {L.Map} map */
  onAdd(map) {
    this.getPane()?.append(this.box);
    this.place();
    document.fonts?.ready.then(() => {
      this.sizes.clear();
      if (this._map === map) this.place();
    });
    return this;
  }

  onRemove() {
    this.box.remove();
    return this;
  }

  /** @returns {{[name: string]: L.LeafletEventHandlerFn}} */
  getEvents() {
    return { moveend: () => this.place(), viewreset: () => this.place(), resize: () => this.place() };
  }

  place() {
    const map = this._map;
    if (!map) return;
    const placed = placeLabels(this.countries, this.cities, viewOf(map), (...what) => this.#measure(...what));
    this.box.replaceChildren(...placed.map((label) => labelElement(label, map)));
  }

  /** @param {string} text @param {Placed["kind"]} kind @param {Placed["rank"]} rank */
  #measure(text, kind, rank) {
    const key = `${kind}${rank}${text}`;
    const known = this.sizes.get(key);
    if (known || !this.pen) return known ?? { width: 80, height: 14 };
    const px = FONTS[kind][rank - 1];
    this.pen.font = `500 ${px}px "Inter Variable", sans-serif`;
    const width = this.pen.measureText(text).width + text.length * px * LETTER_SPACING[kind];
    const size = { width, height: px * 1.2 };
    this.sizes.set(key, size);
    return size;
  }
}

/** @param {L.Map} map @returns {View} */
function viewOf(map) {
  const zoom = map.getZoom();
  const { min, max } = map.getPixelBounds();
  const world = TILE * 2 ** zoom;
  if (!min || !max) throw new Error("the map has no view");
  return { zoom, minX: min.x / world, maxX: max.x / world, minY: min.y / world, maxY: max.y / world };
}

/** @param {Placed} label @param {L.Map} map */
function labelElement(label, map) {
  const world = TILE * 2 ** map.getZoom();
  const element = h("span", { class: `label label-${label.kind} rank-${label.rank} side-${label.side}` }, h("span", {}, label.text));
  L.DomUtil.setPosition(element, L.point(label.x * world, label.y * world).subtract(map.getPixelOrigin()).round());
  return element;
}
