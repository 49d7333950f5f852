/**
 * The card beside the map after a round: who was how near, what it did, how all stand, and whose picture it was.
 *
 * @import { LiveGuess, LiveResult, State } from "./types.js"
 */
import { byId, h, icon, setText, show } from "../core/dom.js";
import { coordinates, countryName, points } from "../core/format.js";
import { t, tn } from "../core/i18n.js";
import { MOST_POINTS } from "../core/medals.js";
import { distance } from "../core/units.js";
import { words } from "../core/words.js";
import { PlacePanel } from "../views/place-panel.js";
import { SealPanel } from "../views/seal-panel.js";
import { Tabs } from "../views/tabs.js";
import { healthBar, MOST_HEALTH } from "./crew.js";
import { lineOf, markOf, shapeFor, whoIs } from "./marks.js";
import { contenders, playerBy, roundOf, standing } from "./state.js";
import { roundTitle } from "./words.js";

export class ResultCard {
  /** @param {(url: string) => string} local */
  constructor(local) {
    this.card = byId("result-card");
    this.place = new PlacePanel(local);
    this.seal = new SealPanel();
    this.tabs = new Tabs(byId("result-tabs"), () => undefined);
    this.tabs.swipeOn(byId("result-panels"));
  }

  /** @param {State} state */
  witness(state) {
    const round = roundOf(state);
    if (round) this.seal.witness({ id: round.id, state: state.phase === "result" ? "closed" : "open", model: round.model });
  }

  /** @param {State} state @param {LiveResult} result */
  fill(state, result) {
    const winner = byId("winner");
    const mark = result.winner && result.winner !== "draw" && !result.void ? result.winner : null;
    winner.dataset.winner = mark === null ? "nobody" : markOf(state, mark).kind;
    winner.replaceChildren(...(mark ? [shapeFor(state, mark)] : []), h("span", {}, roundTitle(state, result)));
    this.#where(result);
    this.#scores(state, result);
    const notes = notesOf(result);
    byId("result-notes").replaceChildren(...notes.map((note) => h("p", { class: "note" }, icon("info"), h("span", {}, note))));
    show(byId("result-notes"), notes.length > 0);
    this.#standing(state);
    this.place.fill(result);
    this.seal.fill(result);
    this.tabs.restore();
    this.card.scrollTop = 0;
  }

  /** @param {LiveResult} result */
  #where({ truth, place, country }) {
    setText(byId("place-name"), place || (country ? countryName(country) : words.noPlace));
    setText(byId("place-coordinates"), coordinates(truth));
  }

  /** @param {State} state @param {LiveResult} result */
  #scores(state, result) {
    const isDuel = state.server.room.kind === "duel";
    show(byId("result-health"), isDuel && !result.void);
    if (isDuel) byId("result-health").replaceChildren(...contenders(state).map(({ id, health }) => healthRow(state, result, id, health ?? 0)));
    show(byId("result-scores"), !result.void);
    const rows = result.guesses.map((guess) => ({ points: guess.points, row: row(state, guess) }));
    if (result.crowd) rows.push({ points: result.crowd.points, row: crowdRow(state, result.crowd) });
    byId("result-scores").replaceChildren(...rows.sort((a, b) => b.points - a.points).map((one) => one.row));
  }

  /** @param {State} state */
  #standing(state) {
    const isDuel = state.server.room.kind === "duel";
    show(byId("tab-standing"), !isDuel);
    byId("standing-list").replaceChildren(...(isDuel ? [] : standingRows(state)));
  }
}

/** Everybody's total, the crowd's too, best first. @param {State} state */
export function standingRows(state) {
  const rows = standing(state).map((player) => ({ id: player.id, points: player.points, who: whoIs(state, player) }));
  const crowd = state.server.match?.crowd_points ?? null;
  if (crowd !== null) rows.push({ id: "crowd", points: crowd, who: whoIsCrowd(state) });
  rows.sort((a, b) => b.points - a.points);
  const most = Math.max(1, rows[0]?.points ?? 0);
  return rows.map(({ id, points: total, who }, i) => {
    const fill = h("span", { class: `bar bar-${lineOf(markOf(state, id))}` });
    fill.style.setProperty("--share", String(total / most));
    return h(
      "li",
      { class: "standing" },
      h("span", { class: "standing-place" }, String(i + 1)),
      who,
      h("span", { class: "score-points" }, points(total)),
      h("span", { class: "bar-track", "aria-hidden": "true" }, fill),
    );
  });
}

/** @param {State} state */
function whoIsCrowd(state) {
  return h("span", { class: "score-who" }, shapeFor(state, "crowd"), h("span", { class: "score-name" }, t("The crowd")), h("small", {}, t("middle of all pins")));
}

/** @param {State} state @param {LiveResult} result @param {string} id @param {number} health */
function healthRow(state, result, id, health) {
  const damage = result.guesses.find((guess) => guess.id === id)?.damage ?? 0;
  const before = state.server.match?.results.findLast(({ number, void: isVoid }) => number < result.number && !isVoid);
  const taken = (before?.health[id] ?? MOST_HEALTH) - health; // no more than was left
  const player = playerBy(state, id);
  return h(
    "div",
    { class: "health-row" },
    player ? whoIs(state, player) : null,
    h("span", { class: "damage" }, damage > 0 ? `−${points(damage)}` : ""),
    healthBar(state, id, health, taken),
  );
}

/** @param {State} state @param {LiveGuess} guess */
function row(state, guess) {
  const player = playerBy(state, guess.id);
  if (!player) return h("div");
  const said = guess.lat === null ? t("no guess") : distance(guess.distance_km);
  return scoreRow(lineOf(markOf(state, guess.id)), whoIs(state, player), said, guess.points);
}

/** @param {State} state @param {{distance_km: number, points: number}} crowd */
function crowdRow(state, crowd) {
  return scoreRow("crowd", whoIsCrowd(state), distance(crowd.distance_km), crowd.points);
}

/** @param {string} line @param {HTMLElement} who @param {string} said @param {number} value */
function scoreRow(line, who, said, value) {
  const fill = h("span", { class: `bar bar-${line}` });
  fill.style.setProperty("--share", String(value / MOST_POINTS));
  return h(
    "div",
    { class: "score" },
    who,
    h("span", { class: "score-km" }, said),
    h("span", { class: "score-points" }, points(value), h("small", {}, ` ${tn("point", "points", value)}`)),
    h("span", { class: "bar-track", "aria-hidden": "true" }, fill),
  );
}

/** @param {LiveResult} result */
function notesOf({ void: isVoid, drawn }) {
  return [...(isVoid ? [isVoid] : []), ...(drawn ? [words.drawn] : [])];
}
