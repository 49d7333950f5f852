/**
 * Everybody's mark: you a green pin, the model a blue hexagon, the crowd's median a violet diamond, the others round pins
 * with an initial, each in a quiet colour of their own.
 *
 * @import { Kind } from "../map/pins.js"
 * @import { Player, State } from "./types.js"
 */
import { h } from "../core/dom.js";
import { words } from "../core/words.js";
import { initialOf, shapeElement } from "../map/pins.js";
import { playerBy } from "./state.js";
import { playerName } from "./words.js";

const TONES = 8;

/** @typedef {{kind: Kind, mark: string, tone: string}} Mark  tone: a class of css/room.css, or "" */

/** @param {State} state @param {string | null} id @returns {Mark} */
export function markOf(state, id) {
  if (id === "crowd") return { kind: "crowd", mark: "", tone: "" };
  if (id === state.you.id) return { kind: "you", mark: "", tone: "" };
  const player = playerBy(state, id);
  if (player?.kind === "model") return { kind: "model", mark: "", tone: "" };
  const at = state.server.players.findIndex((other) => other.id === id);
  return { kind: "ghost", mark: player ? markText(state, player) : "?", tone: `tone-${1 + (Math.max(0, at) % TONES)}` };
}

/** Nameless guests have their number. @param {State} state @param {Player} player */
function markText(state, player) {
  const isNameless = player.is_guest && playerName(state, player) !== player.name && player.number < 100;
  return isNameless ? String(player.number) : initialOf(player.name);
}

/** @param {State} state @param {string | null} id */
export function shapeFor(state, id) {
  const { kind, mark, tone } = markOf(state, id);
  const shape = shapeElement(kind, mark);
  if (tone) shape.classList.add(tone);
  return shape;
}

/** What lines and bars of somebody are called in the style sheets. @param {Mark} mark */
export function lineOf({ kind, tone }) {
  return tone || kind;
}

/** Name and what is to be said of who it is. @param {State} state @param {Player} player */
export function whoIs(state, player) {
  const tag = player.kind === "model" ? words.modelTag : ""; // a bot says so in its name
  const isYou = player.id === state.you.id;
  return h(
    "span",
    { class: "score-who" },
    shapeFor(state, player.id),
    h("span", { class: "score-name" }, playerName(state, player)),
    isYou ? h("small", {}, words.you.toLocaleLowerCase()) : null,
    tag ? h("small", {}, tag) : null,
  );
}
