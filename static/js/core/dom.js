/** The few DOM helpers that the views share. */

/**
 * The element with this id; a missing one is a mistake in the template and said so at once.
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id @returns {T}
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The page lacks #${id}`);
  return /** @type {T} */ (element);
}

/**
 * @param {string} tag
 * @param {Record<string, string | boolean | null>} [attributes] false and null leave the attribute out
 * @param {...(Node | string | null)} children
 * @returns {HTMLElement}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null) continue;
    element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Change text only when it differs, so that a live region does not speak twice. @param {HTMLElement} element @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param {HTMLElement} element @param {boolean} visible */
export function show(element, visible) {
  element.hidden = !visible;
}

/** @param {string} name of an icon that css/icons.css knows */
export function icon(name) {
  return h("span", { class: `icon icon-${name}`, "aria-hidden": "true" });
}

/** @returns {boolean} */
export function isPhone() {
  return window.matchMedia("(max-width: 760px)").matches;
}

/** @returns {boolean} */
export function prefersCalm() {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** When the page itself came, on the monotonic clock: slow scripts must not lengthen a round. */
export function pageReceivedAt() {
  const [navigation] = performance.getEntriesByType("navigation");
  return (navigation instanceof PerformanceNavigationTiming && navigation.responseStart) || performance.now();
}
