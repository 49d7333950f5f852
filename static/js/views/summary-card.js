/**
 * The end of a game: totals and medal, each round beside the model, what it teaches, and what to do next.
 *
 * @import { Game, Snapshot } from "../types.js"
 * @import { Guesser } from "../map/overlays.js"
 */
import { byId, h, icon, setText, show } from "../core/dom.js";
import { points } from "../core/format.js";
import { t, tn } from "../core/i18n.js";
import { lessons } from "../core/lessons.js";
import { hasMedals, MEDALS, medalName, medalOf, MOST_POINTS, nextMedal } from "../core/medals.js";
import { countsCountries } from "../core/state.js";
import { lastRound, streakOf } from "../core/streak.js";
import { drawnOf, pointsWord, words } from "../core/words.js";
import { bar, who } from "./scores.js";
import { SummaryTable } from "./summary-table.js";

/** @typedef {{game: Game, results: Snapshot["results"]}} Finished */

export class SummaryCard {
  /** @param {(number: number) => void} onLook @param {(url: string) => string} local */
  constructor(onLook, local) {
    this.onLook = onLook;
    this.table = new SummaryTable(onLook, local);
  }

  /** @param {Finished} finished */
  fill({ game, results }) {
    const counted = results.filter((result) => !result.void);
    setText(byId("summary-title"), headline(game, results));
    setText(byId("summary-map"), [game.map.name, tn("{n} round", "{n} rounds", results.length)].join(" · "));
    byId("summary-totals").replaceChildren(...totals(game, results, counted.length));
    this.#medal(game, counted.length);
    this.#wins(game, counted);
    const drawn = results.filter((result) => result.drawn).length;
    setText(byId("summary-drawn"), drawnOf(drawn, results.length));
    show(byId("summary-drawn"), drawn > 0);
    this.table.fill(game, results);
    this.#lessons(game, results, drawn > 0);
    show(byId("summary-best"), false);
    const canRepeat = !game.daily && !game.challenge && game.mode !== "study";
    show(byId("again-form"), canRepeat);
    const against = document.getElementById("again-against"); // not there in a game without a model
    if (against) show(against, canRepeat);
  }

  /** Comes a moment later, from the server. @param {number | null} best */
  showBest(best) {
    show(byId("summary-best"), best !== null);
    if (best !== null) byId("summary-best").replaceChildren(icon("flame"), tn("Your best on this map: {n} in a row.", "Your best on this map: {n} in a row.", best));
  }

  /** @param {Game} game @param {number} rounds that counted */
  #medal(game, rounds) {
    const box = byId("summary-medal");
    const has = hasMedals(rounds, !countsCountries(game)) && game.mode !== "study";
    show(box, has);
    if (!has) return;
    const medal = medalOf(game.points.you);
    const next = nextMedal(game.points.you);
    const missing = next ? tn("{n} point to {medal}", "{n} points to {medal}", next.missing, { medal: medalName(next.medal) }) : "";
    box.dataset.medal = medal ?? "none";
    box.replaceChildren(icon("medal"), h("strong", {}, medal ? medalName(medal) : t("No medal yet")), h("span", {}, missing));
  }

  /** @param {Game} game @param {Snapshot["results"]} counted */
  #wins(game, counted) {
    const hasModel = game.points.model !== null && counted.some(({ model }) => model);
    show(byId("summary-wins"), hasModel && !countsCountries(game));
    setText(byId("summary-wins"), hasModel ? winsSentence(counted) : "");
  }

  /** @param {Game} game @param {Snapshot["results"]} results @param {boolean} isDrawn */
  #lessons(game, results, isDrawn) {
    const found = lessons(game, results);
    show(byId("summary-lessons"), found.length > 0 || isDrawn);
    show(byId("lessons-learn"), isDrawn);
    byId("lessons-list").replaceChildren(...found.map((lesson) => this.#lesson(lesson)));
  }

  /** @param {import("../core/lessons.js").Lesson} lesson */
  #lesson({ text, round }) {
    const look = round === null ? null : h("button", { class: "link-button", type: "button" }, t("Look again at round {number}", { number: round }));
    look?.addEventListener("click", () => round !== null && this.onLook(round));
    return h("li", {}, text, look ? " " : null, look);
  }
}

/** @param {Game} game @param {Snapshot["results"]} results */
function headline(game, results) {
  if (game.mode === "streak") return tn("{n} country in a row", "{n} countries in a row", streakOf(results));
  const { you, model } = countsCountries(game) ? (game.right ?? { you: 0, model: null }) : game.points;
  if (model === null) return countsCountries(game) ? tn("{n} country right", "{n} countries right", you) : pointsWord(you);
  if (you === model) return t("A tie with PlaNet");
  return you > model ? t("You beat PlaNet") : t("PlaNet beat you");
}

/** @param {Game} game @param {Snapshot["results"]} results @param {number} rounds @returns {HTMLElement[]} */
function totals(game, results, rounds) {
  if (game.mode === "streak") return [streakEnd(results)];
  const isCountry = countsCountries(game);
  const score = isCountry ? (game.right ?? { you: 0, model: null }) : game.points;
  const most = isCountry ? rounds : MOST_POINTS * rounds;
  const medals = hasMedals(rounds, !isCountry);
  const rows = [totalRow("you", words.you, "", score.you, most, medals)];
  if (score.model !== null) rows.push(totalRow("model", game.opponent?.name ?? words.model, words.modelTag, score.model, most, medals));
  const ghosts = results.flatMap(({ ghost }) => (ghost ? [ghost] : []));
  if (ghosts.length > 0) {
    const sum = ghosts.reduce((all, ghost) => all + (isCountry ? Number(ghost.correct === true) : ghost.points), 0);
    rows.push(totalRow("ghost", ghosts[0].name, "", sum, most, medals));
  }
  return rows;
}

/** @param {Guesser} kind @param {string} name @param {string} tag @param {number} value @param {number} most @param {boolean} medals */
function totalRow(kind, name, tag, value, most, medals) {
  const track = bar(kind, most ? value / most : 0);
  if (medals) {
    for (const { least } of MEDALS.slice(0, -1)) {
      const tick = h("span", { class: "bar-tick" });
      tick.style.setProperty("--share", String(least / most));
      track.append(tick);
    }
  }
  return h(
    "div",
    { class: `score score-${kind}` },
    who(kind, name, tag),
    h("span", { class: "score-points" }, points(value), h("small", {}, " ", t("of {most}", { most: points(most) }))),
    track,
  );
}

/** @param {Snapshot["results"]} results */
function streakEnd(results) {
  const last = lastRound(results);
  const reason = !last?.country
    ? ""
    : last.you.country
      ? t("It ended in {truth}: you said {guess}.", { truth: last.country.name, guess: last.you.country.name })
      : t("It ended in {truth}: the time was up.", { truth: last.country.name });
  return h("p", { class: "streak-end" }, reason);
}

/** @param {Snapshot["results"]} results */
function winsSentence(results) {
  const count = (/** @type {string} */ who_) => results.filter(({ winner }) => winner === who_).length;
  const values = { you: count("you"), model: count("model"), tied: count("tie"), rounds: tn("{n} round", "{n} rounds", results.length) };
  return values.tied > 0
    ? t("You won {you}, the model {model}, {tied} tied, of {rounds}.", values)
    : t("You won {you}, the model {model} of {rounds}.", values);
}
