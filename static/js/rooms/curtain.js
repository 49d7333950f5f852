/**
 * What covers the stage until the picture is there: 3, 2, 1, then the model's answer, then the picture itself.
 *
 * @import { State } from "./types.js"
 */
import { byId, setText, show } from "../core/dom.js";
import { percent } from "../core/format.js";
import { t } from "../core/i18n.js";
import { modelChip } from "../core/words.js";
import { Countdown } from "./countdown.js";
import { roundOf } from "./state.js";
import { roundName } from "./words.js";

export class Curtain {
  constructor() {
    this.count = new Countdown(byId("intro-count"), (seconds) => String(Math.max(1, seconds)));
  }

  /** @param {State} state */
  render(state) {
    const { phase, picture, progress, server } = state;
    const isIntro = phase === "preparing" && server.match?.phase === "intro";
    const failed = phase === "guessing" && picture === "failed";
    const waits = phase === "preparing" || (phase === "guessing" && picture !== "ready");
    show(byId("curtain"), waits);
    this.count.until(isIntro ? state.phaseEnds_ms : null);
    if (!waits) return;
    show(byId("intro-count"), isIntro);
    show(byId("curtain-mark"), !isIntro && !failed);
    byId("curtain").dataset.model = failed ? "failed" : (roundOf(state)?.model.state ?? "absent");
    setText(byId("curtain-title"), title(state, failed));
    setText(byId("curtain-hint"), hint(state, failed));
    const bar = /** @type {HTMLProgressElement} */ (byId("curtain-progress"));
    show(bar, phase === "guessing" && !failed && progress !== null);
    bar.value = progress ?? 0;
    show(byId("picture-trouble"), failed);
  }
}

/** @param {State} state @param {boolean} failed */
function title(state, failed) {
  if (failed) return t("The picture did not load.");
  if (state.phase === "guessing") return t("Loading the picture…");
  const round = roundOf(state);
  if (!round) return t("The match begins");
  if (state.server.match?.phase === "intro") return roundName(state, round.number);
  return round.model.state === "absent" ? t("Opening the round…") : modelChip(round.model);
}

/** @param {State} state @param {boolean} failed */
function hint({ phase, picture, progress, online, server: { match, room } }, failed) {
  if (failed) return online ? t("Nothing is lost. Try again: the clock runs on the server.") : t("You are offline. Nothing is lost: try again when the network is back.");
  if (phase === "guessing") return picture === "slow" ? t("The network is slow today; the clock runs on the server.") + (progress === null ? "" : ` ${percent(progress)}`) : "";
  const multiplier = match?.round?.multiplier ?? 1;
  if (match?.phase === "intro") return room.kind === "duel" && multiplier > 1 ? t("From now on damage counts ×{factor}.", { factor: multiplier }) : "";
  return match?.round?.model.state === "thinking" ? t("The picture opens when the model’s answer is sealed.") : "";
}
