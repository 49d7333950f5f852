/**
 * What changed, as a sentence for people who do not see the page; "" where it is of no matter to them. Pure.
 *
 * @import { LiveResult, State } from "./types.js"
 */
import { t, tn } from "../core/i18n.js";
import { distance } from "../core/units.js";
import { modelChip, pointsWord, words } from "../core/words.js";
import { lostSentence } from "./notices.js";
import { contenders, isLocked, isLost, isPlaying, roundOf, standing } from "./state.js";
import { matchTitle, nameOf, playerName, roundName, roundTitle, waitingFor } from "./words.js";

/** @param {State} before @param {State} after @returns {string} */
export function announcement(before, after) {
  const link = connectionChange(before, after);
  if (link) return link;
  if (after.phase !== before.phase || roundOf(after)?.id !== roundOf(before)?.id) return arrival(after);
  if (after.phase === "lobby") return lobbyChange(before, after);
  if (after.phase === "guessing") return guessingChange(before, after);
  return after.phase === "summary" ? people(before, after) : "";
}

/** The banner, and that it went away again. @param {State} before @param {State} after */
function connectionChange(before, after) {
  if (isLost(after) === isLost(before) || after.ended) return "";
  return isLost(after) ? lostSentence(after) : [t("Connected again."), after.phase === before.phase ? "" : arrival(after)].join(" ").trim();
}

/** What is on the page now. @param {State} state @returns {string} */
export function arrival(state) {
  const round = roundOf(state);
  switch (state.phase) {
    case "lobby":
      return t("You are in the lobby. {n} here.", { n: tn("{n} player", "{n} players", contenders(state).filter(({ kind }) => kind !== "model").length) });
    case "preparing":
      return round ? t("{round} is about to begin.", { round: roundName(state, round.number) }) : t("The match begins.");
    case "guessing":
      return round ? openSentence(state) : "";
    case "result":
      return resultSentence(state);
    case "summary":
      return finalSentence(state);
    case "error":
      return "";
  }
}

/** @param {State} state */
function openSentence(state) {
  const round = roundOf(state);
  if (!round) return "";
  const open = t("{round} is open. {model}.", { round: roundName(state, round.number), model: modelChip(round.model) });
  return isPlaying(state) ? `${open} ${t("Press M for the map.")}` : open;
}

/** @param {State} before @param {State} after */
function lobbyChange(before, after) {
  if (after.you.is_host && !before.you.is_host) return t("You are the host now.");
  const changed = JSON.stringify(after.server.room.settings) !== JSON.stringify(before.server.room.settings);
  if (changed && !after.you.is_host) return t("The host changed the settings.");
  return people(before, after);
}

/** Who came or went; not who is ready. @param {State} before @param {State} after */
function people(before, after) {
  const here = (/** @type {State} */ state) => state.server.players.filter(({ left }) => !left);
  const [old, now] = [here(before), here(after)];
  const came = now.find(({ id }) => !old.some((player) => player.id === id));
  const gone = old.find(({ id }) => !now.some((player) => player.id === id));
  if (came) return t("{name} is here.", { name: playerName(after, came) });
  return gone ? t("{name} left.", { name: playerName(before, gone) }) : "";
}

/** @param {State} before @param {State} after */
function guessingChange(before, after) {
  if (isLocked(after) && !isLocked(before)) return `${waitingFor(after)}.`;
  const isHurried = roundOf(after)?.ends_early && !roundOf(before)?.ends_early && isPlaying(after) && !isLocked(after);
  return [othersLocked(before, after), isHurried ? t("The round ends in 15 seconds.") : ""].join(" ").trim();
}

/** Of people: the model has always answered. @param {State} before @param {State} after */
function othersLocked(before, after) {
  const had = new Set(before.server.players.filter(({ locked }) => locked).map(({ id }) => id));
  const now = contenders(after).filter(({ id, kind, locked }) => locked && kind !== "model" && id !== after.you.id && !had.has(id));
  if (now.length > 1) return tn("{n} locked in.", "{n} locked in.", now.length);
  return now.length === 1 ? t("{name} locked in.", { name: playerName(after, now[0]) }) : "";
}

/** @param {State} state */
function resultSentence(state) {
  const result = state.server.match?.result;
  if (!result) return "";
  const lines = [`${roundTitle(state, result)}.`];
  if (!result.void) lines.push(...answers(state, result));
  if (result.place) lines.push(result.place);
  return lines.join(" ");
}

/** You, and the best of the others. @param {State} state @param {LiveResult} result */
function answers(state, { guesses, crowd }) {
  const sorted = [...guesses].sort((a, b) => b.points - a.points);
  const best = sorted.find(({ id }) => id !== state.you.id);
  const yours = sorted.find(({ id }) => id === state.you.id);
  const lines = [yours, best].flatMap((guess) => (guess ? [answer(nameOf(state, guess.id), guess)] : []));
  if (crowd) lines.push(answer(t("The crowd"), crowd));
  return lines;
}

/** @param {string} who @param {{distance_km: number | null, points: number}} guess */
function answer(who, guess) {
  return t("{who}: {distance}, {points}.", { who, distance: distance(guess.distance_km), points: pointsWord(guess.points) });
}

/** @param {State} state */
function finalSentence(state) {
  const rows = standing(state).slice(0, 3);
  const isDuel = state.server.room.kind === "duel";
  const scores = rows.map(({ id, points, health }) =>
    isDuel ? t("{who}: {health} health.", { who: nameOf(state, id), health: health ?? 0 }) : `${id === state.you.id ? words.you : nameOf(state, id)}: ${pointsWord(points)}.`,
  );
  return [`${matchTitle(state)}.`, ...scores].join(" ");
}
