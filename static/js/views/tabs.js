/** Tabs after the ARIA pattern: arrows move, one tab stop; fingers swipe. The panels stand in the template. */

const SWIPE_PX = 60;

export class Tabs {
  #last = "";

  /** @param {HTMLElement} list element with role=tablist @param {(name: string) => void} onChange */
  constructor(list, onChange) {
    this.list = list;
    this.onChange = onChange;
    list.addEventListener("click", (event) => {
      const tab = /** @type {HTMLElement} */ (event.target).closest('[role="tab"]');
      if (tab instanceof HTMLElement) this.#choose(tab, false);
    });
    list.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Only these can be chosen now. @returns {HTMLElement[]} */
  get tabs() {
    return [.../** @type {NodeListOf<HTMLElement>} */ (this.list.querySelectorAll('[role="tab"]'))].filter((tab) => !tab.hidden);
  }

  /** The one that the reader chose last, or the first. */
  restore() {
    const tab = this.tabs.find(({ dataset }) => dataset.tab === this.#last) ?? this.tabs[0];
    if (tab) this.select(tab, false);
  }

  /** Let fingers swipe on an element. @param {HTMLElement} area */
  swipeOn(area) {
    let [x, y] = [0, 0];
    area.addEventListener("touchstart", ({ touches: [touch] }) => ([x, y] = [touch.clientX, touch.clientY]), { passive: true });
    area.addEventListener("touchend", ({ changedTouches: [touch], target }) => {
      const [dx, dy] = [touch.clientX - x, touch.clientY - y];
      const isOnSlider = target instanceof Element && target.closest("input, .code");
      if (!isOnSlider && Math.abs(dx) > SWIPE_PX && Math.abs(dx) > 2 * Math.abs(dy)) this.#step(dx < 0 ? 1 : -1, false);
    });
  }

  /** @param {HTMLElement} tab @param {boolean} focus */
  #choose(tab, focus) {
    this.#last = tab.dataset.tab ?? "";
    this.select(tab, focus);
  }

  /** @param {number} step @param {boolean} wrap */
  #step(step, wrap) {
    const { tabs } = this;
    const at = tabs.findIndex((tab) => tab.getAttribute("aria-selected") === "true") + step;
    const tab = tabs[wrap ? (at + tabs.length) % tabs.length : at];
    if (tab) this.#choose(tab, wrap);
  }

  /** @param {HTMLElement} chosen @param {boolean} focus */
  select(chosen, focus) {
    for (const tab of this.list.querySelectorAll('[role="tab"]')) {
      const isChosen = tab === chosen;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.setAttribute("tabindex", isChosen ? "0" : "-1");
      const panel = document.getElementById(tab.getAttribute("aria-controls") ?? "");
      if (panel) panel.hidden = !isChosen;
    }
    if (focus) chosen.focus();
    this.onChange(chosen.dataset.tab ?? "");
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const steps = { ArrowRight: 1, ArrowLeft: -1 };
    const step = steps[/** @type {keyof typeof steps} */ (event.key)];
    if (!step) return;
    event.preventDefault();
    this.#step(step, true);
  }
}
