/**
 * Where the model looked: the very picture that it got, and over it how much each part mattered to its answer.
 *
 * @import { ClosedRound, Layers } from "../types.js"
 */
import { byId, setText, show } from "../core/dom.js";
import { t } from "../core/i18n.js";

export class LookedPanel {
  constructor() {
    this.view = /** @type {HTMLImageElement} */ (byId("looked-view"));
    this.heat = /** @type {HTMLImageElement} */ (byId("looked-heat"));
    this.strength = /** @type {HTMLInputElement} */ (byId("looked-strength"));
    this.strength.addEventListener("input", () => this.#fade());
    byId("looked-switch").addEventListener("click", () => this.#toggle());
  }

  /** @param {ClosedRound} result */
  fill({ model, withdrawn, void: isVoid }) {
    show(byId("tab-looked"), model !== null && !isVoid && !withdrawn);
    this.show({ state: model?.layers?.state ?? "none", probability: null, occlusion: null, view: null });
  }

  /** @param {Layers} layers */
  show({ state, occlusion, view }) {
    const hasView = view !== null;
    const hasHeat = state === "ready" && occlusion !== null;
    show(byId("looked-figure"), hasView);
    if (view && this.view.getAttribute("src") !== view.url) this.view.src = view.url;
    show(this.heat, hasHeat);
    if (occlusion && hasHeat && this.heat.getAttribute("src") !== occlusion.url) this.heat.src = occlusion.url;
    show(byId("looked-tools"), hasView && hasHeat);
    show(byId("looked-wait"), state === "coming");
    show(byId("looked-again"), state === "late");
    setText(byId("looked-text"), sentence(state, hasHeat));
    this.#fade();
  }

  #toggle() {
    this.strength.value = Number(this.strength.value) > 0 ? "0" : "65";
    this.#fade();
  }

  #fade() {
    const share = Number(this.strength.value) / 100;
    this.heat.style.opacity = String(share);
    byId("looked-switch").setAttribute("aria-pressed", String(share > 0));
  }
}

/** @param {Layers["state"]} state @param {boolean} hasHeat */
function sentence(state, hasHeat) {
  if (hasHeat) {
    return t("Parts of the picture were covered in turn. The brighter a part, the less PlaNet believed its own first place without it.");
  }
  if (state === "coming") return t("Being worked out: parts of the picture are covered in turn. This takes a moment, and you may go on.");
  if (state === "late") return t("This takes unusually long, so this page has stopped asking. The answer and the points do not depend on it.");
  return t("For this answer nobody has worked out where the model looked.");
}
