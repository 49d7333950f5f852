/**
 * Puts paths on a canvas tile. Pure but for the canvas calls, so that a fake canvas can test it.
 *
 * @import { Path } from "./shapes.js"
 *
 * @typedef {object} Frame      A square piece of the world on a tile.
 * @property {number} x         left edge, in world fractions
 * @property {number} y         upper edge
 * @property {number} size      edge length in world fractions
 * @property {number} pixels    edge length in canvas pixels
 * @property {number} margin    world fractions around the tile that are still drawn
 *
 * @typedef {Pick<CanvasRenderingContext2D, "moveTo" | "lineTo" | "closePath">} Pen
 */

const SKIP_PIXELS = 0.6;

/** @param {{minX: number, minY: number, maxX: number, maxY: number}} box @param {Frame} frame */
export function touches(box, frame) {
  const { x, y, size, margin } = frame;
  return box.maxX >= x - margin && box.minX <= x + size + margin && box.maxY >= y - margin && box.minY <= y + size + margin;
}

/**
 * A filled ring. Runs of points beyond one and the same side of the tile are skipped: the fill inside the
 * tile stays the same, and coordinates stay few at high zoom.
 * @param {Pen} pen @param {Path} path @param {Frame} frame
 */
export function traceRing(pen, path, frame) {
  const { xy } = path;
  let lastCode = 0;
  let [px, py] = [NaN, NaN];
  let [heldX, heldY, held] = [0, 0, false];
  for (let i = 0; i < xy.length; i += 2) {
    const code = outcode(xy[i], xy[i + 1], frame);
    const [x, y] = toPixels(xy[i], xy[i + 1], frame);
    if (i > 0 && (code & lastCode) !== 0) {
      [heldX, heldY, held] = [x, y, true];
      lastCode &= code;
      continue;
    }
    if (held) {
      pen.lineTo(heldX, heldY);
      [px, py, held] = [heldX, heldY, false];
    }
    lastCode = code;
    if (i === 0) pen.moveTo(x, y);
    else if (Math.abs(x - px) < SKIP_PIXELS && Math.abs(y - py) < SKIP_PIXELS) continue;
    else pen.lineTo(x, y);
    [px, py] = [x, y];
  }
  if (held) pen.lineTo(heldX, heldY);
  pen.closePath();
}

/** A line, of which only the segments that may touch the tile are drawn. @param {Pen} pen @param {Path} path @param {Frame} frame */
export function traceLine(pen, path, frame) {
  const { xy } = path;
  let isDown = false;
  let [px, py] = [0, 0];
  let last = outcode(xy[0], xy[1], frame);
  for (let i = 2; i < xy.length; i += 2) {
    const code = outcode(xy[i], xy[i + 1], frame);
    const visible = (code & last) === 0;
    last = code;
    if (!visible) {
      isDown = false;
      continue;
    }
    if (!isDown) {
      [px, py] = toPixels(xy[i - 2], xy[i - 1], frame);
      pen.moveTo(px, py);
      isDown = true;
    }
    const [x, y] = toPixels(xy[i], xy[i + 1], frame);
    const isLast = i + 2 >= xy.length;
    if (!isLast && Math.abs(x - px) < SKIP_PIXELS && Math.abs(y - py) < SKIP_PIXELS) continue;
    pen.lineTo(x, y);
    [px, py] = [x, y];
  }
}

/** @param {number} x @param {number} y @param {Frame} frame @returns {[number, number]} */
function toPixels(x, y, frame) {
  return [((x - frame.x) / frame.size) * frame.pixels, ((y - frame.y) / frame.size) * frame.pixels];
}

/** Which sides of the tile the point lies beyond, as bits. @param {number} x @param {number} y @param {Frame} frame */
function outcode(x, y, { x: left, y: top, size, margin }) {
  let code = 0;
  if (x < left - margin) code |= 1;
  else if (x > left + size + margin) code |= 2;
  if (y < top - margin) code |= 4;
  else if (y > top + size + margin) code |= 8;
  return code;
}
