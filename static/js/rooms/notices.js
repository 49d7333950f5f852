/**
 * What is said over the page: banner, the others' hurry, messages, and the card of a room that is over for you.
 *
 * @import { State } from "./types.js"
 */
import { byId, setText, show } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { contenders, isLocked, isLost, isPlaying, roundOf } from "./state.js";
import { playerName } from "./words.js";

const OVER = {
  kicked: {
    title: () => t("You are not in this room any more"),
    text: () => t("The host removed you. What you have played stays yours."),
  },
  left: {
    title: () => t("You left this room"),
    text: () => t("You left it in another window. What you have played stays yours; with the code you can come back."),
  },
  gone: {
    title: () => t("This room is closed"),
    text: () => t("Everybody left it, or you did in another window. What you have played stays yours."),
  },
};

export class Notices {
  /** @param {State} state */
  render(state) {
    const text = banner(state);
    setText(byId("banner-text"), text);
    show(byId("banner"), text !== "");
    const isHurried = state.phase === "guessing" && roundOf(state)?.ends_early === true && isPlaying(state) && !isLocked(state);
    setText(byId("hurry"), isHurried ? hurry(state) : "");
    show(byId("hurry"), isHurried);
    const { problem, ended } = state;
    setText(byId("message-text"), problem && !ended ? problem.message : "");
    show(byId("message"), problem !== null && !ended);
    show(byId("error-card"), ended !== null);
    setText(byId("error-title"), ended ? OVER[ended].title() : "");
    setText(byId("error-text"), ended ? OVER[ended].text() : "");
  }
}

/** @param {State} state */
function hurry(state) {
  const locked = contenders(state).filter((player) => player.kind !== "model" && player.locked);
  return locked.length === 1 ? t("{name} locked in: the round ends soon.", { name: playerName(state, locked[0]) }) : t("The others locked in: the round ends soon.");
}

/** What is safe while the connection is lost. @param {State} state */
export function lostSentence({ online, phase, pin, yourGuess, outbox }) {
  if (phase !== "guessing") return online ? t("Reconnecting… Nothing is lost.") : t("You are offline. Your place is kept.");
  if (yourGuess) return t("Reconnecting… Your guess counts.");
  return pin || outbox.length > 0 ? t("Reconnecting… Your pin stays where it is.") : t("Reconnecting… The round goes on.");
}

/** @param {State} state */
function banner(state) {
  const { phase, timeUp, pin, yourGuess } = state;
  if (phase === "error") return "";
  if (isLost(state)) return lostSentence(state);
  if (timeUp && phase === "guessing") return pin || yourGuess ? t("Time is up: your pin counts. Waiting for the result…") : t("Time is up. Waiting for the result…");
  return "";
}
