/**
 * The line at the top: round, points or countries, clock, map and the condition of the view.
 *
 * @import { State } from "../types.js"
 */
import { byId, setText, show } from "../core/dom.js";
import { points } from "../core/format.js";
import { t, tn } from "../core/i18n.js";
import { countsCountries, tellsLater } from "../core/state.js";
import { streakOf } from "../core/streak.js";
import { conditionHint, conditionName, roundLabel, words } from "../core/words.js";

export class Hud {
  /** @param {State} state */
  render({ replay, snapshot: { game, round, results } }) {
    setText(byId("round-label"), roundLabel(game, replay ?? round.number));
    const isStreak = game.mode === "streak";
    const score = countsCountries(game) ? (game.right ?? { you: 0, model: null }) : game.points;
    const isTold = !tellsLater(game) || results.length > 0;
    show(byId("your-score"), !isStreak && isTold);
    setText(byId("your-points"), points(score.you));
    show(byId("model-score"), score.model !== null && !isStreak && isTold);
    setText(byId("model-points"), points(score.model ?? 0));
    setText(byId("your-unit"), unitOf(game, score.you));
    setText(byId("model-unit"), unitOf(game, score.model ?? 0));
    show(byId("streak"), isStreak);
    setText(byId("streak-count"), tn("{n} in a row", "{n} in a row", streakOf(results)));
    this.#condition(round);
  }

  /** @param {State["snapshot"]["round"]} round */
  #condition({ drawn, condition }) {
    show(byId("drawn"), drawn);
    setText(byId("drawn"), words.drawn);
    const chip = byId("condition");
    setText(byId("condition-text"), conditionName(condition));
    setText(byId("condition-short"), condition === "fair" ? t("Fair") : t("Free"));
    chip.title = conditionHint(condition);
    chip.dataset.condition = condition;
    setText(byId("help-condition"), conditionHint(condition));
  }
}

/** @param {State["snapshot"]["game"]} game @param {number} value */
function unitOf(game, value) {
  return countsCountries(game) ? tn("country right", "countries right", value) : tn("point", "points", value);
}
