/**
 * The text that a player shares: how it went, never where. Pure.
 *
 * @import { ClosedRound, Game } from "../types.js"
 */
import { points } from "./format.js";
import { t, tn } from "./i18n.js";
import { MOST_POINTS } from "./medals.js";
import { countsCountries } from "./state.js";
import { streakOf } from "./streak.js";

const SQUARES = 5;

/** Five squares: all full for the best, none for nothing, one at least for any points at all. @param {number} value */
export function squares(value) {
  let full = Math.round((SQUARES * value) / MOST_POINTS);
  if (value > 0) full = Math.max(1, full);
  if (value < MOST_POINTS) full = Math.min(SQUARES - 1, full);
  return "■".repeat(full) + "□".repeat(SQUARES - full);
}

/** @param {Game} game @param {ClosedRound[]} results @param {string} url */
export function shareText(game, results, url) {
  const lines = game.mode === "streak" ? streakLines(results) : countsCountries(game) ? countryLines(game, results) : pointLines(game, results);
  return [titleOf(game), ...lines, url].filter(Boolean).join("\n");
}

/** @param {Game} game */
function titleOf({ map, daily, mode }) {
  if (daily) return t("PlaNet Arena, {date}", { date: daily.date });
  const name = { classic: "", daily: "", country: t("Country guess"), streak: t("Country streak") }[mode ?? "classic"];
  return ["PlaNet Arena", map.name, name].filter(Boolean).join(" · ");
}

/** @param {ClosedRound[]} results */
function streakLines(results) {
  return [tn("{n} country in a row", "{n} countries in a row", streakOf(results))];
}

/** @param {Game} game @param {ClosedRound[]} results */
function countryLines({ right }, results) {
  const counted = results.filter((result) => !result.void);
  const marks = (/** @type {"you" | "model"} */ who) =>
    results.map((result) => (result.void ? "–" : result[who]?.correct ? "✓" : "✗")).join(" ");
  const lines = [`${marks("you")}  ${t("{right} of {total} countries", { right: right?.you ?? 0, total: counted.length })}`];
  if (right && right.model !== null) lines.push(`${marks("model")}  ${t("PlaNet (model): {right}", { right: right.model })}`);
  return lines;
}

/** @param {Game} game @param {ClosedRound[]} results */
function pointLines({ points: totals }, results) {
  const counted = results.filter((result) => !result.void);
  const rows = results.map((result) => (result.void ? "–".repeat(SQUARES) : `${squares(result.you.points)} ${points(result.you.points)}`));
  const total = t("{points} of {most} points", { points: points(totals.you), most: points(MOST_POINTS * counted.length) });
  const model = totals.model === null ? "" : `, ${t("PlaNet (model): {points}", { points: points(totals.model) })}`;
  return [...rows, total + model];
}
