/**
 * Curves on uPlot, in the colours of the page. Lines are named where they end, not in a legend.
 */
import { h } from "../core/dom.js";
import { currentLanguage } from "../core/i18n.js";
import { onThemeChange } from "../core/theme.js";

/**
 * @typedef {object} Line
 * @property {string} label
 * @property {string} colour name of a token
 * @property {number} [width]
 * @property {number[]} [dash]
 * @property {boolean} [points]
 * @property {boolean} [named] at its end
 * @property {boolean} [spans] over values that are missing
 */

const HEIGHT = 260;
const MOST_DOTS = 40;
const FONT = '12px "Inter Variable", system-ui, sans-serif';

/** A token as one colour of the theme that shows now. @param {string} name */
export function colourOf(name) {
  const probe = document.body.appendChild(h("span", { hidden: true }));
  probe.style.color = `var(--${name})`;
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

export class Chart {
  /** @type {uPlot.AlignedData} */
  #data = [[]];
  #wanted = 0;
  /** @type {uPlot | null} */
  #plot = null;

  /**
   * @param {HTMLElement} frame
   * @param {{lines: Line[], format: (value: number) => string, x: string, range?: [number, number]}} look
   */
  constructor(frame, look) {
    this.frame = frame;
    this.look = look;
    new ResizeObserver(() => this.#fit()).observe(frame);
    onThemeChange(() => this.#make());
  }

  /** Drawn once a frame, however often it is told. @param {uPlot.AlignedData} data */
  show(data) {
    this.#data = data;
    this.#wanted ||= requestAnimationFrame(() => {
      this.#wanted = 0;
      if (this.#plot) this.#plot.setData(this.#data);
      else this.#make();
    });
  }

  #fit() {
    const { clientWidth } = this.frame;
    if (this.#plot && clientWidth > 0 && clientWidth !== this.#plot.width) this.#plot.setSize({ width: clientWidth, height: HEIGHT });
  }

  #make() {
    this.#plot?.destroy();
    this.#plot = new uPlot(this.#options(), this.#data, this.frame);
  }

  /** @returns {uPlot.Options} */
  #options() {
    const { lines, format, range } = this.look;
    const [soft, grid] = [colourOf("ink-soft"), colourOf("line")];
    const axis = { stroke: soft, font: FONT, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1, size: 4 } };
    const whole = new Intl.NumberFormat(currentLanguage(), { notation: "compact" });
    return {
      width: Math.max(200, this.frame.clientWidth),
      height: HEIGHT,
      padding: [8, roomFor(lines), 0, 0],
      legend: { show: false },
      cursor: { points: { size: 6 }, drag: { x: true, y: false } },
      scales: { x: { time: false }, y: range ? { range } : { range: (_, low, high) => bounds(low, high) } },
      axes: [
        { ...axis, values: (_, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? whole.format(tick) : "")), size: 30 },
        { ...axis, values: (_, ticks) => ticks.map(format), size: 52 },
      ],
      series: [{}, ...lines.map((line) => series(line))],
      hooks: { draw: [(plot) => this.#nameLines(plot)], setCursor: [(plot) => this.#tell(plot)] },
    };
  }

  /** Names at the ends of the lines, moved apart where they would lie on each other. @param {uPlot} plot */
  #nameLines(plot) {
    const { ctx, data, bbox } = plot;
    const ratio = devicePixelRatio || 1;
    const names = this.look.lines.flatMap((line, index) => {
      const values = data[index + 1] ?? [];
      const last = values.findLastIndex((value) => value !== null && value !== undefined);
      if (!line.named || last < 0) return [];
      return [{ line, y: plot.valToPos(/** @type {number} */ (values[last]), "y", true) }];
    });
    names.sort((a, b) => a.y - b.y);
    spread(names, 14 * ratio, bbox.top + bbox.height);
    ctx.save();
    ctx.font = FONT.replace("12px", `${12 * ratio}px`);
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    for (const { line, y } of names) {
      ctx.fillStyle = colourOf(line.colour.replace("-bar", "-text"));
      ctx.fillText(line.label, bbox.left + bbox.width + 8 * ratio, y);
    }
    ctx.restore();
  }

  /** What lies under the pointer, as a sentence. @param {uPlot} plot */
  #tell(plot) {
    const { idx } = plot.cursor;
    if (idx === null || idx === undefined) {
      this.frame.removeAttribute("title");
      return;
    }
    const values = this.look.lines.flatMap(({ label }, index) => {
      const value = plot.data[index + 1]?.[idx];
      return value === null || value === undefined ? [] : [`${label} ${this.look.format(value)}`];
    });
    this.frame.title = [`${this.look.x} ${plot.data[0][idx]}`, ...values].join(" · ");
  }
}

/** @param {ArrayLike<number | null | undefined>} values */
function countOf(values) {
  return Array.from(values).filter((value) => value !== null && value !== undefined).length;
}

/** Beside the plot, for the longest name of a line. @param {Line[]} lines */
function roomFor(lines) {
  const names = lines.filter(({ named }) => named).map(({ label }) => label);
  const brush = document.createElement("canvas").getContext("2d");
  if (!brush || names.length === 0) return 12;
  brush.font = FONT;
  return Math.ceil(Math.max(...names.map((name) => brush.measureText(name).width))) + 14;
}

/** @param {Line} line @returns {uPlot.Series} */
function series({ label, colour, width = 2, dash = [], points = false, spans = true }) {
  const stroke = colourOf(colour);
  return { label, stroke, width, dash, spanGaps: spans, points: { show: (plot, index, from, to) => points && countOf(plot.data[index].slice(from, to + 1)) <= MOST_DOTS, size: 7, fill: stroke, width: 0 } };
}

/** Names keep so far apart, above `lowest`, and move no more than that needs. @param {{y: number}[]} names from the top @param {number} apart @param {number} lowest */
export function spread(names, apart, lowest) {
  for (let i = 1; i < names.length; i++) names[i].y = Math.max(names[i].y, names[i - 1].y + apart);
  for (let i = names.length - 1; i >= 0; i--) names[i].y = Math.min(names[i].y, i + 1 < names.length ? names[i + 1].y - apart : lowest);
}

/** @param {number | null} low @param {number | null} high @returns {[number, number]} */
function bounds(low, high) {
  if (low === null || high === null) return [0, 1];
  const room = Math.max(1e-6, high - low) * 0.06;
  return [Math.max(0, low - room), high + room];
}
