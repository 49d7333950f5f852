/**
 * Person beside model (and ghost): who they are, what they said, what it was worth.
 *
 * @import { Answer, ClosedRound } from "../types.js"
 * @import { Guesser } from "../map/overlays.js"
 */
import { h, icon } from "../core/dom.js";
import { duration, points } from "../core/format.js";
import { t, tn } from "../core/i18n.js";
import { MOST_POINTS } from "../core/medals.js";
import { distance } from "../core/units.js";
import { words } from "../core/words.js";
import { initialOf, shapeElement } from "../map/pins.js";

/** @typedef {{kind: Guesser, name: string, tag: string, answer: Answer}} Contestant */

/** @param {ClosedRound} result @returns {Contestant[]} */
export function contestants({ you, model, ghost }) {
  /** @type {Contestant[]} */
  const found = [{ kind: "you", name: words.you, tag: "", answer: you }];
  if (model) found.push({ kind: "model", name: model.name || words.model, tag: words.modelTag, answer: model });
  if (ghost) found.push({ kind: "ghost", name: ghost.name, tag: "", answer: ghost });
  return found;
}

/** @param {Guesser} kind @param {string} name */
export function shapeOf(kind, name) {
  return shapeElement(kind, kind === "ghost" ? initialOf(name) : "");
}

/** @param {Guesser} kind @param {number} share */
export function bar(kind, share) {
  const fill = h("span", { class: `bar bar-${kind}` });
  fill.style.setProperty("--share", String(share));
  return h("span", { class: "bar-track", "aria-hidden": "true" }, fill);
}

/** @param {Guesser} kind @param {string} name @param {string} tag */
export function who(kind, name, tag) {
  return h("span", { class: "score-who" }, shapeOf(kind, name), h("span", { class: "score-name" }, name), tag ? h("small", {}, tag) : null);
}

/** @param {Contestant} contestant */
export function pointsRow({ kind, name, tag, answer }) {
  return h(
    "div",
    { class: `score score-${kind}` },
    who(kind, name, tag),
    h("span", { class: "score-km" }, [distance(answer.distance_km), timeUsed(answer)].filter(Boolean).join(" · ")),
    h("span", { class: "score-points" }, points(answer.points), h("small", {}, ` ${tn("point", "points", answer.points)}`)),
    bar(kind, answer.points / MOST_POINTS),
  );
}

/** @param {Contestant} contestant */
export function countryRow({ kind, name, tag, answer }) {
  const said = answer.country?.name ?? (answer.lat === null ? t("no guess") : words.openSea);
  const details = [said, timeUsed(answer)].filter(Boolean).join(" · ");
  return h("div", { class: `score score-${kind}` }, who(kind, name, tag), h("span", { class: "score-country" }, details), mark(answer.correct === true));
}

/** @param {boolean} isRight */
export function markIcon(isRight) {
  return icon(isRight ? "circle-check" : "circle-x");
}

/** @param {boolean} isRight */
export function mark(isRight) {
  return h(
    "span",
    { class: "mark", "data-right": String(isRight) },
    markIcon(isRight),
    h("span", {}, isRight ? t("right") : t("wrong")),
  );
}

/** "21.4 s", or "" where no time was measured. @param {Answer} answer */
export function timeUsed({ time_used_s, outcome }) {
  return time_used_s === null || time_used_s === undefined || outcome === "timeout" ? "" : duration(time_used_s);
}
