/** Tabs after the ARIA pattern: arrows move, one tab stop. The panels stand in the template. */

export class Tabs {
  /** @param {HTMLElement} list element with role=tablist @param {(name: string) => void} onChange */
  constructor(list, onChange) {
    this.list = list;
    this.onChange = onChange;
    list.addEventListener("click", (event) => {
      const tab = /** @type {HTMLElement} */ (event.target).closest('[role="tab"]');
      if (tab instanceof HTMLElement) this.select(tab, false);
    });
    list.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Only these can be chosen now. @returns {HTMLElement[]} */
  get tabs() {
    return [.../** @type {NodeListOf<HTMLElement>} */ (this.list.querySelectorAll('[role="tab"]'))].filter((tab) => !tab.hidden);
  }

  selectFirst() {
    if (this.tabs[0]) this.select(this.tabs[0], false);
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
    const tabs = this.tabs;
    const at = tabs.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    this.select(tabs[(at + step + tabs.length) % tabs.length], true);
  }
}
