/**
 * Which names stand on the map at a zoom, and where: greedy placement, most important first.
 * Pure: sizes of texts come from a function that is handed in.
 *
 * @import { CountryLabel } from "./shapes.js"
 *
 * @typedef {object} City
 * @property {string} name
 * @property {number} lat
 * @property {number} lng
 * @property {number} x           world fractions, as in shapes.js
 * @property {number} y
 * @property {number} population  thousands
 * @property {string} country     name of the country
 * @property {boolean} isCapital
 *
 * @typedef {object} View         What the map shows, in world fractions; x may run beyond 0..1.
 * @property {number} zoom
 * @property {number} minX
 * @property {number} maxX
 * @property {number} minY
 * @property {number} maxY
 *
 * @typedef {object} Placed
 * @property {string} text
 * @property {"country" | "capital" | "city"} kind
 * @property {1 | 2 | 3} rank     3 is set largest
 * @property {"centre" | "right" | "left"} side   where the text stands, seen from its point
 * @property {number} x
 * @property {number} y
 *
 * @typedef {(text: string, kind: Placed["kind"], rank: Placed["rank"]) => {width: number, height: number}} Measure
 */

const TILE = 256;
const MAX_LABELS = 90;
const GAP_PX = 5;
const DOT_PX = 7;

/** From this zoom on a town may be named. @param {City} city */
export function cityMinZoom({ population, isCapital }) {
  const steps = [
    [9000, 3],
    [4000, 4],
    [2000, 4.75],
    [1000, 5.25],
    [500, 6],
    [200, 7],
    [80, 8],
  ];
  const zoom = steps.find(([least]) => population >= least)?.[1] ?? 9;
  return isCapital ? Math.max(3, Math.min(zoom - 1, 5.5)) : zoom;
}

/**
 * A country's name must fit about into its shape, and goes once the shape is far larger than the view.
 * @param {CountryLabel} label @param {number} zoom @param {number} width of the text
 */
function countryFits(label, zoom, width) {
  const px = label.size * TILE * 2 ** zoom;
  return px > Math.min(width * 0.62, 60 - 7 * (zoom - 3)) && px < 2600;
}

/** @param {CountryLabel} label @param {number} zoom @returns {1 | 2 | 3} */
function countryRank(label, zoom) {
  const px = label.size * TILE * 2 ** zoom;
  return px > 260 ? 3 : px > 110 ? 2 : 1;
}

/**
 * @param {CountryLabel[]} countries largest first
 * @param {City[]} cities most populous first
 * @param {View} view @param {Measure} measure @returns {Placed[]}
 */
export function placeLabels(countries, cities, view, measure) {
  const board = new Board(view);
  for (const label of countries) {
    const rank = countryRank(label, view.zoom);
    const size = measure(label.name, "country", rank);
    if (!countryFits(label, view.zoom, size.width)) continue;
    for (const x of copies(label, view)) board.tryPut({ text: label.name, kind: "country", rank, side: "centre", x, y: label.y }, size);
  }
  for (const city of cities) {
    if (board.placed.length >= MAX_LABELS) break;
    if (cityMinZoom(city) > view.zoom) continue;
    for (const x of copies(city, view)) putCity(board, city, x, measure);
  }
  return board.placed;
}

/** @param {Board} board @param {City} city @param {number} x @param {Measure} measure */
function putCity(board, city, x, measure) {
  const kind = city.isCapital ? "capital" : "city";
  const rank = city.population >= 2000 ? 2 : 1;
  const size = measure(city.name, kind, rank);
  for (const side of /** @type {const} */ (["right", "left"])) {
    if (board.tryPut({ text: city.name, kind, rank, side, x, y: city.y }, size)) return;
  }
}

/** Every x at which a point shows, the world repeating sideways. @param {{x: number, y: number}} point @param {View} view */
function* copies({ x, y }, view) {
  if (y < view.minY || y > view.maxY) return;
  for (let k = Math.ceil(view.minX - x); x + k <= view.maxX; k++) yield x + k;
}

class Board {
  /** @param {View} view */
  constructor(view) {
    this.scale = TILE * 2 ** view.zoom;
    /** @type {Placed[]} */
    this.placed = [];
    /** @type {[number, number, number, number][]} */
    this.boxes = [];
  }

  /** @param {Placed} label @param {{width: number, height: number}} size @returns {boolean} */
  tryPut(label, { width, height }) {
    const x = label.x * this.scale;
    const y = label.y * this.scale;
    const left = label.side === "centre" ? x - width / 2 : label.side === "right" ? x - DOT_PX / 2 : x - width - DOT_PX;
    const right = label.side === "centre" ? x + width / 2 : label.side === "right" ? x + width + DOT_PX : x + DOT_PX / 2;
    /** @type {[number, number, number, number]} */
    const box = [left - GAP_PX, y - height / 2 - GAP_PX / 2, right + GAP_PX, y + height / 2 + GAP_PX / 2];
    if (this.boxes.some((other) => overlap(box, other))) return false;
    this.boxes.push(box);
    this.placed.push(label);
    return true;
  }
}

/** @param {number[]} a @param {number[]} b */
function overlap(a, b) {
  return a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
}
