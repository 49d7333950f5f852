/**
 * Held-out photos with what the network says of them: five places, how sure it is, how far off the first is.
 *
 * @import { Sample, Validation } from "./types.js"
 */
import { byId, h, setText, show } from "../core/dom.js";
import { coordinates, percent } from "../core/format.js";
import { t } from "../core/i18n.js";
import { distance } from "../core/units.js";

const FEW = 4;

/** @param {HTMLElement} list @param {Validation} validation @param {string} base address of their pictures */
export function showSamples(list, { samples = [], epoch }, base) {
  while (list.children.length > samples.length) list.lastElementChild?.remove();
  // The same photos come after each epoch: a picture stays until the next one is there.
  samples.forEach((sample, index) => {
    const frame = list.children[index] ?? list.appendChild(h("li", { class: "sample" }, h("img", { decoding: "async", width: "256", height: "256" }), h("div", {})));
    fill(frame, sample, `${base}${sample.picture.split("/").at(-1) ?? ""}?epoch=${epoch}`);
  });
  offerMore(list, samples.length);
}

/** @param {Element} frame @param {Sample} sample @param {string} address */
function fill(frame, { lat, lng, answers, distance_km: km }, address) {
  const picture = /** @type {HTMLImageElement} */ (frame.firstElementChild);
  if (picture.getAttribute("src") !== address) picture.src = address;
  picture.alt = t("Held-out photo at {place}", { place: coordinates({ lat, lng }) });
  const words = /** @type {HTMLElement} */ (frame.lastElementChild);
  words.replaceChildren(h("p", { class: "sample-off" }, t("{distance} off", { distance: distance(km) })), h("ol", { class: "beliefs" }, ...answers.map(belief)));
}

/** A phone shows a few of them first. @param {HTMLElement} list @param {number} count */
function offerMore(list, count) {
  const button = byId("more-samples");
  setText(button, t("Show all {n}", { n: count }));
  show(button, list.classList.contains("samples-few") && count > FEW);
  button.onclick = () => {
    list.classList.remove("samples-few");
    show(button, false);
  };
}

/** @param {{lat: number, lng: number, probability: number}} answer */
function belief({ lat, lng, probability }) {
  const bar = h("span", { class: "belief-bar", "aria-hidden": "true" });
  bar.style.setProperty("--share", String(probability));
  return h("li", {}, bar, h("span", { class: "belief-share" }, percent(probability)), h("span", { class: "soft" }, coordinates({ lat, lng })));
}
