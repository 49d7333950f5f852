/**
 * The end of a match: who won, how all did round by round, and what to do next.
 *
 * @import { ShortResult, State } from "./types.js"
 */
import { byId, h, setText, show } from "../core/dom.js";
import { points } from "../core/format.js";
import { t, tn } from "../core/i18n.js";
import { healthBar } from "./crew.js";
import { markOf, shapeFor, whoIs } from "./marks.js";
import { isPending } from "./outbox.js";
import { isPlayer, standing, you } from "./state.js";
import { standingRows } from "./result-card.js";
import { kindName, matchTitle, nameOf } from "./words.js";

export class FinalCard {
  /** @param {{onRematch: () => void, onLobby: () => void}} hooks */
  constructor({ onRematch, onLobby }) {
    byId("rematch-button").addEventListener("click", onRematch);
    byId("to-lobby").addEventListener("click", onLobby);
  }

  /** @param {State} state */
  fill(state) {
    const { room, match } = state.server;
    const rounds = match?.results ?? [];
    setText(byId("summary-map"), [kindName(room.kind), room.settings.map.name, tn("{n} round", "{n} rounds", rounds.length)].join(" · "));
    const winner = match?.winner ?? null;
    const title = byId("final-winner");
    title.dataset.winner = winner && winner !== "draw" ? markOf(state, winner).kind : "nobody";
    title.replaceChildren(...(winner && winner !== "draw" ? [shapeFor(state, winner)] : []), h("span", {}, matchTitle(state)));
    const isDuel = room.kind === "duel";
    show(byId("final-health"), isDuel);
    show(byId("final-standing"), !isDuel);
    if (isDuel) byId("final-health").replaceChildren(...standing(state).map((player) => h("div", { class: "health-row" }, whoIs(state, player), h("span"), healthBar(state, player.id, player.health ?? 0))));
    else byId("final-standing").replaceChildren(...standingRows(state));
    setText(byId("final-crowd"), room.kind === "crowd" ? crowdSentence(state, rounds) : "");
    show(byId("final-crowd"), room.kind === "crowd" && rounds.length > 0);
    setText(byId("final-note"), match?.note ?? "");
    show(byId("final-note"), Boolean(match?.note));
    this.#table(state, rounds);
  }

  /** What changes while the card is on show. @param {State} state */
  render(state) {
    if (state.phase !== "summary") return;
    const { room } = state.server;
    const isAsking = isPending(state.outbox, "rematch") || you(state)?.ready === true;
    show(byId("rematch-button"), isPlayer(state) && !room.closed);
    byId("rematch-button").setAttribute("aria-disabled", String(isAsking));
    setText(byId("rematch-text"), isAsking ? t("You want a rematch") : t("Rematch"));
    setText(byId("rematch-hint"), rematchHint(state));
    show(byId("to-lobby"), !room.is_quick && !room.closed);
  }

  /** @param {State} state @param {ShortResult[]} rounds */
  #table(state, rounds) {
    const players = standing(state);
    const hasCrowd = rounds.some(({ crowd_points }) => crowd_points !== null);
    const head = players.map(({ id }) => h("th", { scope: "col", class: "number" }, h("span", { class: "column-who" }, shapeFor(state, id), h("span", { class: "column-name" }, nameOf(state, id)))));
    if (hasCrowd) head.push(h("th", { scope: "col", class: "number" }, h("span", { class: "column-who" }, shapeFor(state, "crowd"), h("span", { class: "column-name" }, t("The crowd")))));
    byId("summary-head").replaceChildren(h("th", { scope: "col" }, t("Round")), ...head);
    byId("summary-table").classList.toggle("crowded", head.length > 3);
    byId("summary-rows").replaceChildren(...rounds.map((round) => this.#row(round, players.map(({ id }) => id), hasCrowd)));
  }

  /** @param {ShortResult} round @param {string[]} ids @param {boolean} hasCrowd */
  #row(round, ids, hasCrowd) {
    const first = h("th", { scope: "row" }, String(round.number));
    if (round.void) return h("tr", { class: "is-void" }, first, h("td", { class: "void-cell", colspan: String(ids.length + Number(hasCrowd)) }, t("does not count")));
    const cells = ids.map((id) => cell(round.points[id], round.winner === id, round.damage[id] ?? 0));
    if (hasCrowd) cells.push(cell(round.crowd_points ?? undefined, round.winner === "crowd", 0));
    return h("tr", {}, first, ...cells);
  }
}

/** @param {number | undefined} value @param {boolean} won @param {number} damage */
function cell(value, won, damage) {
  if (value === undefined) return h("td", { class: "number absent" }, "–");
  const hint = won ? h("span", { class: "visually-hidden" }, ` (${t("won")})`) : null;
  return h(
    "td",
    { class: `number${won ? " is-winner" : ""}` },
    h("span", { class: "cell-points" }, points(value), hint),
    damage > 0 ? h("span", { class: "cell-km damage" }, `−${points(damage)}`) : null,
  );
}

/** @param {State} state @param {ShortResult[]} rounds */
function crowdSentence(state, rounds) {
  const counted = rounds.filter((round) => !round.void);
  const crowd = counted.filter(({ winner }) => winner === "crowd").length;
  const model = counted.filter(({ winner }) => winner !== null && markOf(state, winner).kind === "model").length;
  return t("The crowd won {crowd}, the model {model}, single people {others}, of {rounds}.", {
    crowd,
    model,
    others: counted.filter(({ winner }) => winner !== null && winner !== "draw").length - crowd - model,
    rounds: tn("{n} round", "{n} rounds", counted.length),
  });
}

/** Who would play again: those who came meanwhile, too. @param {State} state */
function rematchHint({ server: { players } }) {
  const people = players.filter(({ kind, role, left }) => kind !== "model" && role === "player" && !left);
  const wants = people.filter(({ ready }) => ready).length;
  if (people.length < 2 || wants === 0) return "";
  return t("{wants} of {people} want a rematch.", { wants, people: people.length });
}
