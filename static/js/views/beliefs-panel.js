/**
 * What the model believed: its first places with their shares, and the whole distribution as a layer of the map.
 *
 * @import { ClosedRound, Layers, Place, Probability, TopCell } from "../types.js"
 */
import { byId, h, setText, show } from "../core/dom.js";
import { coordinates, percent } from "../core/format.js";
import { currentLanguage, t, tn } from "../core/i18n.js";
import { isDark, onThemeChange } from "../core/theme.js";
import { bar } from "./scores.js";

export class BeliefsPanel {
  /** @param {(place: Place) => string} describe "near Lyon, France" or "" @param {(visible: boolean) => void} onHeat */
  constructor(describe, onHeat) {
    this.describe = describe;
    /** @type {TopCell[]} */
    this.cells = [];
    this.heat = /** @type {HTMLInputElement} */ (byId("heat-switch"));
    this.heat.addEventListener("change", () => onHeat(this.heat.checked));
    /** @type {Probability | null} */
    this.probability = null;
    onThemeChange(() => this.#scale());
  }

  /** Whether the reader wants the layer on the map. */
  get wantsHeat() {
    return this.heat.checked;
  }

  /** @param {ClosedRound} result */
  fill({ model, drawn, void: isVoid }) {
    const cells = isVoid ? [] : (model?.top_cells ?? []);
    show(byId("tab-beliefs"), cells.length > 0);
    setText(byId("beliefs-title"), tn("PlaNet thought of {n} place", "PlaNet thought of {n} places", cells.length));
    this.cells = cells;
    this.list();
    show(byId("beliefs-drawn"), drawn);
    this.show({ state: model?.layers?.state ?? "none", probability: null, occlusion: null, view: null });
  }

  /** Once more when the names of towns have come. */
  list() {
    byId("beliefs-list").replaceChildren(...this.cells.map((cell, i) => beliefRow(cell, i, this.describe(cell))));
  }

  /** @param {Layers} layers */
  show({ state, probability }) {
    this.probability = probability;
    show(byId("heat-tools"), probability !== null);
    show(byId("heat-wait"), probability === null && state === "coming");
    show(byId("heat-late"), probability === null && state === "late");
    this.#scale();
  }

  /** What the colours on the map mean. */
  #scale() {
    show(byId("heat-scale"), this.probability !== null);
    if (!this.probability) return;
    const { least, most, colours } = this.probability.scale;
    byId("heat-colours").replaceChildren(...(isDark() ? colours.dark : colours.light).map(swatch));
    setText(byId("heat-least"), share(least));
    setText(byId("heat-most"), share(most));
  }
}

/** @param {string} colour */
function swatch(colour) {
  const found = h("span", {});
  found.style.backgroundColor = colour;
  return found;
}

/** 0.000196 -> "0.0002 %" @param {number} percentage */
function share(percentage) {
  return `${new Intl.NumberFormat(currentLanguage(), { maximumSignificantDigits: 1 }).format(percentage)}\u202f%`;
}

/** @param {TopCell} cell @param {number} i @param {string} near */
function beliefRow(cell, i, near) {
  return h(
    "li",
    { class: "belief" },
    h("span", { class: "belief-rank" }, String(i + 1)),
    h("span", { class: "belief-place", title: coordinates(cell) }, near || t("at {place}", { place: coordinates(cell) })),
    bar("model", cell.probability),
    h("span", { class: "belief-share" }, percent(cell.probability)),
  );
}
