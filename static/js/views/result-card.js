/**
 * The card beside the map after a round.
 *
 * @import { Answer, ModelAnswer, Place, Result, Round } from "../types.js"
 */
import { byId, h, icon, setText, show } from "../core/dom.js";
import { coordinates, date, distance, percent, points, webAddress } from "../core/format.js";
import { words } from "../core/words.js";
import { shapeElement } from "../map/pins.js";
import { checkSeal } from "./seal.js";
import { Tabs } from "./tabs.js";

const MOST_POINTS = 5000;

export class ResultCard {
  /** Digests as they were shown before the guess. @type {Map<string, string>} */
  #shownDigests = new Map();

  /** @param {(tab: string) => void} onTab @param {(place: Place) => string} describe "near Lyon, France" or "" */
  constructor(onTab, describe) {
    this.describe = describe;
    this.card = byId("result-card");
    this.tabs = new Tabs(byId("result-tabs"), onTab);
  }

  /** Remember what was promised. @param {Round} round */
  witness(round) {
    if (round.state !== "closed" && round.model.digest) this.#shownDigests.set(round.id, round.model.digest);
  }

  /** @param {Round} round @param {Result} result */
  fill(round, result) {
    this.#winner(result);
    byId("result-scores").replaceChildren(
      scoreRow("you", words.you, "", result.you),
      ...(result.model ? [scoreRow("model", result.model.name || words.model, words.modelTag, result.model)] : []),
    );
    const notes = notesOf(result);
    byId("result-notes").replaceChildren(...notes.map((note) => h("p", { class: "note" }, icon("info"), h("span", {}, note))));
    show(byId("result-notes"), notes.length > 0);
    this.#place(round, result);
    this.#beliefs(result.model);
    show(byId("beliefs-drawn"), result.drawn);
    this.#seal(round, result);
    this.tabs.selectFirst();
    this.card.scrollTop = 0;
  }

  /** @param {Result} result */
  #winner(result) {
    const winner = byId("winner");
    const title = result.model ? words.wonBy[result.winner] : words.aloneWinner;
    const kind = result.model ? result.winner : "nobody";
    winner.dataset.winner = kind;
    winner.replaceChildren(...(kind === "you" || kind === "model" ? [shapeElement(kind)] : []), h("span", {}, title));
  }

  /** @param {Round} round @param {Result} result */
  #place(round, result) {
    setText(byId("place-name"), result.place || words.noPlace);
    setText(byId("place-coordinates"), coordinates(result.truth));
    byId("place-facts").replaceChildren(
      ...fact("Author", result.author || words.unknownAuthor),
      ...fact("Licence", result.licence || "not stated"),
      ...(result.source ? fact("Source", sourceNode(result.source)) : []),
      ...(result.taken_at ? fact(result.drawn ? "Shown as on" : "Taken", date(result.taken_at)) : []),
    );
    show(byId("place-learn"), result.drawn);
    const link = byId("place-picture");
    show(link, round.picture !== null);
    if (!round.picture) return;
    link.setAttribute("href", round.picture.url);
    const image = h("img", { src: round.picture.url, alt: "The picture of this round, in full", loading: "lazy" });
    link.replaceChildren(image);
  }

  /** @param {ModelAnswer | null} model */
  #beliefs(model) {
    const cells = model?.top_cells ?? [];
    show(byId("tab-beliefs"), cells.length > 0);
    setText(byId("beliefs-title"), words.believed(cells.length));
    byId("beliefs-list").replaceChildren(...cells.map((cell, i) => beliefRow(cell, i, this.describe(cell))));
  }

  /** @param {Round} round @param {Result} result */
  #seal(round, { seal }) {
    show(byId("tab-seal"), seal !== null);
    if (!seal) return;
    setText(byId("seal-digest"), seal.digest);
    setText(byId("seal-preimage"), seal.preimage);
    const verdict = byId("seal-verdict");
    verdict.replaceChildren();
    checkSeal(seal, this.#shownDigests.get(round.id) ?? null).then((matches) => {
      if (matches === null) return;
      verdict.dataset.matches = String(matches);
      verdict.replaceChildren(icon(matches ? "circle-check" : "circle-x"), matches ? words.sealMatches : words.sealDiffers);
    });
  }
}

/** @param {"you" | "model"} kind @param {string} name @param {string} tag @param {Answer} answer */
function scoreRow(kind, name, tag, answer) {
  const bar = h("span", { class: `bar bar-${kind}` });
  bar.style.setProperty("--share", String(answer.points / MOST_POINTS));
  return h(
    "div",
    { class: `score score-${kind}` },
    h("span", { class: "score-who" }, shapeElement(kind), h("span", { class: "score-name" }, name), tag ? h("small", {}, tag) : null),
    h("span", { class: "score-km" }, distance(answer.distance_km)),
    h("span", { class: "score-points" }, points(answer.points), h("small", {}, " points")),
    h("span", { class: "bar-track", "aria-hidden": "true" }, bar),
  );
}

/** @param {Result} result */
function notesOf(result) {
  const notes = result.drawn ? [words.drawn] : [];
  if (result.times_seen > 0) notes.push(words.seen(result.times_seen));
  if (result.seen_in_training) notes.push(words.trained);
  return notes;
}

/** @param {string} name @param {string | Node} value */
function fact(name, value) {
  return [h("dt", {}, name), h("dd", {}, value)];
}

/** @param {string} source */
function sourceNode(source) {
  const address = webAddress(source);
  if (!address) return source;
  const { hostname } = new URL(address);
  return h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, hostname.replace(/^www\./, ""), icon("external-link"));
}

/** @param {import("../types.js").TopCell} cell @param {number} i @param {string} near */
function beliefRow(cell, i, near) {
  const bar = h("span", { class: "bar bar-model" });
  bar.style.setProperty("--share", String(cell.probability));
  return h(
    "li",
    { class: "belief" },
    h("span", { class: "belief-rank" }, String(i + 1)),
    h("span", { class: "belief-place", title: coordinates(cell) }, near || coordinates(cell)),
    h("span", { class: "bar-track", "aria-hidden": "true" }, bar),
    h("span", { class: "belief-share" }, percent(cell.probability)),
  );
}
