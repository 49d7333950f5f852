/**
 * Everything that floats over a room's page while a match runs, drawn from the state.
 *
 * @import { State } from "./types.js"
 */
import { byId, setText, show } from "../core/dom.js";
import { points } from "../core/format.js";
import { t } from "../core/i18n.js";
import { conditionHint, conditionName, modelChip, words } from "../core/words.js";
import { Clock } from "../views/clock.js";
import { announcement, arrival } from "./announce.js";
import { Crew } from "./crew.js";
import { Curtain } from "./curtain.js";
import { GuessButton } from "./guess-button.js";
import { Notices } from "./notices.js";
import { isPlaying, roundOf, standing, you } from "./state.js";
import { roundName } from "./words.js";

export class Chrome {
  /** @type {State | null} */
  #before = null;

  /** @param {() => void} onTimeUp */
  constructor(onTimeUp) {
    this.clock = new Clock(onTimeUp);
    this.parts = [new Crew(), new Curtain(), new GuessButton(), new Notices()];
  }

  /** @param {State} state */
  render(state) {
    const { dataset } = document.body;
    dataset.phase = state.phase;
    dataset.kind = state.server.room.kind;
    dataset.role = state.you.role;
    for (const part of this.parts) part.render(state);
    this.clock.render(state);
    this.#line(state);
    this.#chip(state);
    this.#speak(state);
  }

  /** @param {State} state */
  #line(state) {
    const round = roundOf(state);
    const { room, match } = state.server;
    const shown = state.phase === "result" ? (match?.result?.number ?? round?.number) : round?.number;
    const inMatch = state.phase !== "lobby" && state.phase !== "summary";
    show(byId("round-label"), inMatch && shown !== undefined);
    setText(byId("round-label"), shown === undefined ? "" : roundName(state, shown));
    const own = you(state);
    show(byId("own-score"), inMatch && room.kind !== "duel" && isPlaying(state));
    setText(byId("own-points"), points(own?.points ?? 0));
    const place = standing(state).findIndex(({ id }) => id === state.you.id) + 1;
    setText(byId("own-place"), (match?.results.length ?? 0) > 0 && place > 0 ? t("place {place}", { place }) : "");
    const multiplier = round?.multiplier ?? 1;
    show(byId("multiplier"), inMatch && room.kind === "duel" && multiplier > 1);
    setText(byId("multiplier-text"), t("damage ×{factor}", { factor: multiplier }));
    setText(byId("multiplier-short"), `×${multiplier}`);
    show(byId("watching"), inMatch && !isPlaying(state));
    this.#condition(state);
  }

  /** @param {State} state */
  #condition(state) {
    const round = roundOf(state);
    const condition = (round ?? state.server.match?.result)?.condition ?? state.server.room.settings.condition;
    const isOver = state.phase === "lobby" || state.phase === "summary";
    show(byId("condition"), !isOver);
    show(byId("drawn"), Boolean(round?.drawn) && !isOver);
    setText(byId("drawn"), words.drawn);
    setText(byId("condition-text"), conditionName(condition));
    setText(byId("condition-short"), condition === "fair" ? t("Fair") : t("Free"));
    byId("condition").title = conditionHint(condition);
    setText(byId("help-condition"), conditionHint(condition));
  }

  /** @param {State} state */
  #chip(state) {
    const round = roundOf(state);
    const hasModel = round && (round.model.state !== "absent" || state.server.room.settings.model !== null);
    show(byId("model-seal"), Boolean(hasModel) && (state.phase === "guessing" || state.phase === "preparing"));
    if (!round) return;
    byId("model-seal").dataset.state = round.model.state;
    byId("model-seal").title = round.model.digest ?? "";
    setText(byId("model-seal-text"), modelChip(round.model));
  }

  /** @param {State} state */
  #speak(state) {
    const text = this.#before === null ? arrival(state) : announcement(this.#before, state);
    this.#before = state;
    if (text) this.say(text);
  }

  /** @param {string} text */
  say(text) {
    setText(byId("voice"), text);
  }
}
