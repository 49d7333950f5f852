/**
 * The words of a room that several views share.
 *
 * @import { Kind, LiveResult, Player, Settings, State } from "./types.js"
 */
import { t, tn } from "../core/i18n.js";
import { conditionName, words } from "../core/words.js";
import { awaited, playerBy } from "./state.js";

/** @param {Kind} kind */
export function kindName(kind) {
  return { duel: t("Duel"), room: t("Room"), crowd: t("Crowd against PlaNet") }[kind];
}

/** @param {number | null} seconds */
export function timeName(seconds) {
  return seconds === null ? t("No clock") : `${seconds}\u202fs`;
}

/** @param {Settings} settings @param {Kind} kind */
export function roundsName({ rounds_total }, kind) {
  return kind === "duel" ? tn("at most {n} round", "at most {n} rounds", rounds_total) : tn("{n} round", "{n} rounds", rounds_total);
}

/** "Drawn Europe · 5 rounds · 60 s · Fair view" @param {Settings} settings @param {Kind} kind */
export function settingsSentence(settings, kind) {
  return [settings.map.name, roundsName(settings, kind), timeName(settings.time_limit_s), conditionName(settings.condition)].join(" · ");
}

/** Guests have one name until they choose one: a number tells them apart. @param {State} state @param {Player} player */
export function playerName({ server: { players } }, { name, number, is_guest }) {
  const isShared = players.filter((other) => other.name === name).length > 1;
  const own = is_guest && name === "Guest" ? t("Guest") : name;
  return isShared ? `${own} ${number}` : own;
}

/** @param {State} state @param {string | null} id */
export function nameOf(state, id) {
  if (id === state.you.id) return words.you;
  if (id === "crowd") return t("The crowd");
  const player = playerBy(state, id);
  return player ? playerName(state, player) : t("Somebody");
}

/** "Round 2/5", in a duel without an end that is known. @param {State} state @param {number} number */
export function roundName({ server: { room, match } }, number) {
  const total = match?.rounds_total ?? room.settings.rounds_total;
  return room.kind === "duel" ? t("Round {number}", { number }) : t("Round {number}/{total}", { number, total });
}

/** Who won the round, as a title. @param {State} state @param {LiveResult} result */
export function roundTitle(state, { winner, void: isVoid }) {
  if (isVoid) return t("This round does not count");
  if (winner === null) return t("Nobody wins this round");
  if (winner === "draw") return t("A tie");
  if (winner === "crowd") return t("The crowd wins this round");
  if (winner === state.you.id) return t("You win this round");
  return t("{name} wins this round", { name: nameOf(state, winner) });
}

/** Who won the match, as a title. @param {State} state */
export function matchTitle(state) {
  const winner = state.server.match?.winner ?? null;
  if (winner === null) return t("The match is over");
  if (winner === "draw") return t("A draw");
  if (winner === "crowd") return t("The crowd wins");
  return winner === state.you.id ? t("You win the match") : t("{name} wins the match", { name: nameOf(state, winner) });
}

/** "Locked in: waiting for Ada" @param {State} state */
export function waitingFor(state) {
  const others = awaited(state).filter(({ id }) => id !== state.you.id);
  if (others.length === 0) return t("Locked in");
  if (others.length === 1) return t("Locked in: waiting for {name}", { name: playerName(state, others[0]) });
  return tn("Locked in: waiting for {n}", "Locked in: waiting for {n}", others.length);
}

/** @param {Player} player */
export function presence({ kind, left, connected, ready }) {
  if (left) return t("gone");
  if (kind === "model") return t("always ready");
  if (!connected) return t("connection lost");
  return ready ? t("ready") : t("not ready yet");
}

/** @type {Record<string, string>} icon of each reaction */
export const REACTIONS = { wave: "hand", clap: "thumbs-up", laugh: "laugh", wow: "sparkles", think: "brain", sad: "frown" };

/** @param {string} reaction */
export function reactionName(reaction) {
  /** @type {Record<string, string>} */
  const names = { wave: t("Hello"), clap: t("Well played"), laugh: t("Laugh"), wow: t("Wow"), think: t("Hard one"), sad: t("Oh no") };
  return names[reaction] ?? reaction;
}
