/** The marks of look.md: truth a yellow flag, you a green round pin, the model a blue hexagon. Colour comes from css/map.css. */

const SHAPES = {
  you: {
    box: [30, 40],
    anchor: /** @type {[number, number]} */ ([15, 38.5]),
    svg: '<path d="M15 38.5 L9.2 25.2 A12.5 12.5 0 1 1 20.8 25.2 Z"/>',
    dot: '<circle class="pin-dot" cx="15" cy="14" r="4.6"/>',
    text: [15, 18.6],
  },
  model: {
    box: [32, 34],
    anchor: /** @type {[number, number]} */ ([16, 17]),
    svg: '<path d="M16 2.5 L28.6 9.75 V24.25 L16 31.5 L3.4 24.25 V9.75 Z"/>',
    dot: '<circle class="pin-dot" cx="16" cy="17" r="4"/>',
    text: [16, 21.6],
  },
  truth: {
    box: [34, 42],
    anchor: /** @type {[number, number]} */ ([6, 40]),
    svg: '<path class="pin-pole" d="M6 40 V3"/><path d="M6 4 H31 L25.5 12.5 L31 21 H6 Z"/><circle class="pin-foot" cx="6" cy="39" r="2.6"/>',
    dot: "",
    text: [15.5, 17],
  },
  thought: {
    box: [18, 20],
    anchor: /** @type {[number, number]} */ ([9, 10]),
    svg: '<path d="M9 1.5 L16.4 5.75 V14.25 L9 18.5 L1.6 14.25 V5.75 Z"/>',
    dot: "",
    text: [9, 13.4],
  },
};

/**
 * @param {keyof typeof SHAPES} kind @param {string} mark a number drawn inside, or ""
 * @returns {string} markup from constants and digits only
 */
export function shapeSvg(kind, mark = "") {
  const shape = SHAPES[kind];
  const [width, height] = shape.box;
  const digits = mark.replace(/\D/g, "");
  const inside = digits ? `<text class="pin-text" x="${shape.text[0]}" y="${shape.text[1]}" text-anchor="middle">${digits}</text>` : shape.dot;
  return `<svg class="pin pin-${kind}" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" aria-hidden="true" focusable="false">${shape.svg}${inside}</svg>`;
}

/**
 * @param {keyof typeof SHAPES} kind
 * @param {{mark?: string, label?: string, tag?: string, small?: boolean}} [options] label and tag are set as text, never as markup
 */
export function pinIcon(kind, { mark = "", label = "", tag = "", small = false } = {}) {
  const shape = SHAPES[kind];
  const element = document.createElement("div");
  element.innerHTML = shapeSvg(kind, mark);
  if (label) {
    const text = document.createElement("span");
    text.className = `pin-label pin-label-${kind}`;
    text.textContent = label;
    if (tag) {
      const small_ = document.createElement("small");
      small_.textContent = tag;
      text.append(" ", small_);
    }
    element.append(text);
  }
  return L.divIcon({
    className: `pin-icon${small ? " pin-small" : ""}`,
    html: element,
    iconSize: L.point(shape.box[0], shape.box[1]),
    iconAnchor: shape.anchor,
  });
}

/** A shape for cards and tables. @param {keyof typeof SHAPES} kind */
export function shapeElement(kind) {
  const span = document.createElement("span");
  span.className = "shape";
  span.innerHTML = shapeSvg(kind);
  return span;
}
