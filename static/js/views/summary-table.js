/**
 * The rounds of a game, one a line: person beside model (and ghost), each line the way back to its result.
 *
 * @import { Answer, ClosedRound, Game } from "../types.js"
 * @import { Guesser } from "../map/overlays.js"
 */
import { byId, h } from "../core/dom.js";
import { points } from "../core/format.js";
import { t } from "../core/i18n.js";
import { countsCountries } from "../core/state.js";
import { distance } from "../core/units.js";
import { words } from "../core/words.js";
import { mark, shapeOf, timeUsed } from "./scores.js";

/** @typedef {{kind: Guesser, name: string, tag: string}} Column */

export class SummaryTable {
  /** @param {(number: number) => void} onLook @param {(url: string) => string} local */
  constructor(onLook, local) {
    this.onLook = onLook;
    this.local = local;
  }

  /** @param {Game} game @param {ClosedRound[]} results */
  fill(game, results) {
    const columns = columnsOf(results);
    byId("summary-head").replaceChildren(h("th", { scope: "col" }, t("Round")), ...columns.map(header));
    byId("summary-table").classList.toggle("crowded", columns.length > 2);
    byId("summary-rows").replaceChildren(...results.map((result) => this.#row(game, result, columns)));
  }

  /** @param {Game} game @param {ClosedRound} result @param {Column[]} columns */
  #row(game, result, columns) {
    const row = h("tr", { "data-winner": result.winner, class: result.void ? "is-void" : "" }, h("th", { scope: "row" }, this.#round(result)));
    if (result.void) row.append(h("td", { class: "void-cell", colspan: String(columns.length) }, t("does not count")));
    else for (const { kind } of columns) row.append(countsCountries(game) ? countryCell(result[kind]) : pointsCell(result, kind));
    row.addEventListener("click", () => this.onLook(result.number));
    return row;
  }

  /** @param {ClosedRound} result */
  #round({ number, picture, place, country, withdrawn, void: isVoid }) {
    const name = isVoid ? t("No picture") : place || country?.name || words.noPlace;
    const button = h("button", { class: "summary-look", type: "button" });
    if (!isVoid && !withdrawn) {
      const image = h("img", { src: this.local(picture.url), alt: "", loading: "lazy" });
      image.addEventListener("error", () => image.remove());
      button.append(h("span", { class: "summary-picture" }, image));
    }
    const hint = h("span", { class: "visually-hidden" }, `: ${t("look again")}`);
    button.append(h("span", { class: "summary-number" }, String(number)), " ", h("span", { class: "summary-name" }, name), hint);
    return button;
  }
}

/** @param {ClosedRound[]} results @returns {Column[]} */
function columnsOf(results) {
  const model = results.find((result) => result.model)?.model;
  const ghost = results.find((result) => result.ghost)?.ghost;
  /** @type {Column[]} */
  const columns = [{ kind: "you", name: words.you, tag: "" }];
  if (model) columns.push({ kind: "model", name: model.name || words.model, tag: words.modelTag });
  if (ghost) columns.push({ kind: "ghost", name: ghost.name, tag: "" });
  return columns;
}

/** @param {Column} column */
function header({ kind, name, tag }) {
  return h("th", { scope: "col", class: "number" }, h("span", { class: "column-who" }, shapeOf(kind, name), h("span", { class: "column-name" }, name), tag ? h("small", {}, tag) : null));
}

/** @param {ClosedRound} result @param {Guesser} kind */
function pointsCell(result, kind) {
  const answer = result[kind];
  if (!answer) return h("td", { class: "number absent" }, t("absent"));
  const isWinner = result.winner === kind;
  return h(
    "td",
    { class: `number${isWinner ? " is-winner" : ""}` },
    h("span", { class: "cell-points" }, isWinner ? shapeOf(kind, "") : null, points(answer.points), isWinner ? h("span", { class: "visually-hidden" }, ` (${t("won")})`) : null),
    details(answer, distance(answer.distance_km)),
  );
}

/** What was said, and in what time. @param {Answer} answer @param {string} said */
function details(answer, said) {
  const parts = answer.outcome === "timeout" ? [t("time up")] : [said, timeUsed(answer)].filter(Boolean);
  return h("span", { class: "cell-km" }, ...parts.map((part) => h("span", {}, part)));
}

/** @param {Answer | null | undefined} answer */
function countryCell(answer) {
  if (!answer) return h("td", { class: "number absent" }, t("absent"));
  const said = answer.country?.name ?? t("no guess");
  return h("td", { class: "number" }, h("span", { class: "cell-points" }, mark(answer.correct === true)), details(answer, said));
}
