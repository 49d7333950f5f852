/**
 * What is said over the page: banner, message, the note of a game, and the card of a game that cannot go on.
 *
 * @import { State } from "../types.js"
 */
import { byId, setText, show } from "../core/dom.js";
import { t } from "../core/i18n.js";

export class Notices {
  /** @param {State} state */
  render(state) {
    const text = bannerText(state);
    setText(byId("banner-text"), text);
    show(byId("banner"), text !== "");
    this.#message(state);
    this.#note(state);
  }

  /** @param {State} state */
  #message({ problem, phase }) {
    const visible = problem !== null && phase !== "error";
    setText(byId("message-text"), visible ? problem.message : "");
    show(byId("message"), visible);
    show(byId("message-retry"), Boolean(problem?.retry));
    show(byId("error-card"), phase === "error");
    if (phase === "error" && problem) setText(byId("error-text"), problem.message);
  }

  /** @param {State} state */
  #note({ phase, snapshot: { game, round } }) {
    const visible = Boolean(game.note) && round.number === 1 && (phase === "preparing" || phase === "guessing");
    setText(byId("game-note"), visible ? (game.note ?? "") : "");
    show(byId("game-note"), visible);
  }
}

/** @param {State} state */
function bannerText({ online, connection, phase, slow, timeUp, pin, sending }) {
  if (phase === "summary" || phase === "error") return online ? "" : t("You are offline.");
  if (!online) return t("You are offline. Your pin stays where it is.");
  if (slow) return t("The server takes its time. Nothing is lost.");
  if (timeUp && phase === "guessing") return pin || sending ? t("Time is up: your pin counts. Waiting for the result…") : t("Time is up. Waiting for the result…");
  // The socket only matters while something is awaited; a guess goes by HTTP.
  return phase === "preparing" && connection === "polling" ? t("Reconnecting…") : "";
}
