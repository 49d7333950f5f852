/**
 * The end of a game: totals, and each round with the person beside the model.
 *
 * @import { Answer, ClosedRound, Game } from "../types.js"
 */
import { byId, h, setText, show } from "../core/dom.js";
import { distance, points } from "../core/format.js";
import { words } from "../core/words.js";
import { shapeElement } from "../map/pins.js";

export class SummaryCard {
  /** @param {Game} game @param {ClosedRound[]} results */
  fill(game, results) {
    const hasModel = game.points.model !== null;
    setText(byId("summary-title"), headline(game));
    setText(byId("summary-map"), `${game.map.name}, ${results.length} ${results.length === 1 ? "round" : "rounds"}`);
    byId("summary-totals").replaceChildren(
      total("you", words.you, "", game.points.you, results.length),
      ...(game.points.model === null ? [] : [total("model", words.model, words.modelTag, game.points.model, results.length)]),
    );
    setText(byId("summary-wins"), hasModel ? winsSentence(results) : "");
    show(byId("summary-wins"), hasModel);
    const drawn = results.filter((result) => result.drawn).length;
    setText(byId("summary-drawn"), words.drawnOf(drawn, results.length));
    show(byId("summary-drawn"), drawn > 0);
    const table = byId("summary-table");
    table.classList.toggle("alone", !hasModel);
    byId("summary-rows").replaceChildren(...results.map((result) => row(result, hasModel)));
    for (const cell of table.querySelectorAll("thead .model-column")) /** @type {HTMLElement} */ (cell).hidden = !hasModel;
  }
}

/** @param {Game} game */
function headline({ points: { you, model } }) {
  if (model === null) return `${points(you)} points`;
  if (you === model) return "A tie with PlaNet";
  return you > model ? "You beat PlaNet" : "PlaNet beat you";
}

/** @param {ClosedRound[]} results */
function winsSentence(results) {
  const count = (/** @type {ClosedRound["winner"]} */ who) => results.filter(({ winner }) => winner === who).length;
  const parts = [`You won ${count("you")}`, `the model ${count("model")}`];
  if (count("tie") > 0) parts.push(`${count("tie")} tied`);
  return `${parts.join(", ")} of ${results.length} ${results.length === 1 ? "round" : "rounds"}.`;
}

/** @param {"you" | "model"} kind @param {string} name @param {string} tag @param {number} value @param {number} rounds */
function total(kind, name, tag, value, rounds) {
  const bar = h("span", { class: `bar bar-${kind}` });
  bar.style.setProperty("--share", String(rounds ? value / (5000 * rounds) : 0));
  return h(
    "div",
    { class: `score score-${kind}` },
    h("span", { class: "score-who" }, shapeElement(kind), h("span", { class: "score-name" }, name), tag ? h("small", {}, tag) : null),
    h("span", { class: "score-points" }, points(value), h("small", {}, ` of ${points(5000 * rounds)}`)),
    h("span", { class: "bar-track", "aria-hidden": "true" }, bar),
  );
}

/** @param {ClosedRound} result @param {boolean} hasModel */
function row(result, hasModel) {
  return h(
    "tr",
    { "data-winner": result.winner },
    h(
      "th",
      { scope: "row" },
      h(
        "span",
        { class: "summary-round" },
        h("a", { class: "summary-picture", href: result.picture_url, target: "_blank" }, h("img", { src: result.picture_url, alt: `Picture of round ${result.number}`, loading: "lazy" })),
        h("span", { class: "summary-place" }, h("span", { class: "summary-number" }, String(result.number)), h("span", {}, result.place || words.noPlace)),
      ),
    ),
    answerCell(result.you, result.winner === "you", "won"),
    ...(hasModel ? [answerCell(result.model, result.winner === "model", "won")] : []),
  );
}

/** @param {Answer | null} answer @param {boolean} isWinner @param {string} mark */
function answerCell(answer, isWinner, mark) {
  if (!answer) return h("td", { class: "number absent" }, "absent");
  return h(
    "td",
    { class: `number${isWinner ? " is-winner" : ""}` },
    h("span", { class: "cell-points" }, points(answer.points), isWinner ? h("span", { class: "visually-hidden" }, ` (${mark})`) : null),
    h("span", { class: "cell-km" }, distance(answer.distance_km)),
  );
}
