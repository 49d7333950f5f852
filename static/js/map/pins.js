/**
 * The marks of look.md: truth a yellow flag, you a green round pin, the model a blue hexagon, the crowd's median a violet
 * diamond. Colour comes from css/map.css.
 */

const SHAPES = {
  you: {
    box: [30, 40],
    anchor: /** @type {[number, number]} */ ([15, 38.5]),
    svg: '<path d="M15 38.5 L9.2 25.2 A12.5 12.5 0 1 1 20.8 25.2 Z"/>',
    dot: '<circle class="pin-dot" cx="15" cy="14" r="4.6"/>',
    text: [15, 18.6],
  },
  ghost: {
    box: [26, 34],
    anchor: /** @type {[number, number]} */ ([13, 32.5]),
    svg: '<path d="M13 32.5 L8.3 21.9 A10.5 10.5 0 1 1 17.7 21.9 Z"/>',
    dot: '<circle class="pin-dot" cx="13" cy="12" r="3.6"/>',
    text: [13, 16.3],
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
  crowd: {
    box: [34, 34],
    anchor: /** @type {[number, number]} */ ([17, 17]),
    svg: '<path d="M17 2 L32 17 L17 32 L2 17 Z"/>',
    dot: '<circle class="pin-dot" cx="17" cy="17" r="4"/>',
    text: [17, 21.6],
  },
  thought: {
    box: [18, 20],
    anchor: /** @type {[number, number]} */ ([9, 10]),
    svg: '<path d="M9 1.5 L16.4 5.75 V14.25 L9 18.5 L1.6 14.25 V5.75 Z"/>',
    dot: "",
    text: [9, 13.4],
  },
};

/** @typedef {keyof typeof SHAPES} Kind */

/** Markup from constants only; what stands inside is set as text. @param {Kind} kind @param {boolean} hasMark */
export function shapeSvg(kind, hasMark = false) {
  const shape = SHAPES[kind];
  const [width, height] = shape.box;
  const inside = hasMark ? `<text class="pin-text" x="${shape.text[0]}" y="${shape.text[1]}" text-anchor="middle"></text>` : shape.dot;
  return `<svg class="pin pin-${kind}" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" aria-hidden="true" focusable="false">${shape.svg}${inside}</svg>`;
}

/** @param {HTMLElement} element @param {Kind} kind @param {string} mark one or two letters or digits */
function draw(element, kind, mark) {
  element.innerHTML = shapeSvg(kind, mark !== "");
  const text = element.querySelector("text");
  if (text) text.textContent = mark;
}

/** The letter that stands for a person. @param {string} name */
export function initialOf(name) {
  const [first] = new Intl.Segmenter().segment(name.trim());
  return first ? first.segment.toLocaleUpperCase() : "?";
}

/**
 * @param {Kind} kind
 * @param {{mark?: string, label?: string, tag?: string, small?: boolean, extra?: string}} [options] mark, label and tag are set as text,
 *   never as markup; extra: a class
 */
export function pinIcon(kind, { mark = "", label = "", tag = "", small = false, extra = "" } = {}) {
  const shape = SHAPES[kind];
  const element = document.createElement("div");
  draw(element, kind, mark);
  if (label) element.append(labelElement(kind, label, tag));
  return L.divIcon({
    className: ["pin-icon", small ? "pin-small" : "", extra].filter(Boolean).join(" "),
    html: element,
    iconSize: L.point(shape.box[0], shape.box[1]),
    iconAnchor: shape.anchor,
  });
}

/** @param {Kind} kind @param {string} label @param {string} tag */
function labelElement(kind, label, tag) {
  const element = document.createElement("span");
  element.className = `pin-label pin-label-${kind}`;
  element.textContent = label;
  if (tag) {
    const small = document.createElement("small");
    small.textContent = tag;
    element.append(" ", small);
  }
  return element;
}

/** A shape for cards and tables. @param {Kind} kind @param {string} [mark] */
export function shapeElement(kind, mark = "") {
  const span = document.createElement("span");
  span.className = "shape";
  draw(span, kind, mark);
  return span;
}
